// GROUP BY, HAVING, aggregates, and windows among the keys.
#include <algorithm>

#include "base/spelling.h"
#include "expr/binder.h"
#include "expr/function.h"
#include "sql/grouping.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

using Sets = std::vector<std::vector<const Ast*>>;

constexpr size_t kMaxSets = 1024;

Sets crossed(const Sets& a, const Sets& b) {
  Sets out;
  for (const auto& left : a) {
    for (const auto& right : b) {
      auto& both = out.emplace_back(left);
      both.insert(both.end(), right.begin(), right.end());
    }
  }
  return out;
}

// The sets of one element of GROUP BY.
Sets sets_of(const GroupingElement& element) {
  using Kind = GroupingElement::Kind;
  std::vector<const Ast*> own;
  for (const auto& e : element.expressions) own.push_back(&*e);
  if (element.kind == Kind::kSet) return {own};
  std::vector<Sets> items;
  for (const auto& item : element.items) items.push_back(sets_of(item));
  Sets out;
  if (element.kind == Kind::kGroupingSets) {
    for (const auto& item : items) out.insert(out.end(), item.begin(), item.end());
  } else if (element.kind == Kind::kRollup) {
    for (size_t n = items.size() + 1; n-- > 0;) {
      Sets prefix = {{}};
      for (size_t i = 0; i < n; ++i) prefix = crossed(prefix, items[i]);
      out.insert(out.end(), prefix.begin(), prefix.end());
    }
  } else {
    const size_t all = size_t{1} << std::min<size_t>(items.size(), 10);
    for (size_t bits = all; bits-- > 0;) {
      Sets subset = {{}};
      for (size_t i = 0; i < items.size(); ++i)
        if ((bits >> (items.size() - 1 - i) & 1) != 0) subset = crossed(subset, items[i]);
      out.insert(out.end(), subset.begin(), subset.end());
    }
  }
  return out;
}

bool is_aggregate(const Ast& ast) {
  return ast.kind == AstKind::kCall && !ast.over && find_aggregate(ast.name) != nullptr;
}

bool is_legacy_window(const Ast& ast) {
  return is_call(ast, "TUMBLE") || is_call(ast, "HOP") || is_call(ast, "SESSION");
}

// TUMBLE_START(...) -> window_start, and its kind; empty: it is none.
std::string legacy_window_column(const Ast& ast) {
  if (ast.kind != AstKind::kCall) return {};
  for (const std::string window : {"TUMBLE_", "HOP_", "SESSION_"}) {
    if (ast.name == window + "START") return "window_start";
    if (ast.name == window + "END") return "window_end";
    if (ast.name == window + "ROWTIME") return "window_time";
  }
  return {};
}

}  // namespace

size_t Lowering::add_key(AstPtr tree, Grouping& grouping) {
  for (size_t k = 0; k < grouping.keys.size(); ++k)
    if (same_tree(*grouping.keys[k].tree, *tree)) return k;
  grouping.keys.push_back({std::move(tree), {}});
  return grouping.keys.size() - 1;
}

