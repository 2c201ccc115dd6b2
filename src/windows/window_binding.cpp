#include "windows/window_binding.h"

#include <fmt/format.h>

#include "base/spelling.h"
#include "operators/column_list.h"

namespace weir {

namespace {

struct NamedColumn {
  std::string_view name;
  WindowColumn column;
};
constexpr NamedColumn kWindowColumns[] = {
    {"window_start", WindowColumn::kStart},
    {"window_end", WindowColumn::kEnd},
    {"window_time", WindowColumn::kTime},
};

class WindowBinder {
 public:
  WindowBinder(const WindowOptions& options, const WindowKind& kind, const Schema& input,
               const BindContext& context, WindowComplaints& complaints)
      : options_(options), kind_(kind), context_(context), complaints_(complaints) {
    window_.input = input;
    window_.event_time = options.time == "event";
    window_.allowed_lateness_us = options.allowed_lateness.us;
    window_.out_of_orderness_us = context.out_of_orderness_us;
    window_.one_partition = context.one_partition;
    window_.order = options.order == "key"       ? GroupOrder::kKey
                    : options.order == "arrival" ? GroupOrder::kArrival
                                                 : GroupOrder::kNone;
  }

  std::optional<WindowBinding> bind() {
    check_time();
    name_window_columns();
    bind_keys();
    if (options_.aggregate.empty() == options_.reduce.empty()) complain_of_results();
    if (complaints_.any()) return std::nullopt;
    if (options_.reduce.empty()) {
      bind_results(options_.aggregate);
    } else {
      bind_reduced();
    }
    if (!complaints_.any()) bind_having();
    if (complaints_.any()) return std::nullopt;
    add_late_columns();
    write_text();
    window_.program = window_.make_program({});
    return std::move(window_);
  }

 private:
  void check_time() {
    if (kind_.needs_time && window_.event_time && !context_.has_event_time)
      complaints_.at(
          "time", "an event-time window needs [source.event_time]",
          "name the column that holds the records' time: [source.event_time] column = \"time\"");
    if (options_.allowed_lateness.us < 0)
      complaints_.at("allowed_lateness", "allowed_lateness must not be negative");
    if (options_.allowed_lateness.us > 0 && !window_.event_time)
      complaints_.at("allowed_lateness", "only event time knows late records",
                     "leave `allowed_lateness` out, or use time = \"event\"");
  }

  void name_window_columns() {
    if (!options_.window_columns) {
      if (kind_.has_bounds) window_.columns = {WindowColumn::kStart, WindowColumn::kEnd};
    } else if (!kind_.has_bounds && !options_.window_columns->empty()) {
      complaints_.at("window_columns", kind_.title + " has no start and no end");
    } else {
      for (const auto& name : *options_.window_columns) add_window_column(name);
    }
    for (const WindowColumn column : window_.columns)
      window_.output.add(std::string(kWindowColumns[static_cast<size_t>(column)].name),
                         Type::timestamp(3));
  }

  void add_window_column(const SourceText& name) {
    for (const auto& known : kWindowColumns) {
      if (known.name != name.text) continue;
      for (const WindowColumn before : window_.columns) {
        if (before == known.column)
          return complaints_.add({ErrorKind::kConfig,
                                  "`" + name.text + "` is there twice",
                                  name.at(0, name.text.size()),
                                  {},
                                  {}});
      }
      window_.columns.push_back(known.column);
      return;
    }
    std::vector<std::string> names;
    for (const auto& known : kWindowColumns) names.emplace_back(known.name);
    complaints_.add({ErrorKind::kConfig,
                     "no window column `" + name.text + "`",
                     name.at(0, name.text.size()),
                     spelling_hint(name.text, names),
                     {}});
  }

  void bind_keys() {
    for (const auto& key : options_.key_by) {
      auto bound = bind_text(key, window_.input, context_.zone);
      if (!bound) {
        complaints_.errors().push_back(bound.error());
        continue;
      }
      if ((*bound)->as_column() < 0) {
        complaints_.add({ErrorKind::kConfig,
                         "key_by takes columns, not expressions",
                         key.at(0, key.text.size()),
                         "compute it before the window: [[transform]] op = \"extend\"",
                         {}});
        continue;
      }
      const auto index = static_cast<size_t>((*bound)->as_column());
      const ColumnSpec& column = window_.input[index];
      window_.key_columns.push_back(index);
      window_.key_types.push_back(column.type);
      add_output(column.name, column.type, key.at(0, key.text.size()),
                 "rename it before the window: [[transform]] op = \"rename\"");
    }
  }

  void add_output(const std::string& name, const Type& type, const Position& position,
                  std::string hint) {
    if (window_.output.find(name)) {
      complaints_.add({ErrorKind::kConfig,
                       "the result has two columns `" + name + "`",
                       position,
                       std::move(hint),
                       {}});
      return;
    }
    window_.output.add(name, type);
  }

  void complain_of_results() {
    if (options_.aggregate.empty()) {
      complaints_.at("aggregate", kind_.title + " needs `aggregate`, or `reduce`",
                     "the result's columns: aggregate = { n = \"COUNT(*)\" }");
    } else {
      complaints_.at("reduce", "a window has `aggregate` or `reduce`, not both");
    }
  }

