// Queries in expressions: IN and EXISTS are joins, a query as a value is one row joined to all.
#include <algorithm>

#include "expr/binder.h"
#include "expr/function.h"
#include "expr/names.h"
#include "sql/join_parts.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

bool is_in_query(const Ast& ast) {
  return ast.kind == AstKind::kIn && ast.args.size() == 2 &&
         ast.args[1]->kind == AstKind::kSubquery;
}
bool is_exists(const Ast& ast) { return ast.kind == AstKind::kSubquery && ast.name == "EXISTS"; }

bool has_columns(const Ast& ast) {
  return any_of(ast, [](const Ast& part) { return part.kind == AstKind::kColumn; });
}

// A query whose one row is an aggregate over everything.
bool is_one_aggregate(const Query& query) {
  const auto* select = std::get_if<Select>(&query.body.what);
  return select != nullptr && select->group_by.empty() && !select->having && !query.limit &&
         !query.offset && select->items.size() == 1 && select->items[0].expression &&
         contains_aggregate(*select->items[0].expression);
}

}  // namespace

bool Lowering::carry_columns(const Relation& relation, std::vector<OutputColumn>& carried) {
  bool intact = true;
  for (auto& conjunct : *correlated_) {
    replace(conjunct, [&](const Ast& part) -> AstPtr {
      if (!has_columns(part) || !belongs_to(part, relation)) return nullptr;
      AstPtr tree = resolved(part, relation);
      if (!tree) {
        intact = false;
        return clone(part);
      }
      if (contains_aggregate(*tree)) {
        complain(part, "an aggregate may not stand in WHERE");
        intact = false;
        return clone(part);
      }
      const std::string name = "carried" + std::to_string(carried.size());
      carried.push_back({name, std::move(tree), {part.offset, part.length}});
      return column_tree(name, part);
    });
  }
  return intact;
}

std::optional<Relation> Lowering::inner_query(const Query& query, const Relation& outer,
                                              Conjuncts& correlated) {
  const auto* before = std::exchange(outer_, &outer);
  auto* before_list = std::exchange(correlated_, &correlated);
  auto result = this->query(query);
  outer_ = before;
  correlated_ = before_list;
  return result;
}

std::optional<Relation> Lowering::subquery_conjunct(Relation relation, AstPtr conjunct,
                                                    bool is_having) {
  bool negated = false;
  const Ast* test = conjunct.get();
  while (test->kind == AstKind::kUnary && test->name == "NOT" &&
         (is_in_query(*test->args[0]) || is_exists(*test->args[0]) ||
          test->args[0]->kind == AstKind::kUnary)) {
    negated = !negated;
    test = test->args[0].get();
  }
  if (is_in_query(*test) && !contains_subquery(*test->args[0])) {
    AstPtr value = is_having ? clone(*test->args[0]) : resolved(*test->args[0], relation);
    if (!value || !type_of(*value, relation.schema())) return std::nullopt;
    return semi_join(std::move(relation), query_of(*test->args[1]), std::move(value),
                     negated != test->negated, {}, *test);
  }
  if (is_exists(*test))
    return semi_join(std::move(relation), query_of(*test), nullptr, negated != test->negated, {},
                     *test);
  if (!is_having && !resolve_in(conjunct, relation)) return std::nullopt;
  auto with_columns = subqueries_to_columns(std::move(relation), conjunct);
  if (!with_columns ||
      !is_condition(*conjunct, with_columns->schema(), is_having ? "HAVING" : "WHERE"))
    return std::nullopt;
  StepSpec step("filter", at(*conjunct));
  step.set("where", text_of(*conjunct));
  return add(std::move(*with_columns), std::move(step));
}

std::optional<Relation> Lowering::semi_join(Relation relation, const Query& query, AstPtr value,
                                            bool negated, const std::string& mark,
                                            const Ast& where) {
  Conjuncts correlated;
  auto inner = inner_query(query, relation, correlated);
  if (!inner) return std::nullopt;
  if (!correlated.empty() && is_one_aggregate(query))
    return complain(where,
                    value == nullptr
                        ? "EXISTS of an aggregate over everything is always true"
                        : "an aggregate that uses columns of the query around it is compared by =",
                    value == nullptr ? "" : "x = (SELECT MAX(y) FROM ... WHERE ...)");
  const size_t columns = inner->schema().size();
  Relation right = relation_of(std::move(inner->rows), {});
  size_t given = columns;
  for (const auto& column : right.schema()) given -= column.name.starts_with("carried") ? 1 : 0;
  if (value && given != 1)
    return complain(where,
                    "the query of IN gives one column, this one gives " + std::to_string(given),
                    "SELECT the column that is compared");
  if (relation.window) {
    auto assigned = assign_window(std::move(relation));
    if (!assigned) return std::nullopt;
    relation = std::move(*assigned);
  }
  if (!make_names_differ(relation, right)) return std::nullopt;
  const std::string first = right.tables[0].columns[0].column;
  // Inside names are only those that were carried out.
  std::erase_if(right.tables[0].columns,
                [](const VisibleColumn& c) { return !c.name.starts_with("carried"); });
  JoinParts parts{std::move(relation),
                  std::move(right),
                  JoinKind::kInner,
                  {where.offset, where.length},
                  {},
                  {},
                  {},
                  {},
                  {},
                  {},
                  false};
  parts.semi = !mark.empty() ? "mark" : negated ? "anti" : "semi";
  parts.mark = mark;
  // x NOT IN (query) is not true where the query gives a NULL.
  parts.null_aware = value && (negated || !mark.empty());
  if (value) {
    AstPtr right_key = column_tree(first, *value);
    std::vector<ColumnSpec> both = parts.left.schema().columns();
    for (const auto& column : parts.right.schema()) both.push_back(column);
    if (!type_of(*comparison("=", clone(*value), clone(*right_key)), Schema(std::move(both))))
      return std::nullopt;
    parts.keys.push_back({std::move(value), std::move(right_key)});
  }
  if (!split_condition(std::move(correlated), parts)) return std::nullopt;
  return join_parts(std::move(parts));
}

