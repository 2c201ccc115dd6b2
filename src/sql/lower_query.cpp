// WITH, set operations, and ORDER BY and LIMIT behind them.
#include <algorithm>
#include <limits>

#include "base/spelling.h"
#include "expr/binder.h"
#include "expr/leaf.h"
#include "expr/meeting.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

std::optional<Relation> Lowering::query(const Query& query, RankLimit* rank) {
  const WithScope scope{&query, with_, query.with.size()};
  const WithScope* before = with_;
  if (!query.with.empty()) with_ = &scope;
  const Tail tail{&query.order_by, query.limit, query.offset};
  auto result = body(query.body, tail, rank);
  with_ = before;
  return result;
}

std::optional<Relation> Lowering::body(const QueryBody& body, const Tail& tail, RankLimit* rank) {
  if (const auto* s = std::get_if<Select>(&body.what)) return select(*s, tail, rank);
  std::optional<Relation> result;
  if (const auto* v = std::get_if<Values>(&body.what)) result = values(*v, body.place);
  if (const auto* o = std::get_if<SetOperation>(&body.what)) result = set_operation(*o);
  if (const auto* q = std::get_if<Branch<Query>>(&body.what)) result = query(**q);
  if (!result) return std::nullopt;
  return order_output(std::move(*result), tail);
}

// --- WITH ---

std::optional<Relation> Lowering::with_item(const Name& name) {
  for (const WithScope* scope = with_; scope != nullptr; scope = scope->parent) {
    for (size_t i = scope->visible; i-- > 0;) {
      const WithItem& item = scope->query->with[i];
      if (item.name.text != name.text) continue;
      if (const auto known = with_results_.find(&item); known != with_results_.end())
        return known->second;
      const WithScope inside{scope->query, scope->parent, i};
      const WithScope* before = std::exchange(with_, &inside);
      auto* outer = std::exchange(outer_, nullptr);
      auto* correlated = std::exchange(correlated_, nullptr);
      auto result = query(*item.query);
      with_ = before;
      outer_ = outer;
      correlated_ = correlated;
      if (!result) return std::nullopt;
      Source named;
      named.alias = item.name;
      named.columns = item.columns;
      result = name_columns(std::move(*result), named);
      if (result) with_results_.emplace(&item, *result);
      return result;
    }
  }
  return std::nullopt;
}

// --- set operations ---

std::optional<Relation> Lowering::set_operation(const SetOperation& operation) {
  std::vector<Relation> inputs;
  bool intact = true;
  for (const auto& input : operation.inputs) {
    auto relation = body(input, {}, nullptr);
    intact = intact && relation;
    if (relation) inputs.push_back(relation_of(std::move(relation->rows), {}));
  }
  if (!intact) return std::nullopt;
  // a UNION ALL b UNION ALL c is one step.
  std::vector<Relation> left;
  left.push_back(std::move(inputs[0]));
  for (size_t i = 0; i < operation.operators.size(); ++i) {
    const auto& op = operation.operators[i];
    left.push_back(std::move(inputs[i + 1]));
    if (i + 1 < operation.operators.size() && op == operation.operators[i + 1] &&
        op.kind == SetOperation::Kind::kUnion)
      continue;
    auto combined = combine(std::move(left), op);
    if (!combined) return std::nullopt;
    left.clear();
    left.push_back(std::move(*combined));
  }
  return std::move(left[0]);
}

// Brings all inputs to the names of the first one and to types that they share.
bool Lowering::align(std::vector<Relation>& inputs, const Place& place) {
  const size_t columns = inputs[0].schema().size();
  for (const auto& input : inputs) {
    if (input.schema().size() == columns) continue;
    complain(place,
             "both sides must have as many columns: " + std::to_string(columns) + " on the left, " +
                 std::to_string(input.schema().size()) + " on the right",
             "left " + inputs[0].schema().to_string() + ", right " + input.schema().to_string());
    return false;
  }
  std::vector<Type> types;
  for (size_t c = 0; c < columns; ++c) {
    std::vector<ExprPtr> sides;
    for (const auto& input : inputs) sides.push_back(make_column_ref(c, input.schema()[c].type));
    auto type = meet(sides, "the two sides");
    if (!type) {
      complain(place,
               "column " + std::to_string(c + 1) + " is " + inputs[0].schema()[c].type.to_string() +
                   " on the left and " + inputs.back().schema()[c].type.to_string() +
                   " on the right",
               "CAST one of them");
      return false;
    }
    types.push_back(std::move(*type));
  }
  const Schema names = inputs[0].schema();
  for (auto& input : inputs) {
    std::vector<OutputColumn> out;
    Ast where;
    where.offset = place.offset;
    where.length = place.length;
    for (size_t c = 0; c < columns; ++c) {
      AstPtr column = column_tree(input.schema()[c].name, where);
      if (!(input.schema()[c].type == types[c])) {
        auto cast = std::make_unique<Ast>();
        cast->kind = AstKind::kCast;
        cast->name = "CAST";
        cast->type = types[c];
        cast->offset = place.offset;
        cast->length = place.length;
        cast->args.push_back(std::move(column));
        column = std::move(cast);
      }
      out.push_back({names[c].name, std::move(column), place});
    }
    auto aligned = project(std::move(input), out, place);
    if (!aligned) return false;
    input = relation_of(std::move(aligned->rows), {});
  }
  return true;
}

