#include "operators/process_declare.h"

#include <algorithm>

#include "base/spelling.h"
#include "expr/binder.h"
#include "expr/coercion.h"
#include "operators/column_list.h"

namespace weir {

namespace {

class Declarations {
 public:
  Declarations(const ProcessSpec& spec, const BindContext& context, ProcessProgram& program,
               ProcessErrors& errors)
      : spec_(spec), context_(context), program_(program), errors_(errors) {}

  void declare() {
    bind_keys();
    for (const StateSpec& state : spec_.states) bind_state(state);
    declare_timers();
  }

 private:
  void bind_keys() {
    program_.key_columns = resolve_columns(spec_.key_by, program_.input, errors_.all());
    for (const size_t c : program_.key_columns)
      program_.key_types.push_back(program_.input[c].type);
  }

  std::optional<Type> type_of(const SourceText& text) {
    auto type = parse_type(text.text);
    if (type) return *type;
    Error error = type.error();
    const int column = error.position.column;
    error.position = text.at(column > 0 ? static_cast<size_t>(column - 1) : 0);
    errors_.all().push_back(std::move(error));
    return std::nullopt;
  }

  void bind_state(const StateSpec& spec) {
    StateDef def;
    def.name = spec.name;
    if (program_.input.find(spec.name)) {
      errors_.add(spec.name_position,
                  "`" + spec.name + "` is a column of the input: a state needs a name of its own");
    } else if (spec.name == "timer_time") {
      errors_.add(spec.name_position, "`timer_time` is the time of the timer in on_timer rules",
                  "give the state another name");
    }
    if (const auto type = type_of(spec.type)) def.type = *type;
    bind_kind(spec, def);
    def.ttl.us = spec.ttl.us;
    def.ttl.refresh_on_read = spec.ttl_refresh == "read_write";
    def.event_ttl = spec.ttl_clock == "event";
    if (const Node* ttl = spec.table.find("ttl"); ttl != nullptr && spec.ttl.us <= 0)
      errors_.add(ttl->position, "`ttl` must be longer than 0s");
    for (const char* key : {"ttl_refresh", "ttl_clock"}) {
      const Node* node = spec.table.find(key);
      if (node != nullptr && spec.table.find("ttl") == nullptr)
        errors_.add(node->position, "`" + std::string(key) + "` needs `ttl`");
    }
    if (def.event_ttl && !context_.has_event_time)
      need_event_time(spec.table.find("ttl_clock")->position);
    program_.states.push_back(std::move(def));
  }

  void bind_kind(const StateSpec& spec, StateDef& def) {
    const auto only = [&](const char* key, const char* kind) {
      if (const Node* node = spec.table.find(key); node != nullptr && spec.kind != kind)
        errors_.add(node->position,
                    "`" + std::string(key) + "` belongs to kind = \"" + kind + "\"");
    };
    only("default", "value");
    only("limit", "list");
    only("key_type", "map");
    if (spec.kind == "value") {
      def.kind = StateKind::kValue;
      if (spec.fallback) bind_fallback(*spec.fallback, def);
    } else if (spec.kind == "list") {
      def.kind = StateKind::kList;
      if (!spec.limit) {
        errors_.add(spec.name_position, "the list `" + spec.name + "` needs `limit`",
                    "the number of elements that it keeps: limit = 100");
      } else if (*spec.limit < 1) {
        errors_.add(spec.table.find("limit")->position, "`limit` must be at least 1");
      } else {
        def.limit = static_cast<size_t>(*spec.limit);
      }
    } else {
      def.kind = StateKind::kMap;
      if (spec.table.find("key_type") == nullptr) {
        errors_.add(spec.name_position, "the map `" + spec.name + "` needs `key_type`",
                    "the type of its keys: key_type = \"STRING\"");
      } else if (const auto type = type_of(spec.key_type)) {
        def.key_type = *type;
      }
    }
  }