std::optional<Relation> Lowering::subqueries_to_columns(Relation relation, AstPtr& tree) {
  std::optional<Relation> rows = std::move(relation);
  std::vector<std::pair<AstPtr, AstPtr>> made;
  std::vector<AstPtr> found;
  walk(*tree, [&](const Ast& part) {
    if (!is_in_query(part) && part.kind != AstKind::kSubquery) return true;
    found.push_back(clone(part));
    return false;
  });
  for (auto& part : found) {
    if (!rows) return std::nullopt;
    AstPtr answer;
    if (is_in_query(*part) || is_exists(*part)) {
      const std::string name = free_name("mark", rows->schema());
      AstPtr value;
      if (!is_exists(*part)) {
        value = clone(*part->args[0]);
        rows = subqueries_to_columns(std::move(*rows), value);
        if (!rows || !type_of(*value, rows->schema())) return std::nullopt;
      }
      const Query& query = query_of(is_exists(*part) ? *part : *part->args[1]);
      rows = semi_join(std::move(*rows), query, std::move(value), false, name, *part);
      if (!rows) return std::nullopt;
      answer = column_tree(name, *part);
      if (part->negated) {
        auto negation = std::make_unique<Ast>();
        negation->kind = AstKind::kUnary;
        negation->name = "NOT";
        negation->offset = part->offset;
        negation->length = part->length;
        negation->args.push_back(std::move(answer));
        answer = std::move(negation);
      }
    } else {
      rows = scalar_subquery(std::move(*rows), query_of(*part), answer);
      if (!rows) return std::nullopt;
    }
    replace(tree, [&](const Ast& other) -> AstPtr {
      return same_tree(other, *part) && other.offset == part->offset ? clone(*answer) : nullptr;
    });
  }
  return rows;
}

std::optional<Relation> Lowering::scalar_subquery(Relation relation, const Query& query,
                                                  AstPtr& tree) {
  Ast where;
  where.offset = query.place.offset;
  where.length = query.place.length;
  Conjuncts correlated;
  auto inner = inner_query(query, relation, correlated);
  if (!inner) return std::nullopt;
  Relation right = relation_of(std::move(inner->rows), {});
  size_t given = right.schema().size();
  for (const auto& column : right.schema()) given -= column.name.starts_with("carried") ? 1 : 0;
  if (given != 1)
    return complain(where,
                    "a query as a value gives one column, this one gives " + std::to_string(given));
  if (!correlated.empty() && !is_one_aggregate(query))
    return complain(where,
                    "a query as a value that uses columns of the one around it must be an "
                    "aggregate, so that it gives one row",
                    "SELECT MAX(x) FROM ... WHERE ...");
  if (correlated.empty() && !is_one_aggregate(query)) {
    auto one = add(std::move(right), StepSpec("single_row", at(where)));
    if (!one) return std::nullopt;
    right = std::move(*one);
  }
  if (relation.window) {
    auto assigned = assign_window(std::move(relation));
    if (!assigned) return std::nullopt;
    relation = std::move(*assigned);
  }
  // A name that says where it comes from, and that nothing else has.
  if (!make_names_differ(relation, right)) return std::nullopt;
  const std::string column = right.tables[0].columns[0].column;
  std::erase_if(right.tables[0].columns,
                [](const VisibleColumn& c) { return !c.name.starts_with("carried"); });
  const std::vector<VisibleTable> tables = relation.tables;
  JoinParts parts{std::move(relation),
                  std::move(right),
                  correlated.empty() ? JoinKind::kCross : JoinKind::kLeft,
                  {where.offset, where.length},
                  {},
                  {},
                  {},
                  {},
                  {},
                  {},
                  false};
  const bool joined_by_key = !correlated.empty();
  if (joined_by_key) {
    if (!split_condition(std::move(correlated), parts)) return std::nullopt;
    if (!parts.rest.empty())
      return complain(*parts.rest.front(),
                      "such a query may use columns of the one around it in "
                      "equalities alone");
  }
  auto joined = join_parts(std::move(parts));
  if (!joined) return std::nullopt;
  joined->tables = tables;
  tree = column_tree(column, where);
  // No row is none counted.
  const auto* inside = std::get_if<Select>(&query.body.what);
  if (joined_by_key && is_call(*inside->items[0].expression, "COUNT")) {
    auto counted = std::make_unique<Ast>();
    counted->kind = AstKind::kCall;
    counted->name = "COALESCE";
    counted->args.push_back(std::move(tree));
    auto zero = std::make_unique<Ast>();
    zero->value = Value::bigint(0);
    zero->type = zero->value.type;
    counted->args.push_back(std::move(zero));
    tree = std::move(counted);
  }
  return joined;
}

}  // namespace weir::sql
