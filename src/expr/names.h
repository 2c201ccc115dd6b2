// Names of expressions -> columns and their fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/schema.h"
#include "expr/ast.h"

namespace weir {

// Columns whose names start with this byte are the binder's own and appear in no message.
inline constexpr char kHiddenName = '\x01';

// a.b.c as its parts; empty when the tree is not a path of names.
std::vector<std::string> path_of(const Ast& ast);

// Where a path leads: a column, whose name may hold dots itself, and the fields behind it.
struct NamePath {
  size_t column = 0;
  size_t parts_used = 0;  // of the path, by the column's name
};
// The longest prefix of the path that names a column.
std::optional<NamePath> find_column(const std::vector<std::string>& path, const Schema& schema);

// The schema's names without hidden ones, for hints.
std::vector<std::string> visible_names(const Schema& schema);

}  // namespace weir
