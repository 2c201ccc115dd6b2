// SELECT ... WHERE ... ORDER BY: items become columns, conditions become filters.
#include <algorithm>

#include "base/spelling.h"
#include "expr/binder.h"
#include "expr/function.h"
#include "expr/names.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

// What an item without an alias is called.
std::string name_of(const SelectItem& item, size_t number) {
  if (!item.alias.empty()) return item.alias.text;
  const auto path = path_of(*item.expression);
  return path.empty() ? "EXPR$" + std::to_string(number) : path.back();
}

// True if the columns of a window are all that it names.
bool is_on_window(const Ast& ast) {
  bool names_one = false;
  const bool other = any_of(ast, [&](const Ast& part) {
    if (part.kind != AstKind::kColumn) return part.kind == AstKind::kField;
    names_one = names_one || is_window_column(part.name);
    return !is_window_column(part.name);
  });
  return names_one && !other;
}

// True if an aggregate has a query among its arguments.
bool aggregates_query(const Ast& ast) {
  return any_of(ast, [](const Ast& part) {
    return part.kind == AstKind::kCall && find_aggregate(part.name) != nullptr &&
           contains_subquery(part);
  });
}

void make_unique(std::vector<OutputColumn>& columns) {
  std::vector<std::string> taken;
  const auto is_taken = [&](const std::string& name) {
    return std::find(taken.begin(), taken.end(), name) != taken.end();
  };
  for (auto& column : columns) {
    const std::string base = column.name;
    for (int n = 0; is_taken(column.name); ++n) column.name = base + std::to_string(n);
    taken.push_back(column.name);
  }
}

}  // namespace

std::optional<Relation> Lowering::filter(Relation relation, Conjuncts conjuncts) {
  if (conjuncts.empty()) return relation;
  bool intact = true;
  bool on_window = false;
  for (auto& conjunct : conjuncts) {
    if (contains_aggregate(*conjunct) && !contains_over(*conjunct)) {
      const Ast* call = nullptr;
      walk(*conjunct, [&](const Ast& part) {
        if (call == nullptr && part.kind == AstKind::kCall && contains_aggregate(part) &&
            std::none_of(part.args.begin(), part.args.end(),
                         [](const AstPtr& arg) { return contains_aggregate(*arg); }))
          call = &part;
        return call == nullptr;
      });
      complain(call != nullptr ? *call : *conjunct, "an aggregate may not stand in WHERE",
               "WHERE comes before grouping; put the condition into HAVING");
      intact = false;
      continue;
    }
    if (contains_over(*conjunct)) {
      complain(*conjunct, "a function with OVER may not stand in WHERE",
               "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (...) AS n FROM t) WHERE n = 1");
      intact = false;
      continue;
    }
    AstPtr tree = resolved(*conjunct, relation);
    intact = intact && tree;
    if (tree && relation.window)
      on_window = on_window || any_of(*tree, [](const Ast& part) {
                    return part.kind == AstKind::kColumn && is_window_column(part.name);
                  });
    if (tree) conjunct = std::move(tree);
  }
  if (!intact) return std::nullopt;
  if (on_window) {
    auto assigned = assign_window(std::move(relation));
    if (!assigned) return std::nullopt;
    relation = std::move(*assigned);
  }
  const size_t before = errors_.size();
  for (const auto& conjunct : conjuncts) is_condition(*conjunct, relation.schema(), "WHERE");
  if (errors_.size() > before) return std::nullopt;
  const AstPtr condition = conjunction(std::move(conjuncts));
  StepSpec step("filter", at(*condition));
  step.set("where", text_of(*condition));
  return add(std::move(relation), std::move(step));
}