  void bind_fallback(const SourceText& text, StateDef& def) {
    const Schema nothing;
    auto expr = bind_text(text, nothing, context_.zone);
    if (expr && !fits_state(**expr, def.type))
      expr = std::unexpected(state_type_error(def, false, **expr));
    if (expr) expr = cast_to(std::move(*expr), def.type);
    if (!expr) {
      errors_.add(std::move(expr.error()), text);
      return;
    }
    EvalContext eval;
    Arena arena(64);
    eval.arena = &arena;
    eval.zone = context_.zone;
    Batch one;
    one.rows = 1;
    const ColumnPtr value = flat((*expr)->eval(one, eval));
    if (!eval.errors.empty()) {
      errors_.add(ProcessErrors::whole(text), "the default fails: " + eval.errors.front().reason);
      return;
    }
    def.fallback = value_at(*value, 0);
    def.fallback.type = def.type;
  }

  void need_event_time(const Position& position) {
    errors_.add(position, "there is no event time here",
                "declare [source.event_time], or use the clock \"processing\"");
  }

  // Timers are declared by being set; the clock says which kind they are.
  void declare_timers() {
    for (const RuleSpec& rule : spec_.rules) declare_timers(rule);
    for (const OnTimerSpec& on : spec_.on_timer)
      for (const RuleSpec& rule : on.rules) declare_timers(rule);
    const std::vector<std::string> names = timer_names(program_);
    for (const OnTimerSpec& on : spec_.on_timer) {
      if (find_timer(program_, on.timer) == names.size())
        errors_.add(on.timer_position, "no rule sets the timer `" + on.timer + "`",
                    spelling_hint(on.timer, names));
    }
  }

  void declare_timers(const RuleSpec& rule) {
    for (const TimerSpec& spec : rule.timers) {
      const bool event_time = spec.clock == "event";
      const size_t known = find_timer(program_, spec.name);
      if (known < program_.timers.size()) {
        if (program_.timers[known].event_time != event_time)
          errors_.add(spec.clock_position, "the timer `" + spec.name + "` is set by two clocks",
                      "a timer goes by one clock wherever it is set");
        continue;
      }
      if (event_time && !context_.has_event_time) need_event_time(spec.clock_position);
      program_.timers.push_back({spec.name, event_time});
      std::vector<std::string> handled;
      for (const OnTimerSpec& on : spec_.on_timer) handled.push_back(on.timer);
      if (std::find(handled.begin(), handled.end(), spec.name) == handled.end()) {
        std::string hint = spelling_hint(spec.name, handled);
        if (hint.empty()) hint = "write [transform.on_timer." + spec.name + "]";
        errors_.add(spec.name_position, "no on_timer rule is for the timer `" + spec.name + "`",
                    std::move(hint));
      }
    }
  }

  const ProcessSpec& spec_;
  const BindContext& context_;
  ProcessProgram& program_;
  ProcessErrors& errors_;
};

}  // namespace

void declare_process(const ProcessSpec& spec, const BindContext& context, ProcessProgram& program,
                     ProcessErrors& errors) {
  Declarations(spec, context, program, errors).declare();
}

bool fits_state(const Expr& value, const Type& to) {
  const Type& from = value.type();
  if (from == to || from.id == TypeId::kNull || conversion_cost(value, to)) return true;
  const auto exact = [](const Type& t) { return t.is_numeric() && !t.is_approximate(); };
  if (exact(from) && exact(to)) return from.scale <= to.scale;
  if (to.is_approximate()) return from.is_numeric();
  return from.id == to.id && (from.is_timestamp() || from.is_nested());
}

Error state_type_error(const StateDef& def, bool is_key, const Expr& expr) {
  const std::string type = (is_key ? def.key_type : def.type).to_string();
  return {ErrorKind::kConfig,
          (is_key ? "the keys of `" + def.name + "` are " : "`" + def.name + "` keeps ") + type +
              ", the expression is " + expr.type().to_string(),
          {},
          "CAST(... AS " + type + "), or another type for `" + def.name + "`",
          {}};
}

size_t find_timer(const ProcessProgram& program, const std::string& name) {
  size_t t = 0;
  while (t < program.timers.size() && program.timers[t].name != name) ++t;
  return t;
}

std::vector<std::string> timer_names(const ProcessProgram& program) {
  std::vector<std::string> names;
  for (const TimerDef& timer : program.timers) names.push_back(timer.name);
  return names;
}

}  // namespace weir
