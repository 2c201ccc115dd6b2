// weir formats: how records are written.
#include <fmt/format.h>

#include "cli/catalogue.h"
#include "formats/format.h"

namespace weir {
namespace {

int run_formats(const Invocation& invocation, Console& console) {
  return print_catalogue(format_entries(), invocation, "format", console);
}

}  // namespace

std::vector<CatalogueEntry> format_entries() {
  std::vector<CatalogueEntry> entries;
  const auto add = [&](const FormatDescriptor& d, const char* group) {
    entries.push_back({std::string(d.name),
                       group,
                       std::string(d.doc),
                       d.options != nullptr ? d.options() : std::vector<OptionDoc>(),
                       {}});
  };
  for (const auto* d : formats())
    if (d->reads && d->writes) add(*d, "input and output");
  for (const auto* d : formats())
    if (d->reads && !d->writes) add(*d, "input only");
  for (const auto* d : formats())
    if (!d->reads && d->writes) add(*d, "output only");
  return entries;
}

const Command& formats_command() {
  static const Command command = {
      "formats",
      {"weir formats [NAME]"},
      "the formats of input and output",
      "Lists the values of `format`, or shows one with its options. Options are written as a "
      "table: format = "
      "{ name = \"csv\", delimiter = \";\" }.",
      {},
      1,
      {{"weir formats csv", "one format"}},
      run_formats,
  };
  return command;
}

}  // namespace weir