bool Lowering::select_items(const Select& select, const Relation& relation,
                            std::vector<OutputColumn>& columns) {
  bool intact = true;
  for (const auto& item : select.items) {
    if (!item.is_star()) {
      columns.push_back({name_of(item, columns.size()), clone(*item.expression), item.place});
      continue;
    }
    bool found = false;
    Ast where;
    where.offset = item.place.offset;
    where.length = item.place.length;
    for (const auto& table : relation.tables) {
      if (!item.path.empty() && table.alias != item.path.back()) continue;
      found = true;
      for (const auto& column : table.columns) {
        if (item.path.empty() && column.qualified) continue;
        AstPtr tree = column_tree(column.name, where);
        // The same name in another table does not count here.
        tree->words.push_back(column.column);
        columns.push_back({column.name, std::move(tree), item.place});
      }
    }
    if (found) continue;
    intact = false;
    std::vector<std::string> aliases;
    for (const auto& table : relation.tables) aliases.push_back(table.alias);
    if (item.path.empty()) {
      complain(item.place, "`*` needs a FROM");
    } else {
      complain(item.place, "no table `" + item.path.back() + "` in FROM",
               spelling_hint(item.path.back(), aliases));
    }
  }
  make_unique(columns);
  for (auto& column : columns) {
    if (!column.tree->words.empty() && column.tree->kind == AstKind::kColumn) {
      column.tree->name = std::exchange(column.tree->words, {})[0];
      continue;
    }
    if (!resolve_in(column.tree, relation)) intact = false;
  }
  return intact;
}

bool Lowering::order_items(const Tail& tail, const std::vector<OutputColumn>& columns,
                           const Relation& relation, std::vector<OrderItem>& order) {
  bool intact = true;
  for (const auto& item : *tail.order_by) {
    OrderItem out;
    out.descending = item.descending;
    out.nulls_first = item.nulls_first;
    const Ast& written = *item.expression;
    if (written.kind == AstKind::kLiteral && written.value.type.is_integer()) {
      const auto n = static_cast<int64_t>(written.value.number);
      if (n < 1 || n > static_cast<int64_t>(columns.size())) {
        complain(written, "ORDER BY " + to_sql(written) + ": there are " +
                              std::to_string(columns.size()) + " columns");
        intact = false;
        continue;
      }
      out.expression = clone(*columns[static_cast<size_t>(n) - 1].tree);
    } else {
      // The names that SELECT gives come before those of FROM.
      AstPtr tree = clone(written);
      std::vector<AstPtr> items;
      replace(tree, [&](const Ast& part) -> AstPtr {
        // What is aggregated is of the rows: SELECT's names do not reach inside.
        const bool aggregate = part.kind == AstKind::kCall && find_aggregate(part.name) != nullptr;
        if (part.kind == AstKind::kSubquery || aggregate) return clone(part);
        if (part.kind != AstKind::kColumn) return nullptr;
        for (size_t c = 0; c < columns.size(); ++c) {
          if (columns[c].name != part.name) continue;
          // Resolved already: a mark that names cannot have keeps it from being resolved again.
          auto mark = column_tree("\x01" + std::to_string(c), part);
          return mark;
        }
        return nullptr;
      });
      Relation marked = relation;
      VisibleTable marks;
      for (size_t c = 0; c < columns.size(); ++c) {
        const std::string mark = "\x01" + std::to_string(c);
        marks.columns.push_back({mark, mark});
      }
      marked.tables.push_back(std::move(marks));
      const size_t before = errors_.size();
      if (!resolve_in(tree, marked)) {
        // Better hints: SELECT's names count too.
        if (errors_.size() > before && errors_.back().hint.empty()) {
          std::vector<std::string> names;
          for (const auto& column : columns) names.push_back(column.name);
          errors_.back().hint = spelling_hint(to_sql(written), names);
        }
        intact = false;
        continue;
      }
      replace(tree, [&](const Ast& part) -> AstPtr {
        if (part.kind != AstKind::kColumn || part.name.empty() || part.name[0] != '\x01')
          return nullptr;
        AstPtr item_tree = clone(*columns[std::stoul(part.name.substr(1))].tree);
        return item_tree;
      });
      out.expression = std::move(tree);
    }
    order.push_back(std::move(out));
  }
  return intact;
}

