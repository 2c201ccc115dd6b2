// Functions with OVER: one `over` step for each window; ROW_NUMBER() <= n is a `top`.
// WINDOW: its definitions take the place of their names.
#include <algorithm>

#include "base/spelling.h"
#include "expr/binder.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

std::string frame_text(const OverWindow& window) {
  OverWindow frame = clone(window);
  frame.base.clear();
  frame.partition_by.clear();
  frame.order_by.clear();
  std::string text = to_sql(frame);
  return text.size() > 2 ? text.substr(1, text.size() - 2) : std::string();
}

void collect_calls(const Ast& tree, std::vector<const Ast*>& calls) {
  walk(tree, [&](const Ast& part) {
    if (part.over) calls.push_back(&part);
    return true;
  });
}

bool same_window(const OverWindow& a, const OverWindow& b) { return same(a, b); }

}  // namespace

bool Lowering::expand_windows(const Select& select, AstPtr& tree) {
  bool intact = true;
  replace(tree, [&](const Ast& part) -> AstPtr {
    if (!part.over || part.over->base.empty()) return nullptr;
    AstPtr call = clone(part);
    OverWindow& over = *call->over;
    for (int depth = 0; !over.base.empty() && depth < 100; ++depth) {
      const NamedWindow* window = nullptr;
      std::vector<std::string> known;
      for (const auto& w : select.windows) {
        known.push_back(w.name.text);
        if (w.name.text == over.base) window = &w;
      }
      if (window == nullptr) {
        complain(Place{over.offset, over.length}, "no window `" + over.base + "`",
                 known.empty() ? "WINDOW " + over.base + " AS (...) defines it"
                               : spelling_hint(over.base, known));
        intact = false;
        break;
      }
      OverWindow own = clone(*window->window);
      over.base = own.base;
      if (over.partition_by.empty()) over.partition_by = std::move(own.partition_by);
      if (over.order_by.empty()) over.order_by = std::move(own.order_by);
      if (over.has_frame || !own.has_frame) continue;
      over.has_frame = true;
      over.rows = own.rows;
      over.from = std::move(own.from);
      over.to = std::move(own.to);
    }
    return call;
  });
  return intact;
}

