#include "operators/process_bind.h"

#include <algorithm>

#include "base/spelling.h"
#include "expr/binder.h"
#include "expr/names.h"
#include "operators/process_candidates.h"
#include "operators/process_declare.h"
#include "operators/process_emits.h"
#include "operators/process_lookup.h"
#include "operators/process_loop.h"

namespace weir {

namespace {

class ProcessBinder {
 public:
  ProcessBinder(const ComponentSpec& step, const ProcessSpec& spec, const Schema& input,
                const BindContext& context, Errors& errors)
      : step_(step), spec_(spec), context_(context), errors_(errors), access_(program_) {
    program_.input = input;
    program_.out_of_orderness_us = context.out_of_orderness_us;
  }

  std::optional<ProcessProgram> bind() {
    declare_process(spec_, context_, program_, errors_);
    if (errors_.any()) return std::nullopt;
    make_scopes();
    bind_rules();
    if (errors_.any()) return std::nullopt;
    bind_emits(
        spec_, step_.position, scopes_,
        [this](const SourceText& text, const Schema& scope) { return bind_value(text, scope); },
        program_, errors_);
    if (errors_.any()) return std::nullopt;
    finish();
    return std::move(program_);
  }

 private:
  void make_scopes() {
    const auto is_key = [&](size_t c) {
      const auto& keys = program_.key_columns;
      return std::find(keys.begin(), keys.end(), c) != keys.end();
    };
    const auto hidden = [](const std::string& name) { return kHiddenName + name; };
    for (size_t c = 0; c < program_.input.size(); ++c) {
      const ColumnSpec& column = program_.input[c];
      scopes_.record.add(column.name, column.type);
      scopes_.timer.add(is_key(c) ? column.name : hidden(column.name), column.type);
    }
    for (Schema* scope : {&scopes_.record, &scopes_.timer}) {
      for (const StateDef& state : program_.states) scope->add(state.name, state.column_type());
      scope->add(hidden("group"), Type::bigint());
      scope->add(hidden("now"), Type::bigint());
    }
    scopes_.record.add(hidden("timer_time"), Type::timestamp(3));
    scopes_.timer.add("timer_time", Type::timestamp(3));
  }

  // --- rules ---

  void bind_rules() {
    for (const RuleSpec& rule : spec_.rules) {
      program_.rules.push_back(bind_rule(rule, scopes_.record));
      program_.rules.back().when_of_record =
          rule.when && is_of_record(*rule.when, program_.input, context_.zone);
    }
    program_.on_timer.resize(program_.timers.size());
    for (const OnTimerSpec& on : spec_.on_timer) {
      auto& rules = program_.on_timer[find_timer(program_, on.timer)];
      for (const RuleSpec& rule : on.rules) rules.push_back(bind_rule(rule, scopes_.timer));
    }
  }

  // The error, with a word on columns that a timer does not know.
  Error explained(Error error, const Schema& schema) const {
    if (&schema != &scopes_.timer) return error;
    for (const auto& column : program_.input) {
      if (error.message != "no column `" + column.name + "`") continue;
      error.message += " when a timer fires";
      error.hint = "there are the key columns, the state and timer_time: keep `" + column.name +
                   "` in a state";
    }
    return error;
  }

  ExprPtr bind_value(const SourceText& text, const Schema& schema) {
    auto expr = bind_text(text, schema, context_.zone, access_);
    if (expr) return *expr;
    errors_.add(explained(std::move(expr.error()), schema), text);
    return nullptr;
  }

  // The expression as a value of the state, or as a key of the map.
  Formula bind_as(const SourceText& text, const Schema& schema, const StateDef& def,
                  bool is_key = false) {
    const Type& type = is_key ? def.key_type : def.type;
    ExprPtr expr = bind_value(text, schema);
    if (!expr) return {};
    if (!fits_state(*expr, type)) {
      errors_.add(state_type_error(def, is_key, *expr), text);
      return {};
    }
    auto cast = cast_to(std::move(expr), type);
    if (cast) return Formula(*cast);
    errors_.add(std::move(cast.error()), text);
    return {};
  }

  // The state of a name; states_.size() after an error.
  size_t find_state(const std::string& name, const Position& position,
                    std::optional<StateKind> kind, const char* action) {
    std::vector<std::string> names;
    for (size_t s = 0; s < program_.states.size(); ++s) {
      names.push_back(program_.states[s].name);
      if (program_.states[s].name != name) continue;
      const StateKind found = program_.states[s].kind;
      if (!kind || found == *kind) return s;
      const char* what = found == StateKind::kValue  ? "a value"
                         : found == StateKind::kList ? "a list"
                                                     : "a map";
      const char* how = found == StateKind::kValue  ? "write to it with `set`"
                        : found == StateKind::kList ? "write to it with `append`"
                                                    : "write to it with `put` and `remove`";
      errors_.add(position,
                  "`" + std::string(action) + "` is not for `" + name + "`, which is " + what, how);
      return program_.states.size();
    }
    std::string hint = spelling_hint(name, names);
    if (names.empty()) hint = "declare it: [transform.state." + name + "]";
    errors_.add(position, "no state `" + name + "`", std::move(hint));
    return program_.states.size();
  }

  ProcessRule bind_rule(const RuleSpec& spec, const Schema& schema) {
    ProcessRule rule;
    rule.stop = spec.stop;
    if (spec.when) {
      auto when = bind_predicate(*spec.when, schema, context_.zone, access_);
      if (when) {
        rule.when = Formula(*when);
      } else {
        errors_.add(explained(std::move(when.error()), schema), *spec.when);
      }
    }
    bind_writes(spec, schema, rule);
    bind_timers(spec, schema, rule);
    return rule;
  }

