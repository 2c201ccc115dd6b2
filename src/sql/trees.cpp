#include "sql/trees.h"

namespace weir::sql {

namespace {

void collect_conjuncts(const Ast& ast, std::vector<AstPtr>& out) {
  if (ast.kind == AstKind::kBinary && ast.name == "AND") {
    collect_conjuncts(*ast.args[0], out);
    collect_conjuncts(*ast.args[1], out);
  } else {
    out.push_back(clone(ast));
  }
}

// All direct parts of a node.
template <class Node, class Visit>
void for_each_part(Node& ast, const Visit& visit) {
  for (auto& arg : ast.args) visit(arg);
  if (ast.filter) visit(ast.filter);
  if (!ast.over) return;
  for (auto& key : ast.over->partition_by) visit(key);
  for (auto& item : ast.over->order_by) visit(item.expression);
}

}  // namespace

std::vector<AstPtr> conjuncts_of(const Ast& ast) {
  std::vector<AstPtr> out;
  collect_conjuncts(ast, out);
  return out;
}

AstPtr conjunction(std::vector<AstPtr> conjuncts) {
  AstPtr all;
  for (auto& conjunct : conjuncts) {
    if (!all) {
      all = std::move(conjunct);
      continue;
    }
    auto both = comparison("AND", std::move(all), std::move(conjunct));
    all = std::move(both);
  }
  return all;
}

void walk(const Ast& ast, const std::function<bool(const Ast&)>& visit) {
  if (!visit(ast)) return;
  for_each_part(ast, [&](const AstPtr& part) { walk(*part, visit); });
}

bool any_of(const Ast& ast, const std::function<bool(const Ast&)>& is) {
  bool found = false;
  walk(ast, [&](const Ast& part) {
    found = found || is(part);
    return !found;
  });
  return found;
}

void replace(AstPtr& ast, const std::function<AstPtr(const Ast&)>& change) {
  if (AstPtr other = change(*ast)) {
    ast = std::move(other);
    return;
  }
  for_each_part(*ast, [&](AstPtr& part) { replace(part, change); });
}

bool contains_over(const Ast& ast) {
  return any_of(ast, [](const Ast& part) { return part.over != nullptr; });
}

bool contains_subquery(const Ast& ast) {
  return any_of(ast, [](const Ast& part) { return part.kind == AstKind::kSubquery; });
}

bool is_call(const Ast& ast, std::string_view name) {
  return ast.kind == AstKind::kCall && ast.name == name;
}

bool same_tree(const Ast& a, const Ast& b) { return same(clone(a), clone(b)); }

AstPtr column_tree(const std::string& name, const Ast& where) {
  auto column = std::make_unique<Ast>();
  column->kind = AstKind::kColumn;
  column->name = name;
  column->offset = where.offset;
  column->length = where.length;
  return column;
}

AstPtr comparison(std::string op, AstPtr left, AstPtr right) {
  auto both = std::make_unique<Ast>();
  both->kind = AstKind::kBinary;
  both->name = std::move(op);
  both->offset = left->offset;
  both->length = right->offset + right->length > left->offset
                     ? right->offset + right->length - left->offset
                     : left->length;
  both->args.push_back(std::move(left));
  both->args.push_back(std::move(right));
  return both;
}

}  // namespace weir::sql