std::optional<Relation> Lowering::combine(std::vector<Relation> inputs,
                                          const SetOperation::Operator& op) {
  if (!align(inputs, op.place)) return std::nullopt;
  const char* kind = op.kind == SetOperation::Kind::kUnion       ? "union"
                     : op.kind == SetOperation::Kind::kIntersect ? "intersect"
                                                                 : "except";
  StepSpec step(kind, at(op.place));
  if (op.kind != SetOperation::Kind::kUnion && op.all) step.set("all", true);
  std::vector<Rows> rows;
  for (auto& input : inputs) rows.push_back(std::move(input.rows));
  auto result = plan_.add_step(step.take(), rows);
  if (!result) return std::nullopt;
  Relation relation = relation_of(std::move(*result), {});
  if (op.kind != SetOperation::Kind::kUnion || op.all) return relation;
  return add(std::move(relation), StepSpec("distinct", at(op.place)));
}

// --- ORDER BY, LIMIT ---

std::optional<Relation> Lowering::order_output(Relation relation, const Tail& tail) {
  if (!tail.orders()) return limit(std::move(relation), tail);
  std::vector<OutputColumn> columns;
  for (const auto& column : relation.schema())
    columns.push_back(
        {column.name, column_tree(column.name, *tail.order_by->front().expression), {}});
  std::vector<OrderItem> order;
  if (!order_items(tail, columns, relation, order)) return std::nullopt;
  std::optional<Relation> rows = std::move(relation);
  bool joined = false;  // queries' answers are columns that the result does not have
  for (auto& item : order) {
    if (!contains_subquery(*item.expression)) continue;
    joined = true;
    rows = subqueries_to_columns(std::move(*rows), item.expression);
    if (!rows) return std::nullopt;
  }
  const Ast& first = *tail.order_by->front().expression;
  rows = sort(std::move(*rows), std::move(order), tail);
  if (!rows || !joined) return rows;
  return project(std::move(*rows), columns, {first.offset, first.length});
}

std::optional<Relation> Lowering::sort(Relation relation, std::vector<OrderItem> order,
                                       const Tail& tail) {
  bool intact = true;
  for (const auto& item : order) {
    const auto type = type_of(*item.expression, relation.schema());
    intact = intact && type;
  }
  if (!intact) return std::nullopt;
  const Position place = at(*order.front().expression);
  const uint64_t wanted = tail.limit.value_or(0) + tail.offset.value_or(0);
  const bool top = tail.limit && wanted > 0 &&
                   wanted < static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  StepSpec step(top ? "top" : "sort", place);
  step.set("by", text_of(order));
  if (top) step.set("limit", static_cast<int64_t>(wanted));
  auto sorted = add(std::move(relation), std::move(step));
  if (!sorted) return std::nullopt;
  if (top && tail.offset.value_or(0) == 0) return sorted;
  return limit(std::move(*sorted), tail);
}

std::optional<Relation> Lowering::limit(Relation relation, const Tail& tail) {
  if (!tail.limit && !tail.offset) return relation;
  StepSpec step("limit", text_.at(0));
  constexpr auto kAll = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  step.set("limit", static_cast<int64_t>(std::min(tail.limit.value_or(kAll), kAll)));
  if (tail.offset) step.set("offset", static_cast<int64_t>(std::min(*tail.offset, kAll)));
  return add(std::move(relation), std::move(step));
}

}  // namespace weir::sql
