#include "sql/group_by.h"

namespace weir::sql {

namespace {

using Grouping = GroupingElement::Kind;

GroupingElement grouping_element(Grammar& g);

// ( element, element )
std::vector<GroupingElement> grouping_elements(Grammar& g) {
  const size_t open = g.here();
  std::vector<GroupingElement> items;
  if (!g.cursor.expect_symbol("(")) return items;
  do {
    items.push_back(grouping_element(g));
  } while (g.cursor.accept_symbol(","));
  g.may_follow("`,`");
  g.close(open);
  return items;
}

// (a, b) is a set of two; ROW(a, b) is an expression.
GroupingElement grouping_set(Grammar& g) {
  GroupingElement out;
  const bool parenthesis = g.cursor.is_symbol("(");
  if (parenthesis && g.cursor.is_symbol(")", 1)) {
    g.cursor.next();
    g.cursor.next();
    return out;
  }
  AstPtr tree = parse_expression(g.cursor, &g);
  if (tree && tree->kind == AstKind::kRow && parenthesis) {
    for (auto& field : tree->args) out.expressions.emplace_back(std::move(field));
  } else {
    out.expressions.emplace_back(std::move(tree));
  }
  return out;
}

GroupingElement grouping_element(Grammar& g) {
  TokenCursor& c = g.cursor;
  const size_t begin = g.here();
  GroupingElement out;
  c.enter();
  if (c.is_word("ROLLUP") && c.is_symbol("(", 1)) {
    c.next();
    out.kind = Grouping::kRollup;
    out.items = grouping_elements(g);
  } else if (c.is_word("CUBE") && c.is_symbol("(", 1)) {
    c.next();
    out.kind = Grouping::kCube;
    out.items = grouping_elements(g);
  } else if (c.accept_words({"GROUPING", "SETS"})) {
    out.kind = Grouping::kGroupingSets;
    out.items = grouping_elements(g);
  } else {
    out = grouping_set(g);
  }
  c.leave();
  out.place = g.since(begin);
  return out;
}

}  // namespace

std::vector<GroupingElement> parse_group_by(Grammar& g) {
  std::vector<GroupingElement> list;
  do {
    list.push_back(grouping_element(g));
  } while (g.cursor.accept_symbol(","));
  return list;
}

}  // namespace weir::sql
