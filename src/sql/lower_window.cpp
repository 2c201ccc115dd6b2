// TUMBLE, HOP, CUMULATE and SESSION over a table: rows in windows. The window waits in the relation until
// GROUP BY makes it a window step, a join one of windows, or something else needs its columns.
#include <fmt/format.h>

#include <array>

#include "base/spelling.h"
#include "base/units.h"
#include "expr/binder.h"
#include "expr/names.h"
#include "sql/lowering.h"
#include "sql/trees.h"

namespace weir::sql {

namespace {

// Without a watermark no row of bounded input is late: windows close at the end of the input.
constexpr int64_t kAllOfTheInputUs = int64_t{200} * 365 * 24 * 3600 * 1'000'000;

// The intervals behind the time column, by position and by name.
struct WindowArguments {
  std::string_view function;
  std::string_view type;
  std::vector<std::string_view> keys;   // of the step
  std::vector<std::string_view> names;  // of the arguments
  size_t required;
};
const std::array<WindowArguments, 4> kFunctions = {{
    {"TUMBLE", "tumbling", {"size", "offset"}, {"SIZE", "OFFSET"}, 1},
    {"HOP", "sliding", {"slide", "size", "offset"}, {"SLIDE", "SIZE", "OFFSET"}, 2},
    {"CUMULATE", "cumulate", {"step", "size", "offset"}, {"STEP", "SIZE", "OFFSET"}, 2},
    {"SESSION", "session", {"gap"}, {"GAP"}, 1},
}};

const WindowArguments* find_function(std::string_view name) {
  for (const auto& function : kFunctions)
    if (function.function == name) return &function;
  return nullptr;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::optional<std::string> Lowering::duration(const Ast& ast, std::string_view what) {
  Schema nothing;
  BindScope scope;
  scope.schema = &nothing;
  scope.zone = plan_.zone();
  scope.text = &text_;
  auto bound = bind(ast, scope);
  if (!bound) {
    errors_.push_back(std::move(bound.error()));
    return std::nullopt;
  }
  const Value* value = (*bound)->as_literal();
  if (value == nullptr || value->is_null || value->type.id != TypeId::kIntervalMillis)
    return complain(ast, fmt::format("{} is an interval of days or less", what),
                    "written INTERVAL '10' MINUTE");
  return format_duration({static_cast<int64_t>(value->number) * 1000});
}

std::optional<Relation> Lowering::window_function(const FunctionSource& function,
                                                  const Place& place) {
  const WindowArguments* known = find_function(function.name.text);
  if (known == nullptr) {
    std::vector<std::string> names;
    for (const auto& f : kFunctions) names.emplace_back(f.function);
    return complain(function.name.place, "no table function `" + function.name.text + "`",
                    spelling_hint(function.name.text, names));
  }
  TimeWindow window;
  window.type = known->type;
  window.place = at(place);
  std::optional<TableInput> input;
  const Ast* descriptor = nullptr;
  size_t next = 0;  // interval by position
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    const auto& argument = function.arguments[i];
    const std::string name = upper(argument.name.text);
    if (const auto* table = std::get_if<TableInput>(&argument.value)) {
      input = *table;
      continue;
    }
    const Ast& value = *std::get<Expression>(argument.value);
    if (name == "TIMECOL" || (name.empty() && is_call(value, "DESCRIPTOR"))) {
      descriptor = &value;
      continue;
    }
    if (name == "DATA" || (name.empty() && !input && i == 0)) {
      TableInput table;
      table.name = {path_of(value), false, {value.offset, value.length}};
      input = table;
      continue;
    }
    size_t at_key = next;
    if (!name.empty())
      for (at_key = 0; at_key < known->names.size() && known->names[at_key] != name;) ++at_key;
    if (at_key >= known->keys.size())
      return complain(
          value, fmt::format("{} has no such argument", known->function),
          fmt::format("arguments: TABLE, DESCRIPTOR, {}", fmt::join(known->names, ", ")));
    next = at_key + 1;
    const auto length =
        duration(value, fmt::format("{} of {}", known->names[at_key], known->function));
    if (!length) return std::nullopt;
    window.settings.push_back(
        {std::string(known->keys[at_key]), at(value), SourceText(*length, at(value), false)});
  }
  if (!input) return complain(place, fmt::format("{} needs a table: TABLE name", known->function));
  if (descriptor == nullptr || descriptor->args.size() != 1)
    return complain(place,
                    fmt::format("{} needs a time column: DESCRIPTOR(name)", known->function));
  for (size_t i = 0; i < known->required; ++i) {
    bool given = false;
    for (const auto& setting : window.settings) given = given || setting.name == known->keys[i];
    if (!given)
      return complain(place,
                      fmt::format("{} needs an interval: {}", known->function, known->names[i]));
  }
  auto relation = window_input(function, *input);
  if (!relation) return std::nullopt;
  for (const auto& key : input->partition_by) {
    const AstPtr column = resolved(*key, *relation);
    if (!column) return std::nullopt;
    if (column->kind != AstKind::kColumn) return complain(*key, "PARTITION BY takes columns here");
    window.key_by.push_back(column->name);
  }
  relation = with_time(std::move(*relation), *descriptor->args[0]);
  if (!relation) return std::nullopt;
  VisibleTable& table = relation->tables[0];
  std::erase_if(table.columns, [](const VisibleColumn& c) { return is_window_column(c.name); });
  for (const auto* name : {"window_start", "window_end", "window_time"})
    table.columns.push_back({name, name});
  window.table = table.alias;
  relation->window = std::move(window);
  return relation;
}

std::optional<Relation> Lowering::window_input(const FunctionSource&, const TableInput& input) {
  Source source;
  source.place = input.name.place;
  if (input.query) {
    source.what = SubquerySource{input.query};
  } else {
    TableSource named;
    named.name = input.name;
    source.what = named;
  }
  auto relation = this->source(source, nullptr);
  if (relation && relation->window) relation = assign_window(std::move(*relation));
  return relation;
}

std::optional<Relation> Lowering::with_time(Relation relation, const Ast& descriptor) {
  const AstPtr column = resolved(descriptor, relation);
  if (!column) return std::nullopt;
  if (column->kind != AstKind::kColumn) return complain(descriptor, "DESCRIPTOR names a column");
  if (relation.rows.has_event_time) {
    const std::string& known = relation.rows.time_column;
    if (!known.empty() && known != column->name)
      return complain(descriptor, "the event time of this table is `" + known + "`",
                      "write DESCRIPTOR(" + known + ")");
    return relation;
  }
  const Type type = relation.schema()[*relation.schema().find(column->name)].type;
  if (!type.is_timestamp())
    return complain(
        descriptor,
        "a window needs a time column: `" + to_sql(descriptor) + "` is " + type.to_string(),
        type.is_text() ? "make it one: TUMBLE((SELECT *, TO_TIMESTAMP(" + to_sql(descriptor) +
                             ") AS ts FROM t), DESCRIPTOR(ts), ...)"
                       : "windows go by a TIMESTAMP");
  if (plan_.streaming() && relation.rows.changelog)
    return complain(descriptor, "a window cannot take rows back, and those of this query change",
                    "group by the window in that query already: GROUP BY window_start, window_end, "
                    "...; or SET 'execution.runtime-mode' = 'batch', which gives final rows");
  if (plan_.streaming())
    return complain(descriptor, "`" + to_sql(descriptor) + "` has no watermark",
                    "CREATE TABLE ... (WATERMARK FOR " + to_sql(descriptor) + " AS " +
                        to_sql(descriptor) + " - INTERVAL '5' SECOND), or [source.event_time]");
  EventTimeSpec time;
  time.column = text_of(*column);
  time.max_out_of_orderness.us = kAllOfTheInputUs;
  time.position = at(descriptor);
  auto rows = plan_.add_event_time(time, relation.rows);
  if (!rows)
    return complain(descriptor, "the rows of this query have no event time any more",
                    "put the window over the table itself, and the query around it");
  rows->time_column = column->name;
  relation.rows = std::move(*rows);
  return relation;
}

std::optional<Relation> Lowering::assign_window(Relation relation) {
  if (!relation.window) return relation;
  const TimeWindow window = *std::exchange(relation.window, std::nullopt);
  // Older columns of these names can no longer be named.
  NamedTexts moved;
  for (const auto& column : relation.schema())
    if (is_window_column(column.name))
      moved.push_back({free_name("_" + column.name, relation.schema()), window.place,
                       SourceText(column.name, window.place, false)});
  if (!moved.empty()) {
    StepSpec rename("rename", window.place);
    rename.set("columns", moved);
    auto renamed = add(std::move(relation), std::move(rename));
    if (!renamed) return std::nullopt;
    relation = std::move(*renamed);
  }
  StepSpec step("assign_window", window.place);
  step.set("type", window.type);
  for (const auto& setting : window.settings) step.set(setting.name, setting.value);
  if (!window.key_by.empty()) step.set("key_by", window.key_by);
  return add(std::move(relation), std::move(step));
}

}  // namespace weir::sql
