#include "expr/names.h"

namespace weir {

std::vector<std::string> path_of(const Ast& ast) {
  if (ast.kind == AstKind::kColumn) return {ast.name};
  if (ast.kind != AstKind::kField) return {};
  auto path = path_of(*ast.args[0]);
  if (!path.empty()) path.push_back(ast.name);
  return path;
}

std::optional<NamePath> find_column(const std::vector<std::string>& path, const Schema& schema) {
  std::string joined;
  std::optional<NamePath> found;
  for (size_t i = 0; i < path.size(); ++i) {
    joined += (i > 0 ? "." : "") + path[i];
    if (const auto column = schema.find(joined)) found = NamePath{*column, i + 1};
  }
  return found;
}

std::vector<std::string> visible_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const auto& c : schema) {
    if (c.name.empty() || c.name[0] != kHiddenName) names.push_back(c.name);
  }
  return names;
}

}  // namespace weir
