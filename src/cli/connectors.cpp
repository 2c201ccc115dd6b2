// weir connectors: where records come from and go to.
#include "cli/catalogue.h"
#include "sinks/sink.h"
#include "sources/source.h"

namespace weir {
namespace {

int run_connectors(const Invocation& invocation, Console& console) {
  return print_catalogue(connector_entries(), invocation, "connector", console);
}

}  // namespace

std::vector<CatalogueEntry> connector_entries() {
  std::vector<CatalogueEntry> entries;
  for (const auto* d : sources())
    entries.push_back({std::string(d->name),
                       "[source] type",
                       std::string(d->doc),
                       d->options != nullptr ? d->options() : std::vector<OptionDoc>(),
                       {}});
  for (const auto* d : sinks())
    entries.push_back({std::string(d->name),
                       "[sink] type",
                       std::string(d->doc),
                       d->options != nullptr ? d->options() : std::vector<OptionDoc>(),
                       {}});
  return entries;
}

const Command& connectors_command() {
  static const Command command = {
      "connectors",
      {"weir connectors [NAME]"},
      "the sources and sinks",
      "Lists the values of `type` in [source] and [sink], or shows those of one name with their "
      "options.",
      {},
      1,
      {{"weir connectors file", "the file source and the file sink"}},
      run_connectors,
  };
  return command;
}

}  // namespace weir
