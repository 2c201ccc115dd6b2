// drop: leaves columns out.

#include <algorithm>

#include "operators/column_list.h"
#include "operators/operator_list.h"
#include "operators/projection.h"

namespace weir {

namespace {

struct DropOptions {
  std::vector<SourceText> columns;
};

const OptionTable<DropOptions>& drop_options() {
  static const OptionTable<DropOptions> table = {
      {"columns", &DropOptions::columns, "the names of the columns to leave out", true},
  };
  return table;
}

std::unique_ptr<OperatorPlan> bind_drop(const ComponentSpec& spec, const Schema& input,
                                        const BindContext&, Errors& errors) {
  DropOptions options;
  const size_t before = errors.size();
  read_options(drop_options(), spec.options, options, errors, "the drop operator", {"op"});
  const auto dropped = resolve_columns(options.columns, input, errors);
  if (errors.size() != before) return nullptr;
  if (dropped.size() == input.size()) {
    errors.push_back({ErrorKind::kConfig, "drop would leave no column", spec.position, {}, {}});
    return nullptr;
  }
  std::vector<ProjectedColumn> columns;
  for (size_t c = 0; c < input.size(); ++c) {
    if (std::find(dropped.begin(), dropped.end(), c) == dropped.end())
      columns.push_back(pass_column(input, c, input[c].name));
  }
  return make_projection("drop", input, std::move(columns), "drop: " + join_names(dropped, input));
}

}  // namespace

const OperatorDescriptor kDropOperator = {
    "drop",
    "Leaves columns out.",
    [] { return option_docs(drop_options()); },
    bind_drop,
};

}  // namespace weir
