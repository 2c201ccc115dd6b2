// JOIN: which conditions are keys, which hold for one side alone, and which steps there are for the rest.
#include <algorithm>

#include "base/spelling.h"
#include "base/units.h"
#include "expr/binder.h"
#include "expr/leaf.h"
#include "expr/meeting.h"
#include "expr/names.h"
#include "sql/join_parts.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

bool is_true(const Ast& ast) {
  return ast.kind == AstKind::kLiteral && ast.value.type.id == TypeId::kBoolean &&
         ast.value.number != 0;
}

const char* kind_text(JoinKind kind) {
  switch (kind) {
    case JoinKind::kLeft: return "left";
    case JoinKind::kRight: return "right";
    case JoinKind::kFull: return "full";
    default: return "inner";
  }
}

Relation side_by_side(const Relation& left, const Relation& right) {
  Relation both;
  both.tables = left.tables;
  both.tables.insert(both.tables.end(), right.tables.begin(), right.tables.end());
  std::vector<ColumnSpec> columns = left.schema().columns();
  for (const auto& column : right.schema()) columns.push_back(column);
  both.rows.schema = Schema(std::move(columns));
  return both;
}

// What explain and messages call the sides of a join.
void name_sides(Relation& left, Relation& right) {
  for (auto* side : {&left, &right}) {
    side->rows.shown_as = side == &left ? "left" : "right";
    std::string names;
    for (const auto& table : side->tables)
      if (!table.alias.empty()) names += (names.empty() ? "" : " join ") + table.alias;
    if (!names.empty()) side->rows.shown_as = std::move(names);
  }
}

bool is_equality(const Ast& ast) { return ast.kind == AstKind::kBinary && ast.name == "="; }

}  // namespace

std::optional<Relation> Lowering::join_right_side(const Join& join, Conjuncts& where,
                                                  bool filters_allowed) {
  if (const auto* nested = std::get_if<JoinedSource>(&join.right.what))
    return from_item(*nested->item, where, filters_allowed);
  auto right = source(join.right, nullptr);
  if (right && filters_allowed) right = take_filters(std::move(*right), where);
  return right;
}

std::optional<Relation> Lowering::join(Relation left, const Join& join, Conjuncts& where,
                                       bool filters_allowed) {
  if (const auto* u = std::get_if<UnnestSource>(&join.right.what))
    return unnest(std::move(left), join, *u);
  if (const auto* t = std::get_if<TableSource>(&join.right.what); t != nullptr && t->as_of)
    return temporal_join(std::move(left), join, *t);
  const bool inner = join.kind == JoinKind::kInner || join.kind == JoinKind::kCross;
  auto right =
      join_right_side(join, where, filters_allowed && (inner || join.kind == JoinKind::kRight));
  if (!right) return std::nullopt;
  for (const auto& a : left.tables)
    for (const auto& b : right->tables)
      if (!a.alias.empty() && a.alias == b.alias)
        return complain(join.right.place, "there are two tables called `" + a.alias + "`",
                        "give one of them another name: " + a.alias + " AS other");
  JoinParts parts{
      std::move(left), std::move(*right), join.kind, join.place, {}, {}, {}, {}, {}, {}, false};
  Conjuncts condition;
  if (join.on && !join_condition(join, parts, condition)) return std::nullopt;
  if (!make_names_differ(parts.left, parts.right)) return std::nullopt;
  if (join.natural || !join.columns.empty()) {
    if (!join_using(join, parts)) return std::nullopt;
  }
  if (!split_condition(std::move(condition), parts)) return std::nullopt;
  if (inner && filters_allowed) {
    // Equalities of WHERE are keys too.
    Conjuncts keys;
    const Relation both = side_by_side(parts.left, parts.right);
    for (auto it = where.begin(); it != where.end();) {
      const bool key = is_equality(**it) && !contains_subquery(**it) && belongs_to(**it, both) &&
                       !belongs_to(**it, parts.left) && !belongs_to(**it, parts.right);
      if (!key) {
        ++it;
        continue;
      }
      taken_.push_back(clone(**it));
      keys.push_back(std::move(*it));
      it = where.erase(it);
    }
    if (!split_condition(std::move(keys), parts)) return std::nullopt;
  }
  return join_parts(std::move(parts));
}