bool Lowering::group_keys(const Select& select, Relation& relation, Grouping& grouping) {
  Sets sets = {{}};
  for (const auto& element : select.group_by) {
    sets = crossed(sets, sets_of(element));
    if (sets.size() > kMaxSets) {
      complain(element.place, "there are more than 1024 grouping sets");
      return false;
    }
  }
  bool intact = true;
  for (const auto& set : sets) {
    std::vector<size_t> numbers;
    for (const Ast* written : set) {
      if (is_legacy_window(*written)) {
        if (grouping.window) continue;
        auto window = legacy_window(*written, relation);
        if (!window) return false;
        grouping.window = std::move(window);
        grouping.window_columns = {"window_start", "window_end"};
        continue;
      }
      if (contains_aggregate(*written) || contains_over(*written)) {
        complain(*written, "an aggregate may not stand in GROUP BY");
        intact = false;
        continue;
      }
      if (written->kind == AstKind::kLiteral) {
        complain(*written, "GROUP BY takes expressions, not positions",
                 "write the expression of that column again");
        intact = false;
        continue;
      }
      const size_t before = errors_.size();
      AstPtr tree = resolved(*written, relation);
      if (!tree) {
        intact = false;
        for (const auto& item : select.items) {
          if (errors_.size() == before || item.alias.empty() || written->kind != AstKind::kColumn ||
              item.alias.text != written->name)
            continue;
          errors_.back().message = "`" + item.alias.text + "` is a name that SELECT gives";
          errors_.back().hint =
              contains_aggregate(*item.expression)
                  ? "it is made of the groups; GROUP BY takes columns and expressions of the rows"
                  : "GROUP BY comes before SELECT: write " + to_sql(*item.expression);
        }
        continue;
      }
      if (relation.window && tree->kind == AstKind::kColumn && is_window_column(tree->name)) {
        auto& known = grouping.window_columns;
        if (std::find(known.begin(), known.end(), tree->name) == known.end())
          known.push_back(tree->name);
        continue;
      }
      if (!type_of(*tree, relation.schema())) {
        intact = false;
        continue;
      }
      const size_t number = add_key(std::move(tree), grouping);
      if (std::find(numbers.begin(), numbers.end(), number) == numbers.end())
        numbers.push_back(number);
    }
    grouping.sets.push_back(std::move(numbers));
  }
  return intact;
}

std::optional<TimeWindow> Lowering::legacy_window(const Ast& call, Relation& relation) {
  const bool hop = call.name == "HOP";
  const size_t wanted = hop ? 3 : 2;
  if (call.args.size() != wanted)
    return complain(call,
                    call.name + " in GROUP BY takes a time column and " +
                        (hop ? "two intervals" : "an interval"),
                    hop ? "HOP(ts, INTERVAL '1' MINUTE, INTERVAL '10' MINUTE): slide, size"
                        : call.name + "(ts, INTERVAL '1' MINUTE)");
  auto timed = with_time(std::move(relation), *call.args[0]);
  if (!timed) return std::nullopt;
  relation = std::move(*timed);
  TimeWindow window;
  window.type = hop ? "sliding" : call.name == "TUMBLE" ? "tumbling" : "session";
  window.place = at(call);
  const std::vector<std::string> names = hop ? std::vector<std::string>{"slide", "size"}
                                         : call.name == "SESSION"
                                             ? std::vector<std::string>{"gap"}
                                             : std::vector<std::string>{"size"};
  for (size_t i = 0; i < names.size(); ++i) {
    const auto length = duration(*call.args[i + 1], "the length of a window");
    if (!length) return std::nullopt;
    window.settings.push_back(
        {names[i], at(*call.args[i + 1]), SourceText(*length, at(*call.args[i + 1]), false)});
  }
  return window;
}

// The pending window becomes the step's, or columns of the rows.
std::optional<Relation> Lowering::group_window(Relation relation, Grouping& grouping) {
  if (!relation.window) return relation;
  const auto& named = grouping.window_columns;
  const auto has = [&](const char* name) {
    return std::find(named.begin(), named.end(), name) != named.end();
  };
  if (has("window_start") && has("window_end")) {
    // A session's rows meet by its PARTITION BY, whatever else they are grouped by.
    std::vector<std::string> keys;
    for (const auto& key : grouping.keys)
      keys.push_back(key.tree->kind == AstKind::kColumn ? key.tree->name : std::string());
    std::vector<std::string> partition = relation.window->key_by;
    std::sort(keys.begin(), keys.end());
    std::sort(partition.begin(), partition.end());
    if (relation.window->type != "session" || keys == partition) {
      grouping.window = std::exchange(relation.window, std::nullopt);
      return relation;
    }
  }
  if (plan_.streaming())
    return complain(relation.window->place,
                    "the groups of a window over unbounded input need window_start and window_end",
                    "GROUP BY window_start, window_end");
  Ast where;
  for (const auto& name : named) {
    const size_t number = add_key(column_tree(name, where), grouping);
    for (auto& set : grouping.sets) set.push_back(number);
  }
  grouping.window_columns.clear();
  return assign_window(std::move(relation));
}

