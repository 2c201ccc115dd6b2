// weir operators: the steps of [[transform]] and [[then]], and the windows.
#include "cli/catalogue.h"
#include "plan/step_list.h"
#include "windows/window.h"

namespace weir {
namespace {

int run_operators(const Invocation& invocation, Console& console) {
  return print_catalogue(operator_entries(), invocation, "operator", console);
}

}  // namespace

std::vector<CatalogueEntry> operator_entries() {
  std::vector<CatalogueEntry> entries;
  const auto add = [&](const OperatorDescriptor& d, const char* group) {
    entries.push_back({std::string(d.name),
                       group,
                       std::string(d.doc),
                       d.options != nullptr ? d.options() : std::vector<OptionDoc>(),
                       {}});
  };
  for (const auto* d : steps()) add(*d, "[[transform]] and [[then]] op");
  for (const auto* d : windows()) add(*d, "[window] type");
  return entries;
}

const Command& operators_command() {
  static const Command command = {
      "operators",
      {"weir operators [NAME]"},
      "the steps and windows of a pipeline",
      "Lists the values of `op` in [[transform]] and [[then]] and of `type` in [window], or shows "
      "one with its options.",
      {},
      1,
      {{"weir operators top", "one operator"}},
      run_operators,
  };
  return command;
}

}  // namespace weir