// What ON says of one side alone is a filter of that side, before anything else.
bool Lowering::join_condition(const Join& join, JoinParts& parts, Conjuncts& condition) {
  if (contains_subquery(*join.on)) {
    complain(*join.on, "a query may not stand in ON", "put the condition into WHERE");
    return false;
  }
  if (contains_aggregate(*join.on)) {
    complain(*join.on, "an aggregate may not stand in ON");
    return false;
  }
  const bool inner = join.kind == JoinKind::kInner;
  const Relation both = side_by_side(parts.left, parts.right);
  Conjuncts of_side[2];
  for (auto& conjunct : conjuncts_of(*join.on)) {
    if (!resolved(*conjunct, both)) return false;
    const bool of_left = belongs_to(*conjunct, parts.left);
    const bool of_right = belongs_to(*conjunct, parts.right);
    if (of_left && !of_right && (inner || join.kind == JoinKind::kRight)) {
      of_side[0].push_back(std::move(conjunct));
    } else if (of_right && !of_left && (inner || join.kind == JoinKind::kLeft)) {
      of_side[1].push_back(std::move(conjunct));
    } else {
      condition.push_back(std::move(conjunct));
    }
  }
  for (size_t i = 0; i < 2; ++i) {
    Relation& side = i == 0 ? parts.left : parts.right;
    auto filtered = filter(std::move(side), std::move(of_side[i]));
    if (!filtered) return false;
    side = std::move(*filtered);
  }
  return true;
}

bool Lowering::make_names_differ(const Relation& left, Relation& right) {
  NamedTexts renamed;
  Schema taken = left.schema();
  for (const auto& column : right.schema()) taken.add(column.name, column.type);
  const Position place = text_.at(0);
  for (const auto& column : right.schema()) {
    if (!left.schema().find(column.name)) continue;
    std::string prefix;
    for (const auto& table : right.tables)
      for (const auto& visible : table.columns)
        if (visible.column == column.name) prefix = table.alias;
    const std::string name =
        free_name(prefix.empty() ? column.name + "_" : prefix + "." + column.name, taken);
    taken.add(name, column.type);
    renamed.push_back({name, place, SourceText(column.name, place, false)});
  }
  if (renamed.empty()) return true;
  StepSpec step("rename", place);
  step.set("columns", renamed);
  const std::string time = right.rows.time_column;
  auto result = add(std::move(right), std::move(step));
  if (!result) return false;
  right = std::move(*result);
  right.rows.time_column = time;
  for (const auto& change : renamed) {
    for (auto& table : right.tables)
      for (auto& visible : table.columns)
        if (visible.column == change.value.text) visible.column = change.name;
    if (time == change.value.text) right.rows.time_column = change.name;
    if (!right.window) continue;
    for (auto& key : right.window->key_by)
      if (key == change.value.text) key = change.name;
  }
  return true;
}

bool Lowering::join_using(const Join& join, JoinParts& parts) {
  std::vector<Name> names = join.columns;
  if (join.natural) {
    const auto right = names_in(parts.right.tables);
    for (const auto& name : names_in(parts.left.tables))
      if (std::find(right.begin(), right.end(), name) != right.end())
        names.push_back({name, join.place});
  }
  for (const auto& name : names) {
    const Resolution left = resolve({name.text}, parts.left.tables);
    const Resolution right = resolve({name.text}, parts.right.tables);
    for (const auto* found : {&left, &right}) {
      if (found->kind == Resolution::Kind::kFound) continue;
      const auto& tables = found == &left ? parts.left.tables : parts.right.tables;
      Error error = found->kind == Resolution::Kind::kAmbiguous
                        ? ambiguous_name({name.text}, *found)
                        : unknown_name({name.text}, tables);
      complain(name.place,
               error.message + (found == &left ? " on the left side" : " on the right side"),
               error.hint);
      return false;
    }
    Ast where;
    where.offset = name.place.offset;
    where.length = name.place.length;
    parts.merged.push_back({name.text, left.column, right.column});
    if (!add_key(column_tree(left.column, where), column_tree(right.column, where), parts))
      return false;
  }
  return true;
}