std::optional<Relation> Lowering::over(Relation relation, std::vector<OutputColumn>& columns,
                                       std::vector<OrderItem>& order, RankLimit* rank) {
  std::optional<Relation> rows = std::move(relation);
  std::vector<const Ast*> calls;
  for (const auto& column : columns) collect_calls(*column.tree, calls);
  for (const auto& item : order) collect_calls(*item.expression, calls);
  if (rank != nullptr && calls.size() == 1) {
    for (auto& column : columns) {
      if (column.name != rank->name || !is_call(*column.tree, "ROW_NUMBER") || !column.tree->over ||
          column.tree->over->order_by.empty())
        continue;
      return rank_top(std::move(*rows), column, *rank);
    }
  }
  if (calls.empty()) return rows;
  if (rows->window) rows = assign_window(std::move(*rows));

  struct Made {
    AstPtr call;
    std::string column;
  };
  std::vector<Made> made;
  for (size_t i = 0; i < calls.size() && rows; ++i) {
    const OverWindow& window = *calls[i]->over;
    const auto is_made = [&](const Ast& call) {
      return std::any_of(made.begin(), made.end(),
                         [&](const Made& m) { return same_tree(*m.call, call); });
    };
    if (is_made(*calls[i])) continue;
    NamedTexts texts;
    Schema taken = rows->schema();
    for (size_t k = i; k < calls.size(); ++k) {
      const Ast& call = *calls[k];
      if (is_made(call) || !same_window(*call.over, window)) continue;
      std::string name = "over" + std::to_string(made.size());
      for (const auto& column : columns)
        if (same_tree(*column.tree, call)) name = column.name;
      name = free_name(name, taken);
      taken.add(name, {});
      AstPtr plain = clone(call);
      plain->over.reset();
      SourceText text(to_sql(*plain), at(call), false);
      made.push_back({clone(call), name});
      texts.push_back({name, at(call), std::move(text)});
    }
    // PARTITION BY takes columns.
    NamedTexts keys;
    std::vector<std::string> partition;
    for (const auto& key : window.partition_by) {
      if (key->kind == AstKind::kColumn) {
        partition.push_back(key->name);
        continue;
      }
      if (!type_of(*key, rows->schema())) return std::nullopt;
      const std::string name = free_name("partition", taken);
      taken.add(name, {});
      keys.push_back(named(name, *key));
      partition.push_back(name);
    }
    const Position place = at(Place{window.offset, window.length});
    rows = extend(std::move(*rows), keys, place);
    if (!rows) return std::nullopt;
    for (const auto& item : window.order_by)
      if (!type_of(*item.expression, rows->schema())) return std::nullopt;
    StepSpec step("over", place);
    if (!partition.empty()) step.set("partition_by", partition);
    if (!window.order_by.empty()) step.set("order_by", text_of(window.order_by));
    if (window.has_frame) step.set("frame", frame_text(window));
    step.set("columns", texts);
    rows = add(std::move(*rows), std::move(step));
  }
  if (!rows) return std::nullopt;
  const auto use_made = [&](AstPtr& tree) {
    replace(tree, [&](const Ast& part) -> AstPtr {
      if (!part.over) return nullptr;
      for (const auto& m : made)
        if (same_tree(*m.call, part)) return column_tree(m.column, part);
      return nullptr;
    });
  };
  for (auto& column : columns) use_made(column.tree);
  for (auto& item : order) use_made(item.expression);
  return rows;
}

std::optional<Relation> Lowering::rank_top(Relation relation, OutputColumn& column,
                                           RankLimit& rank) {
  if (relation.window) {
    auto assigned = assign_window(std::move(relation));
    if (!assigned) return std::nullopt;
    relation = std::move(*assigned);
  }
  const OverWindow& window = *column.tree->over;
  NamedTexts keys;
  std::vector<std::string> per;
  Schema taken = relation.schema();
  for (const auto& key : window.partition_by) {
    if (key->kind == AstKind::kColumn) {
      per.push_back(key->name);
      continue;
    }
    if (!type_of(*key, relation.schema())) return std::nullopt;
    const std::string name = free_name("partition", taken);
    taken.add(name, {});
    keys.push_back(named(name, *key));
    per.push_back(name);
  }
  const Position place = at(*column.tree);
  auto rows = extend(std::move(relation), keys, place);
  if (!rows) return std::nullopt;
  for (const auto& item : window.order_by)
    if (!type_of(*item.expression, rows->schema())) return std::nullopt;
  // The first or the last row of each key by time: no order has to be kept for that.
  const auto& order = window.order_by;
  if (plan_.streaming() && rank.limit == 1 && !per.empty() && order.size() == 1 &&
      order[0].expression->kind == AstKind::kColumn && rows->rows.has_event_time &&
      order[0].expression->name == rows->rows.time_column) {
    StepSpec first("deduplicate", place);
    first.set("key_by", per).set("keep", order[0].descending ? "last" : "first");
    auto one = std::make_unique<Ast>();
    one->value = Value::bigint(1);
    one->type = one->value.type;
    one->offset = column.tree->offset;
    column.tree = std::move(one);
    rank.used = true;
    return add(std::move(*rows), std::move(first));
  }
  StepSpec step("top", place);
  const std::string name = free_name(column.name, rows->schema());
  step.set("by", text_of(window.order_by)).set("limit", rank.limit);
  if (!per.empty()) step.set("per", per);
  step.set("rank", name);
  column.tree = column_tree(name, *column.tree);
  rank.used = true;
  return add(std::move(*rows), std::move(step));
}

}  // namespace weir::sql