std::optional<Relation> Lowering::project(Relation relation,
                                          const std::vector<OutputColumn>& columns,
                                          const Place& place) {
  if (relation.window) {
    auto assigned = assign_window(std::move(relation));
    if (!assigned) return std::nullopt;
    relation = std::move(*assigned);
  }
  const Schema& schema = relation.schema();
  bool intact = true;
  bool is_same = columns.size() == schema.size();
  NamedTexts texts;
  std::string time_column;
  for (size_t c = 0; c < columns.size(); ++c) {
    const Ast& tree = *columns[c].tree;
    const auto type = type_of(tree, schema);
    intact = intact && type;
    is_same = is_same && tree.kind == AstKind::kColumn && tree.name == schema[c].name &&
              columns[c].name == schema[c].name;
    if (tree.kind == AstKind::kColumn && tree.name == relation.rows.time_column)
      time_column = columns[c].name;
    if (type && type->id == TypeId::kNull) {
      // A column of NULLs is a text, as in Flink.
      texts.push_back({columns[c].name, at(columns[c].place),
                       SourceText("CAST(NULL AS STRING)", at(tree), false)});
      continue;
    }
    texts.push_back({columns[c].name, at(columns[c].place), text_of(tree)});
  }
  if (!intact) return std::nullopt;
  if (is_same) return relation_of(std::move(relation.rows), {});
  StepSpec step("map", at(place));
  step.set("columns", texts);
  auto projected = add(std::move(relation), std::move(step));
  if (!projected) return std::nullopt;
  projected->rows.time_column = time_column;
  return relation_of(std::move(projected->rows), {});
}

bool Lowering::hints_known(const Name& hint) {
  const std::vector<std::string> known = {"STATE_TTL",     "BROADCAST", "SHUFFLE_HASH",
                                          "SHUFFLE_MERGE", "NEST_LOOP", "MULTI_JOIN",
                                          "LOOKUP"};
  if (std::find(known.begin(), known.end(), hint.text) != known.end()) return true;
  complain(hint.place, "no hint " + hint.text + " at SELECT",
           hint.text == "OPTIONS" ? "OPTIONS stands behind a table: FROM t /*+ OPTIONS(...) */"
                                  : spelling_hint(hint.text, known));
  return false;
}

std::optional<Relation> Lowering::select(const Select& written, const Tail& ordered,
                                         RankLimit* rank) {
  Select select = written;
  Tail tail = ordered;
  std::vector<SortItem> order_by;
  if (tail.orders()) order_by = *tail.order_by;
  tail.order_by = &order_by;
  const size_t before = errors_.size();
  const auto name_windows = [&](Expression& expression) {
    AstPtr tree = clone(*expression);
    expand_windows(written, tree);
    expression = Expression(std::move(tree));
  };
  for (auto& item : select.items)
    if (item.expression) name_windows(item.expression);
  for (auto& item : order_by) name_windows(item.expression);
  if (errors_.size() > before) return std::nullopt;

  for (const auto& hint : select.hints) {
    if (!hints_known(hint.name)) return std::nullopt;
    // State goes with the run where the input ends; the other hints are about speed.
    if (hint.name.text == "STATE_TTL" && plan_.streaming())
      return complain(
          hint.name.place, "on a stream the state of joins and groups does not expire by STATE_TTL",
          "a window, or a join by time (b.ts BETWEEN a.ts - INTERVAL '1' HOUR AND a.ts) "
          "forgets what is over");
  }
  Conjuncts where;
  if (select.where) where = conjuncts_of(*select.where);
  std::optional<Relation> relation =
      select.from.empty() ? one_row({0, 1}) : from(select.from, where);
  if (!relation) return std::nullopt;

  Conjuncts plain;
  Conjuncts with_queries;
  for (auto& conjunct : where) {
    if (outer_ != nullptr && correlated_ != nullptr && !belongs_to(*conjunct, *relation) &&
        !contains_subquery(*conjunct)) {
      correlated_->push_back(std::move(conjunct));
    } else if (contains_subquery(*conjunct)) {
      with_queries.push_back(std::move(conjunct));
    } else {
      plain.push_back(std::move(conjunct));
    }
  }
  // Conditions on the window alone hold for whole groups: they come behind the grouping.
  Conjuncts on_window;
  if (relation->window && !select.group_by.empty()) {
    for (auto& conjunct : plain)
      if (is_on_window(*conjunct)) on_window.push_back(std::move(conjunct));
    std::erase(plain, nullptr);
  }
  relation = filter(std::move(*relation), std::move(plain));
  for (auto& conjunct : with_queries) {
    if (!relation) return std::nullopt;
    relation = subquery_conjunct(std::move(*relation), std::move(conjunct));
  }
  if (!relation) return std::nullopt;

  std::vector<OutputColumn> columns;
  if (!select_items(select, *relation, columns)) return std::nullopt;
  std::vector<OutputColumn> carried;
  if (correlated_ != nullptr && !carry_columns(*relation, carried)) return std::nullopt;
  if (!carried.empty()) {
    if (tail.limit || tail.offset)
      return complain(*correlated_->front(),
                      "a query with LIMIT cannot use columns of the one "
                      "around it");
    for (auto& column : carried)
      columns.push_back({column.name, clone(*column.tree), column.place});
  }
  bool grouped = !select.group_by.empty() || select.having;
  for (const auto& column : columns) grouped = grouped || contains_aggregate(*column.tree);
  for (auto& column : columns) {
    // Beside groups a query is joined to them, inside of an aggregate to the rows.
    if (!contains_subquery(*column.tree) || (grouped && !aggregates_query(*column.tree))) continue;
    relation = subqueries_to_columns(std::move(*relation), column.tree);
    if (!relation) return std::nullopt;
  }
  std::vector<OrderItem> order;
  if (tail.orders() && !order_items(tail, columns, *relation, order)) return std::nullopt;

  for (const auto& item : order) grouped = grouped || contains_aggregate(*item.expression);
  for (auto& item : order) {
    if (!contains_subquery(*item.expression) || (grouped && !aggregates_query(*item.expression)))
      continue;
    relation = subqueries_to_columns(std::move(*relation), item.expression);
    if (!relation) return std::nullopt;
  }
  if (grouped) {
    relation = group(select, std::move(*relation), std::move(on_window), carried, columns, order);
    for (auto& column : columns) {
      if (!relation) return std::nullopt;
      if (!contains_subquery(*column.tree)) continue;
      const AstPtr before_it = clone(*column.tree);
      relation = subqueries_to_columns(std::move(*relation), column.tree);
      for (auto& item : order)
        if (same_tree(*item.expression, *before_it)) item.expression = clone(*column.tree);
    }
    for (auto& item : order) {
      if (!relation) return std::nullopt;
      if (contains_subquery(*item.expression))
        relation = subqueries_to_columns(std::move(*relation), item.expression);
    }
    if (!relation) return std::nullopt;
  }
  if (tail.limit || tail.offset || select.distinct) rank = nullptr;
  relation = over(std::move(*relation), columns, order, rank);
  if (!relation) return std::nullopt;
  return finish(std::move(*relation), select, std::move(columns), std::move(order), tail);
}

