#include "cli/command.h"

namespace weir {

std::span<const Command* const> commands() {
  static const Command* const list[] = {
      &run_command(),        // runs a pipeline
      &sql_command(),        // runs queries
      &check_command(),      // reports every mistake in one
      &explain_command(),    // shows its plan
      &state_command(),      // looks into its checkpoints
      &functions_command(),  // the catalogue
      &operators_command(),  //
      &formats_command(),    //
      &connectors_command(), &man_tables_command(),
  };
  return list;
}

const Command* find_command(std::string_view name) {
  for (const auto* command : commands())
    if (command->name == name) return command;
  return nullptr;
}

}  // namespace weir