namespace {

// One of the columns of pending windows, equal on both sides. It is in the rows of neither yet.
bool meet_in_window(const Ast& left, const Ast& right, const Relation& a, const Relation& b) {
  return a.window && b.window && left.kind == AstKind::kColumn && right.kind == AstKind::kColumn &&
         is_window_column(left.name) && left.name == right.name;
}

}  // namespace

bool Lowering::split_condition(Conjuncts conjuncts, JoinParts& parts) {
  const Relation both = side_by_side(parts.left, parts.right);
  for (auto& conjunct : conjuncts) {
    if (is_true(*conjunct)) continue;
    if (is_equality(*conjunct)) {
      const Ast& a = *conjunct->args[0];
      const Ast& b = *conjunct->args[1];
      const bool straight = belongs_to(a, parts.left) && belongs_to(b, parts.right) &&
                            !belongs_to(a, parts.right) && !belongs_to(b, parts.left);
      const bool crossed = belongs_to(a, parts.right) && belongs_to(b, parts.left) &&
                           !belongs_to(a, parts.left) && !belongs_to(b, parts.right);
      if (straight || crossed) {
        AstPtr l = resolved(straight ? a : b, parts.left);
        AstPtr r = resolved(straight ? b : a, parts.right);
        if (!l || !r) return false;
        if (!meet_in_window(*l, *r, parts.left, parts.right) &&
            !type_of(*comparison("=", clone(*l), clone(*r)), both.schema()))
          return false;
        if (!add_key(std::move(l), std::move(r), parts)) return false;
        continue;
      }
    }
    AstPtr tree = resolved(*conjunct, both);
    if (!tree || !is_condition(*tree, both.schema(), "ON")) return false;
    parts.rest.push_back(std::move(tree));
  }
  return true;
}

bool Lowering::add_key(AstPtr left, AstPtr right, JoinParts& parts) {
  if (meet_in_window(*left, *right, parts.left, parts.right)) {
    parts.window_keys.push_back(left->name);
    return true;
  }
  parts.keys.push_back({std::move(left), std::move(right)});
  return true;
}

// A key that is computed becomes a column of its side.
bool Lowering::key_column(AstPtr& tree, Relation& side, const Relation& other) {
  if (tree->kind == AstKind::kColumn) return true;
  Schema taken = side.schema();
  for (const auto& column : other.schema()) taken.add(column.name, column.type);
  const std::string name = free_name("key", taken);
  auto extended = extend(std::move(side), {named(name, *tree)}, at(*tree));
  if (!extended) return false;
  side = std::move(*extended);
  tree = column_tree(name, *tree);
  return true;
}