std::optional<Relation> Lowering::key_columns(Relation relation, Grouping& grouping,
                                              const std::vector<OutputColumn>& columns) {
  NamedTexts computed;
  Schema taken = relation.schema();
  for (auto& key : grouping.keys) {
    if (key.tree->kind == AstKind::kColumn) {
      key.column = key.tree->name;
      continue;
    }
    std::string name = "key" + std::to_string(&key - grouping.keys.data());
    for (const auto& column : columns)
      if (same_tree(*column.tree, *key.tree)) name = column.name;
    key.column = free_name(name, taken);
    taken.add(key.column, {});
    computed.push_back(named(key.column, *key.tree));
  }
  return extend(std::move(relation), computed, grouping.place);
}

bool Lowering::over_groups(AstPtr& tree, Grouping& grouping) {
  bool intact = true;
  replace(tree, [&](const Ast& part) -> AstPtr {
    for (const auto& key : grouping.keys)
      if (same_tree(*key.tree, part)) return column_tree(key.column, part);
    for (const auto& known : grouping.aggregates)
      if (same_tree(*known.tree, part)) return column_tree(known.name, part);
    if (grouping.window) {
      std::string column = legacy_window_column(part);
      if (part.kind == AstKind::kColumn && is_window_column(part.name)) column = part.name;
      if (!column.empty()) {
        auto& known = grouping.window_columns;
        if (std::find(known.begin(), known.end(), column) == known.end()) known.push_back(column);
        return column_tree(column, part);
      }
    }
    if (is_call(part, "GROUPING") || is_call(part, "GROUPING_ID") || is_call(part, "GROUP_ID")) {
      AstPtr bits = grouping_bits(part, grouping);
      intact = intact && bits;
      return bits ? std::move(bits) : clone(part);
    }
    if (is_aggregate(part)) {
      std::string name = "agg" + std::to_string(grouping.aggregates.size());
      while (grouping.has_output(name)) name += "_";
      grouping.aggregates.push_back({name, clone(part)});
      return column_tree(name, part);
    }
    if (part.kind == AstKind::kColumn) {
      intact = false;
      complain(part, "`" + part.name + "` is neither in GROUP BY nor inside an aggregate",
               "add it to GROUP BY, or take one of them: FIRST_VALUE(" + part.name + ")");
      return clone(part);
    }
    return nullptr;
  });
  return intact;
}

// Key k's bit of the column is set when a row's set does not have the key.
AstPtr Lowering::grouping_bits(const Ast& call, const Grouping& grouping) {
  const auto number = [&](int64_t n) {
    auto literal = std::make_unique<Ast>();
    literal->value = Value::bigint(n);
    literal->type = literal->value.type;
    literal->offset = call.offset;
    literal->length = call.length;
    return literal;
  };
  if (call.name == "GROUP_ID") return number(0);
  AstPtr sum;
  for (const auto& argument : call.args) {
    size_t k = 0;
    while (k < grouping.keys.size() && !same_tree(*grouping.keys[k].tree, *argument)) ++k;
    if (k == grouping.keys.size()) {
      complain(*argument, call.name + " takes what stands in GROUP BY");
      return nullptr;
    }
    AstPtr bit = number(0);
    if (!grouping.grouping_id.empty()) {
      const int64_t place = int64_t{1} << (grouping.keys.size() - 1 - k);
      bit = comparison("%", comparison("/", column_tree(grouping.grouping_id, call), number(place)),
                       number(2));
    }
    sum = sum ? comparison("+", comparison("*", std::move(sum), number(2)), std::move(bit))
              : std::move(bit);
  }
  return sum;
}