std::optional<Relation> Lowering::finish(Relation relation, const Select& select,
                                         std::vector<OutputColumn> columns,
                                         std::vector<OrderItem> order, const Tail& tail) {
  const Place place = select.items.empty() ? Place{} : select.items[0].place;
  // Sorting comes behind the projection where its result says enough, as one writes it by hand.
  std::vector<OrderItem> of_output;
  bool says_enough = true;
  for (const auto& item : order) {
    AstPtr tree = clone(*item.expression);
    const auto mark = [](const std::string& name) { return "\x01" + name; };
    replace(tree, [&](const Ast& part) -> AstPtr {
      for (const auto& column : columns)
        if (same_tree(part, *column.tree)) return column_tree(mark(column.name), part);
      return nullptr;
    });
    replace(tree, [&](const Ast& part) -> AstPtr {
      if (part.kind != AstKind::kColumn) return nullptr;
      if (!part.name.empty() && part.name[0] == '\x01')
        return column_tree(part.name.substr(1), part);
      says_enough = false;
      return nullptr;
    });
    of_output.push_back({std::move(tree), item.descending, item.nulls_first});
  }
  if (!says_enough && select.distinct) {
    return complain(*order.front().expression,
                    "with SELECT DISTINCT, ORDER BY takes what SELECT gives",
                    "add it to SELECT, or leave DISTINCT out");
  }
  std::optional<Relation> result = std::move(relation);
  if (!says_enough) result = sort(std::move(*result), std::move(order), tail);
  if (result) result = project(std::move(*result), columns, place);
  if (result && select.distinct) result = add(std::move(*result), StepSpec("distinct", at(place)));
  if (!result || !says_enough) return result;
  if (order.empty()) return limit(std::move(*result), tail);
  return sort(std::move(*result), std::move(of_output), tail);
}

}  // namespace weir::sql