std::optional<Relation> Lowering::join_parts(JoinParts parts) {
  // Sessions are each side's own: they are made first, and their bounds joined like other columns.
  if (parts.left.window && parts.right.window && parts.left.window == parts.right.window &&
      parts.left.window->type != "session" &&
      std::count(parts.window_keys.begin(), parts.window_keys.end(), "window_start") > 0 &&
      std::count(parts.window_keys.begin(), parts.window_keys.end(), "window_end") > 0)
    return window_join(parts);
  const bool windows = parts.left.window || parts.right.window;
  if (windows) {
    auto left = assign_window(std::move(parts.left));
    if (!left) return std::nullopt;
    auto right = assign_window(std::move(parts.right));
    if (!right) return std::nullopt;
    parts.left = std::move(*left);
    parts.right = std::move(*right);
    if (!make_names_differ(parts.left, parts.right)) return std::nullopt;
    Ast where;
    where.offset = parts.place.offset;
    for (const auto& name : parts.window_keys) {
      const Resolution right_name = resolve({name}, parts.right.tables);
      parts.keys.push_back({column_tree(name, where), column_tree(right_name.column, where)});
    }
  }
  const auto on = key_pairs(parts);
  if (!on) return std::nullopt;
  StepSpec step("join", at(parts.place));
  step.set("on", *on);
  step.set("join", parts.semi.empty() ? kind_text(parts.kind) : parts.semi);
  if (!parts.mark.empty()) step.set("as", parts.mark);
  if (parts.null_aware) step.set("null_aware", true);
  const bool interval = interval_bounds(parts, step);
  if (AstPtr rest = conjunction(std::move(parts.rest))) step.set("where", text_of(*rest));
  name_sides(parts.left, parts.right);
  auto rows = plan_.add_step(step.take(), {parts.left.rows, parts.right.rows});
  if (!rows) return std::nullopt;
  const bool both_sides = parts.semi.empty();
  Relation joined = both_sides ? side_by_side(parts.left, parts.right) : std::move(parts.left);
  const std::string time = parts.left.rows.time_column;
  joined.rows = std::move(*rows);
  if (interval) joined.rows.time_column = time;
  if (parts.merged.empty() || !both_sides) return joined;

  // USING: one column for both.
  VisibleTable merged;
  NamedTexts computed;
  for (const auto& m : parts.merged) {
    std::string column = parts.kind == JoinKind::kRight ? m.right : m.left;
    if (parts.kind == JoinKind::kFull) {
      column = free_name(m.name, joined.schema());
      Ast where;
      where.offset = parts.place.offset;
      computed.push_back({column, at(parts.place),
                          SourceText("COALESCE(" + to_sql(*column_tree(m.left, where)) + ", " +
                                         to_sql(*column_tree(m.right, where)) + ")",
                                     at(parts.place), false)});
    }
    merged.columns.push_back({m.name, column});
    for (auto& table : joined.tables)
      for (auto& visible : table.columns)
        if (visible.name == m.name) visible.qualified = true;
  }
  joined.tables.insert(joined.tables.begin(), std::move(merged));
  return extend(std::move(joined), computed, at(parts.place));
}

// The equalities as the `on` of a step. A left column that stands in two of them goes with the first; the other
// joins what is left of the condition.
std::optional<NamedTexts> Lowering::key_pairs(JoinParts& parts) {
  NamedTexts on;
  for (auto& key : parts.keys) {
    auto left_type = type_of(*key.left, parts.left.schema());
    auto right_type = type_of(*key.right, parts.right.schema());
    if (!left_type || !right_type) return std::nullopt;
    if (!(*left_type == *right_type)) {
      // Both become the type in which they are compared.
      ExprPtr l = make_column_ref(0, *left_type);
      ExprPtr r = make_column_ref(1, *right_type);
      if (auto met = meet_for_comparison(l, r, plan_.zone()); !met)
        return complain(*key.left, met.error().message, met.error().hint);
      const auto cast = [&](AstPtr& tree, const Type& from, const Type& to) {
        if (from == to) return;
        auto node = std::make_unique<Ast>();
        node->kind = AstKind::kCast;
        node->name = "CAST";
        node->type = to;
        node->offset = tree->offset;
        node->length = tree->length;
        node->args.push_back(std::move(tree));
        tree = std::move(node);
      };
      cast(key.left, *left_type, l->type());
      cast(key.right, *right_type, r->type());
    }
    if (!key_column(key.left, parts.left, parts.right) ||
        !key_column(key.right, parts.right, parts.left))
      return std::nullopt;
    bool known = false;
    for (const auto& pair : on) known = known || pair.name == key.left->name;
    if (known) {
      parts.rest.push_back(comparison("=", std::move(key.left), std::move(key.right)));
      continue;
    }
    on.push_back(
        {key.left->name, at(*key.left), SourceText(key.right->name, at(*key.right), false)});
  }
  return on;
}