  void bind_results(const NamedTexts& texts) {
    std::vector<std::string> keys;
    for (const size_t c : window_.key_columns) keys.push_back(window_.input[c].name);
    auto binding = bind_aggregates(texts, window_.input, keys, context_.zone);
    if (!binding) {
      add_aggregate_errors(texts, window_.input, keys, context_.zone, complaints_.errors());
      return;
    }
    window_.aggregates = std::move(*binding);
    for (size_t i = 0; i < window_.aggregates.output.size(); ++i) {
      const ColumnSpec& column = window_.aggregates.output[i];
      add_output(column.name, column.type, texts[i].name_position, "give the result another name");
    }
  }

  void bind_reduced() {
    window_.reduction = bind_reduction(options_.reduce, window_.input, window_.key_columns,
                                       context_.zone, complaints_.errors());
    if (complaints_.any()) return;
    if (!window_.reduction->general) return bind_results(as_aggregates(*window_.reduction));
    for (size_t i = 0; i < window_.reduction->columns.size(); ++i) {
      const ReducedColumn& column = window_.reduction->columns[i];
      add_output(column.name, column.type, options_.reduce[i].name_position,
                 "give the column another name before the window: op = \"rename\"");
    }
  }

  // The simple forms as aggregates. A NULL makes a sum and an extreme NULL, unlike in SUM and MIN; a
  // first and a last value may be NULL, unlike in FIRST_VALUE.
  NamedTexts as_aggregates(const Reduction& reduction) const {
    NamedTexts texts;
    for (size_t i = 0; i < reduction.columns.size(); ++i) {
      const ReducedColumn& column = reduction.columns[i];
      const std::string name = "`" + column.name + "`";
      std::string value;
      switch (column.form) {
        case ReduceForm::kSum:
          value = "CAST(SUM(" + name + ") AS " + column.type.to_string() + ")";
          break;
        case ReduceForm::kLeast: value = "MIN(" + name + ")"; break;
        case ReduceForm::kGreatest: value = "MAX(" + name + ")"; break;
        case ReduceForm::kKeep: value = "FIRST_VALUE(ARRAY[" + name + "])[1]"; break;
        case ReduceForm::kReplace: value = "LAST_VALUE(ARRAY[" + name + "])[1]"; break;
        case ReduceForm::kGeneral: break;
      }
      if (column.form != ReduceForm::kKeep && column.form != ReduceForm::kReplace)
        value = "CASE WHEN COUNT(*) = COUNT(" + name + ") THEN " + value + " END";
      const NamedText& written = options_.reduce[i];
      texts.push_back({column.name, written.name_position,
                       SourceText(std::move(value), written.value.position, false)});
    }
    return texts;
  }

  void bind_having() {
    if (!options_.having) return;
    auto having = bind_predicate(*options_.having, window_.output, context_.zone);
    if (having) {
      window_.having = std::move(*having);
    } else {
      complaints_.errors().push_back(having.error());
    }
  }

  void add_late_columns() {
    window_.late_output = window_.input;
    const auto add = [&](std::string name, Type type) {
      while (window_.late_output.find(name)) name.insert(0, "_");
      window_.late_output.add(std::move(name), std::move(type));
    };
    add("event_time", Type::timestamp(3));
    add("watermark", Type::timestamp(3));
    add("late_by_ms", Type::bigint());
  }

  void write_text() {
    std::string& text = window_.text;
    if (options_.allowed_lateness.us > 0)
      text += ", records up to " + format_duration(options_.allowed_lateness) + " late";
    if (!window_.key_columns.empty())
      text += ", by " + join_names(window_.key_columns, window_.input);
    text += ": " + join_texts(options_.reduce.empty() ? options_.aggregate : options_.reduce);
    if (options_.having) text += ", having " + options_.having->text;
  }

  const WindowOptions& options_;
  const WindowKind& kind_;
  const BindContext& context_;
  WindowComplaints& complaints_;
  WindowBinding window_;
};

}  // namespace

std::unique_ptr<AggregateProgram> WindowBinding::make_program(
    const std::vector<bool>& outputs) const {
  std::vector<bool> results;
  if (!outputs.empty()) {
    const auto first = static_cast<int64_t>(columns.size() + key_columns.size());
    results.assign(outputs.begin() + first, outputs.end());
  }
  if (aggregates.outputs.empty()) results.clear();
  return std::make_unique<AggregateProgram>(aggregates, key_types.size(), input.size(), results);
}

std::vector<bool> WindowBinding::with_having(std::vector<bool> outputs) const {
  outputs.resize(output.size(), outputs.empty());
  if (having) having->collect_columns(outputs);
  return outputs;
}

std::optional<WindowBinding> bind_window(const WindowOptions& options, const WindowKind& kind,
                                         const Schema& input, const BindContext& context,
                                         WindowComplaints& complaints) {
  return WindowBinder(options, kind, input, context, complaints).bind();
}

WindowPlan::WindowPlan(std::string name, WindowBinding binding)
    : OperatorPlan(std::move(name), binding.input, binding.output), window_(std::move(binding)) {}

std::vector<bool> WindowPlan::columns_needed(const std::vector<bool>& output_needed) const {
  if (window_.want_late) return std::vector<bool>(input().size(), true);
  std::vector<bool> columns(input().size(), false);
  for (const size_t c : window_.key_columns) columns[c] = true;
  if (window_.reduction && window_.reduction->general) {
    for (const auto& column : window_.reduction->columns) columns[column.input] = true;
  }
  window_.make_program(window_.with_having(output_needed))->collect_columns(columns);
  return columns;
}

void WindowPlan::set_output_needed(const std::vector<bool>& needed) {
  OperatorPlan::set_output_needed(needed);
  window_.needed = window_.with_having(needed);
  window_.program = window_.make_program(window_.needed);
}

}  // namespace weir
