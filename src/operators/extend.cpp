// extend: keeps all columns and adds computed ones. One with the name of an old column takes its place.

#include "operators/column_list.h"
#include "operators/operator_list.h"
#include "operators/projection.h"

namespace weir {

namespace {

struct ExtendOptions {
  NamedTexts columns;
};

const OptionTable<ExtendOptions>& extend_options() {
  static const OptionTable<ExtendOptions> table = {
      {"columns", &ExtendOptions::columns,
       "the columns to add: name = \"expression\"; a known name replaces that column", true},
  };
  return table;
}

std::unique_ptr<OperatorPlan> bind_extend(const ComponentSpec& spec, const Schema& input,
                                          const BindContext& context, Errors& errors) {
  ExtendOptions options;
  const size_t before = errors.size();
  read_options(extend_options(), spec.options, options, errors, "the extend operator", {"op"});
  if (errors.size() != before) return nullptr;
  auto added = bind_columns(options.columns, input, context, errors);
  if (errors.size() != before) return nullptr;
  std::vector<ProjectedColumn> columns;
  for (size_t c = 0; c < input.size(); ++c) columns.push_back(pass_column(input, c, input[c].name));
  for (auto& column : added) {
    if (const auto old = input.find(column.name)) {
      columns[*old] = std::move(column);
    } else {
      columns.push_back(std::move(column));
    }
  }
  return make_projection("extend", input, std::move(columns),
                         "extend: " + join_texts(options.columns));
}

}  // namespace

const OperatorDescriptor kExtendOperator = {
    "extend",
    "Keeps all columns and adds computed ones.",
    [] { return option_docs(extend_options()); },
    bind_extend,
};

}  // namespace weir