std::optional<Relation> Lowering::expand(Relation relation, Grouping& grouping) {
  // Aggregates see the values of keys that their row's set does not have.
  NamedTexts copies;
  for (const auto& key : grouping.keys) {
    std::string copy;
    for (auto& aggregate : grouping.aggregates) {
      replace(aggregate.tree, [&](const Ast& part) -> AstPtr {
        if (!is_aggregate(part)) return nullptr;
        AstPtr call = clone(part);
        replace(call, [&](const Ast& name) -> AstPtr {
          if (name.kind != AstKind::kColumn || name.name != key.column) return nullptr;
          if (copy.empty()) copy = free_name(key.column + "_value", relation.schema());
          return column_tree(copy, name);
        });
        return call;
      });
    }
    if (!copy.empty()) copies.push_back(named(copy, *column_tree(key.column, *key.tree)));
  }
  auto extended = extend(std::move(relation), copies, grouping.place);
  if (!extended) return std::nullopt;
  StepSpec step("expand", grouping.place);
  std::vector<std::vector<std::string>> sets;
  for (const auto& set : grouping.sets) {
    auto& names = sets.emplace_back();
    for (const size_t k : set) names.push_back(grouping.keys[k].column);
  }
  step.set("sets", sets).set("grouping_id", grouping.grouping_id);
  return add(std::move(*extended), std::move(step));
}

std::optional<Relation> Lowering::aggregate(Relation relation, Grouping& grouping) {
  std::vector<std::string> keys;
  for (const auto& key : grouping.keys) keys.push_back(key.column);
  if (!grouping.grouping_id.empty()) keys.push_back(grouping.grouping_id);
  if (grouping.aggregates.empty() && grouping.window) {
    auto count = std::make_unique<Ast>();
    count->kind = AstKind::kCall;
    count->name = "COUNT";
    count->args.push_back(std::make_unique<Ast>());
    count->args[0]->kind = AstKind::kStar;
    grouping.aggregates.push_back(
        {grouping.has_output("rows") ? "rows_" : "rows", std::move(count)});
  }
  NamedTexts aggregates;
  for (const auto& a : grouping.aggregates) aggregates.push_back(named(a.name, *a.tree));
  if (auto bound = bind_aggregates(aggregates, relation.schema(), keys, plan_.zone()); !bound) {
    add_aggregate_errors(aggregates, relation.schema(), keys, plan_.zone(), errors_);
    return std::nullopt;
  }
  StepSpec step(grouping.window ? "window" : "aggregate", grouping.place);
  if (grouping.window) {
    step.set("type", grouping.window->type);
    for (const auto& setting : grouping.window->settings) step.set(setting.name, setting.value);
  }
  if (!keys.empty()) step.set("key_by", keys);
  step.set("aggregate", aggregates);
  if (!grouping.having.text.empty()) step.set("having", grouping.having);
  if (grouping.window) {
    std::vector<std::string> names;
    for (const auto* name : {"window_start", "window_end", "window_time"}) {
      const auto& wanted = grouping.window_columns;
      if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) names.emplace_back(name);
    }
    if (names != std::vector<std::string>{"window_start", "window_end"})
      step.set("window_columns", names);
  }
  auto result = add(std::move(relation), std::move(step));
  if (result) result->rows.time_column = grouping.window ? "window_time" : "";
  return result;
}