std::optional<Relation> Lowering::window_join(JoinParts& parts) {
  const TimeWindow window = *parts.left.window;
  parts.left.window.reset();
  parts.right.window.reset();
  const auto on = key_pairs(parts);
  if (!on) return std::nullopt;
  const bool inner = parts.kind == JoinKind::kInner || parts.kind == JoinKind::kCross;
  if (!inner && !parts.rest.empty())
    return complain(*parts.rest.front(), "an outer join of windows takes equalities alone");
  if (on->empty())
    return complain(
        parts.place, "a join of windows needs a key besides the window",
        "ON a.id = b.id AND a.window_start = b.window_start AND a.window_end = b.window_end");
  StepSpec step("window_join", at(parts.place));
  step.set("type", window.type);
  for (const auto& setting : window.settings) step.set(setting.name, setting.value);
  step.set("on", *on).set("join", kind_text(parts.kind));
  name_sides(parts.left, parts.right);
  auto rows = plan_.add_step(step.take(), {parts.left.rows, parts.right.rows});
  if (!rows) return std::nullopt;
  for (auto* side : {&parts.left, &parts.right})
    for (auto& table : side->tables)
      std::erase_if(table.columns, [](const VisibleColumn& c) { return c.name == "window_time"; });
  Relation joined = side_by_side(parts.left, parts.right);
  joined.rows = std::move(*rows);
  return filter(std::move(joined), std::move(parts.rest));
}

std::optional<Relation> Lowering::temporal_join(Relation left, const Join& join,
                                                const TableSource& what) {
  if (join.kind != JoinKind::kInner && join.kind != JoinKind::kLeft)
    return complain(join.place, "a join with a versioned table is an inner or a left join");
  const AstPtr time = resolved(*what.as_of, left);
  if (!time) return std::nullopt;
  if (time->kind != AstKind::kColumn || !left.rows.has_event_time ||
      (!left.rows.time_column.empty() && time->name != left.rows.time_column))
    return complain(*what.as_of, "FOR SYSTEM_TIME AS OF takes the event time of the left side",
                    left.rows.has_event_time ? "it is `" + left.rows.time_column + "`"
                                             : "the left side has none: WATERMARK FOR ...");
  auto right = table(what, join.right.alias.text);
  if (right) right = name_columns(std::move(*right), join.right);
  if (!right || !make_names_differ(left, *right)) return std::nullopt;
  JoinParts parts{
      std::move(left), std::move(*right), join.kind, join.place, {}, {}, {}, {}, {}, {}, false};
  if (join.natural || !join.columns.empty()) {
    if (!join_using(join, parts)) return std::nullopt;
  }
  if (join.on && !split_condition(conjuncts_of(*join.on), parts)) return std::nullopt;
  const auto on = key_pairs(parts);
  if (!on) return std::nullopt;
  if (on->empty() || !parts.rest.empty())
    return complain(join.place, "a join with a versioned table is made by equalities",
                    "ON o.currency = r.currency");
  StepSpec step("temporal_join", at(join.place));
  step.set("on", *on).set("join", kind_text(join.kind));
  name_sides(parts.left, parts.right);
  auto rows = plan_.add_step(step.take(), {parts.left.rows, parts.right.rows});
  if (!rows) return std::nullopt;
  Relation joined = side_by_side(parts.left, parts.right);
  const std::string column = parts.left.rows.time_column;
  joined.rows = std::move(*rows);
  joined.rows.time_column = column;
  return joined;
}

}  // namespace weir::sql
