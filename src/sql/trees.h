// Searching and changing expression trees.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "expr/ast.h"

namespace weir::sql {

// a AND b AND c -> a, b, c
std::vector<AstPtr> conjuncts_of(const Ast& ast);
// ... and back; none gives nullptr.
AstPtr conjunction(std::vector<AstPtr> conjuncts);

// Calls `visit` for the tree and its parts, outer ones first; false ends the descent into a part.
void walk(const Ast& ast, const std::function<bool(const Ast&)>& visit);
bool any_of(const Ast& ast, const std::function<bool(const Ast&)>& is);
// Puts what `change` gives into the place of each part for which it gives something, outer ones first.
void replace(AstPtr& ast, const std::function<AstPtr(const Ast&)>& change);

bool contains_over(const Ast& ast);
bool contains_subquery(const Ast& ast);
bool is_call(const Ast& ast, std::string_view name);
bool same_tree(const Ast& a, const Ast& b);

// A reference to a column of rows, at the place of `where`.
AstPtr column_tree(const std::string& name, const Ast& where);
AstPtr comparison(std::string op, AstPtr left, AstPtr right);

}  // namespace weir::sql