  void bind_writes(const RuleSpec& spec, const Schema& schema, ProcessRule& rule) {
    using Kind = StateWrite::Kind;
    const auto known = [&](size_t state) { return state < program_.states.size(); };
    for (const SourceText& name : spec.clear) {
      const size_t s = find_state(name.text, ProcessErrors::whole(name), std::nullopt, "clear");
      if (known(s)) rule.clears.push_back(s);
    }
    for (const NamedText& text : spec.remove) {
      const size_t s = find_state(text.name, text.name_position, StateKind::kMap, "remove");
      if (!known(s)) continue;
      const StateDef& def = program_.states[s];
      rule.writes.push_back({Kind::kRemove, s, bind_as(text.value, schema, def, true), {}});
    }
    for (const NamedText& text : spec.set) {
      const size_t s = find_state(text.name, text.name_position, StateKind::kValue, "set");
      if (!known(s)) continue;
      const StateDef& def = program_.states[s];
      rule.writes.push_back({Kind::kSet, s, {}, bind_as(text.value, schema, def)});
    }
    for (const NamedText& text : spec.append) {
      const size_t s = find_state(text.name, text.name_position, StateKind::kList, "append");
      if (!known(s)) continue;
      const StateDef& def = program_.states[s];
      rule.writes.push_back({Kind::kAppend, s, {}, bind_as(text.value, schema, def)});
    }
    for (const PutSpec& put : spec.put) {
      const size_t s = find_state(put.state, put.state_position, StateKind::kMap, "put");
      if (!known(s)) continue;
      const StateDef& def = program_.states[s];
      rule.writes.push_back(
          {Kind::kPut, s, bind_as(put.key, schema, def, true), bind_as(put.value, schema, def)});
    }
  }

  void bind_timers(const RuleSpec& spec, const Schema& schema, ProcessRule& rule) {
    for (const TimerSpec& timer : spec.timers) {
      TimerSetting setting;
      setting.timer = find_timer(program_, timer.name);
      if (timer.after) setting.after_us = timer.after->us;
      if (timer.at) setting.at = bind_time(*timer.at, schema);
      rule.timers.push_back(std::move(setting));
    }
    const std::vector<std::string> names = timer_names(program_);
    for (const SourceText& name : spec.cancel) {
      const size_t t = find_timer(program_, name.text);
      if (t < names.size()) {
        rule.cancels.push_back(t);
      } else {
        errors_.add(ProcessErrors::whole(name), "no rule sets the timer `" + name.text + "`",
                    spelling_hint(name.text, names));
      }
    }
  }

  Formula bind_time(const SourceText& text, const Schema& schema) {
    ExprPtr expr = bind_value(text, schema);
    if (!expr) return {};
    const Type& type = expr->type();
    if (!type.is_timestamp()) {
      errors_.add(
          ProcessErrors::whole(text), "`at` must be a TIMESTAMP, it is " + type.to_string(),
          type.is_text() ? "CAST(... AS TIMESTAMP(3)), or `after` from the record's own time" : "");
      return {};
    }
    auto micros = cast_to(expr, Type{type.id, 6});
    if (micros) return Formula(*micros);
    errors_.add(std::move(micros.error()), text);
    return {};
  }

  // --- the end ---

  static bool fails_after_writing(const ProcessRule& rule) {
    const auto fails = [](const auto& formulas) {
      return std::any_of(formulas.begin(), formulas.end(),
                         [](const Formula& f) { return f && f.expr->can_fail(); });
    };
    std::vector<Formula> formulas = rule.emit;
    for (const auto& timer : rule.timers) formulas.push_back(timer.at);
    return fails(formulas);
  }
  static bool can_fail(const ProcessRule& rule) {
    if (fails_after_writing(rule) || (rule.when && rule.when.expr->can_fail())) return true;
    return std::any_of(rule.writes.begin(), rule.writes.end(), [](const StateWrite& write) {
      return (write.key && write.key.expr->can_fail()) ||
             (write.value && write.value.expr->can_fail());
    });
  }
  static void look_ahead(std::vector<ProcessRule>& rules) {
    bool later = false;
    for (size_t r = rules.size(); r-- > 0;) {
      rules[r].later_rules_may_fail = later;
      rules[r].may_fail_later = later || fails_after_writing(rules[r]);
      later = later || can_fail(rules[r]);
    }
  }

  void finish() {
    look_ahead(program_.rules);
    for (auto& rules : program_.on_timer) look_ahead(rules);
    program_.loop = plan_loop(program_, spec_.rules, scopes_.record, context_.zone);
    const bool reading_counts =
        std::any_of(program_.states.begin(), program_.states.end(),
                    [](const StateDef& s) { return s.ttl.refresh_on_read; });
    if (!reading_counts)
      program_.candidates = candidate_condition(spec_.rules, program_.input, context_.zone);
  }

  const ComponentSpec& step_;
  const ProcessSpec& spec_;
  const BindContext& context_;
  ProcessErrors errors_;
  ProcessProgram program_;
  StateAccess access_;
  ProcessScopes scopes_;
};

}  // namespace

std::optional<ProcessProgram> bind_process(const ComponentSpec& step, const ProcessSpec& spec,
                                           const Schema& input, const BindContext& context,
                                           Errors& errors) {
  return ProcessBinder(step, spec, input, context, errors).bind();
}

}  // namespace weir
