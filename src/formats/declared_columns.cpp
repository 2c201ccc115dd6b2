#include "formats/format.h"

namespace weir {

std::vector<DeclaredColumn> declared_columns(const FormatContext& context, Errors& errors) {
  std::vector<DeclaredColumn> columns;
  for (const SchemaColumnSpec& spec : context.columns) {
    auto type = parse_type(spec.type.text);
    if (!type) {
      Error error = type.error();
      const int column = error.position.column;
      error.position = spec.type.at(column > 0 ? static_cast<size_t>(column - 1) : 0);
      if (error.context.empty()) error.context = "column `" + spec.name + "` of the schema";
      errors.push_back(std::move(error));
      continue;
    }
    columns.push_back({spec.name, *type, spec.format.text, spec.path.text});
  }
  return columns;
}

}  // namespace weir
