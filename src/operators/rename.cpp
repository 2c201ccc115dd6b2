// rename: gives columns new names, in their places.

#include "operators/column_list.h"
#include "operators/operator_list.h"
#include "operators/projection.h"

namespace weir {

namespace {

struct RenameOptions {
  NamedTexts columns;
};

const OptionTable<RenameOptions>& rename_options() {
  static const OptionTable<RenameOptions> table = {
      {"columns", &RenameOptions::columns, "new names and old ones: new = \"old\"", true},
  };
  return table;
}

std::unique_ptr<OperatorPlan> bind_rename(const ComponentSpec& spec, const Schema& input,
                                          const BindContext&, Errors& errors) {
  RenameOptions options;
  const size_t before = errors.size();
  read_options(rename_options(), spec.options, options, errors, "the rename operator", {"op"});
  std::vector<std::string> names = input.names();
  std::vector<bool> renamed(input.size(), false);
  for (const auto& column : options.columns) {
    const size_t old = resolve_column(column.value, input, errors);
    if (old == input.size()) {
      if (input.find(column.name))
        errors.back().hint =
            "the new name comes first: " + column.value.text + " = \"" + column.name + "\"";
      continue;
    }
    if (renamed[old]) {
      errors.push_back({ErrorKind::kConfig,
                        "column `" + input[old].name + "` is renamed twice",
                        column.name_position,
                        {},
                        {}});
    }
    renamed[old] = true;
    names[old] = column.name;
  }
  for (const auto& column : options.columns) {
    size_t uses = 0;
    for (const auto& name : names) uses += name == column.name ? 1 : 0;
    if (uses > 1) {
      errors.push_back({ErrorKind::kConfig,
                        "there is a column `" + column.name + "` already",
                        column.name_position,
                        "drop or rename that one first",
                        {}});
    }
  }
  if (errors.size() != before) return nullptr;
  std::vector<ProjectedColumn> columns;
  for (size_t c = 0; c < input.size(); ++c) columns.push_back(pass_column(input, c, names[c]));
  return make_projection("rename", input, std::move(columns),
                         "rename: " + join_texts(options.columns));
}

}  // namespace

const OperatorDescriptor kRenameOperator = {
    "rename",
    "Gives columns new names.",
    [] { return option_docs(rename_options()); },
    bind_rename,
};

}  // namespace weir