std::optional<Relation> Lowering::group(const Select& select, Relation relation,
                                        Conjuncts on_window,
                                        const std::vector<OutputColumn>& also_by,
                                        std::vector<OutputColumn>& columns,
                                        std::vector<OrderItem>& order) {
  Grouping grouping;
  grouping.place = at(select.items[0].place);
  if (!select.group_by.empty()) {
    const Place& first = select.group_by[0].place;
    grouping.place = at(first);
  }
  if (!group_keys(select, relation, grouping)) return std::nullopt;
  for (const auto& column : also_by) {
    const size_t number = add_key(clone(*column.tree), grouping);
    for (auto& set : grouping.sets) set.push_back(number);
  }
  auto rows = group_window(std::move(relation), grouping);
  if (!rows) return std::nullopt;
  const Relation before = *rows;  // its names
  rows = key_columns(std::move(*rows), grouping, columns);
  if (!rows) return std::nullopt;
  if (grouping.sets.size() > 1) grouping.grouping_id = free_name("grouping_id", rows->schema());

  // An item with aggregates is one expression of the step, under its own name.
  bool intact = true;
  for (auto& column : columns) {
    const bool whole = contains_aggregate(*column.tree) && !contains_over(*column.tree) &&
                       !contains_subquery(*column.tree) &&
                       !any_of(*column.tree, [](const Ast& part) {
                         return is_call(part, "GROUPING") || is_call(part, "GROUPING_ID") ||
                                is_call(part, "GROUP_ID") || !legacy_window_column(part).empty() ||
                                (part.kind == AstKind::kColumn && is_window_column(part.name));
                       });
    if (!whole || grouping.has_output(column.name)) {
      intact = over_groups(column.tree, grouping) && intact;
      continue;
    }
    // Around the aggregates stand keys; what is inside them is of the rows.
    AstPtr tree = clone(*column.tree);
    bool keys_only = true;
    replace(tree, [&](const Ast& part) -> AstPtr {
      if (is_aggregate(part)) return clone(part);
      for (const auto& key : grouping.keys)
        if (same_tree(*key.tree, part)) return column_tree(key.column, part);
      if (part.kind == AstKind::kColumn) {
        keys_only = false;
        complain(part, "`" + part.name + "` is neither in GROUP BY nor inside an aggregate",
                 "add it to GROUP BY, or take one of them: FIRST_VALUE(" + part.name + ")");
      }
      return nullptr;
    });
    intact = intact && keys_only;
    bool known = false;
    for (const auto& a : grouping.aggregates) {
      if (!same_tree(*a.tree, *tree)) continue;
      known = true;
      column.tree = column_tree(a.name, *column.tree);
      break;
    }
    if (known) continue;
    AstPtr out = column_tree(column.name, *tree);
    // ORDER BY and HAVING may say the item as it was written.
    grouping.aggregates.push_back({column.name, std::move(tree)});
    column.tree = std::move(out);
  }
  for (auto& item : order) intact = over_groups(item.expression, grouping) && intact;
  AstPtr having;
  Conjuncts conditions;
  Conjuncts with_queries;  // of HAVING
  for (auto& conjunct : on_window) {
    AstPtr tree = resolved(*conjunct, before);
    intact = intact && tree;
    if (tree && grouping.window) conditions.push_back(std::move(tree));
  }
  if (select.having) {
    for (auto& conjunct : conjuncts_of(*select.having)) {
      AstPtr tree = resolved(*conjunct, before);
      intact = intact && tree && over_groups(tree, grouping);
      if (intact) (contains_subquery(*tree) ? with_queries : conditions).push_back(std::move(tree));
    }
  }
  if (!intact) return std::nullopt;
  if (!grouping.window && !on_window.empty()) {
    // The window's columns are keys like others.
    for (auto& conjunct : on_window) {
      AstPtr tree = resolved(*conjunct, before);
      if (!tree || !over_groups(tree, grouping)) return std::nullopt;
      conditions.push_back(std::move(tree));
    }
  }
  having = conjunction(std::move(conditions));
  if (grouping.sets.size() > 1) rows = expand(std::move(*rows), grouping);
  if (!rows) return std::nullopt;
  if (having) grouping.having = text_of(*having);
  rows = aggregate(std::move(*rows), grouping);
  for (auto& conjunct : with_queries)
    if (rows) rows = subquery_conjunct(std::move(*rows), std::move(conjunct), true);
  return rows;
}

}  // namespace weir::sql
