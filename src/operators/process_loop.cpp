#include "operators/process_loop.h"

#include <algorithm>

namespace weir {

namespace {

bool reads_record_only(const Formula& formula, const ProcessProgram& program) {
  return std::all_of(formula.columns.begin(), formula.columns.end(),
                     [&](size_t c) { return c < program.input.size(); });
}

const SourceText* text_of(const NamedTexts& texts, const std::string& name) {
  for (const NamedText& text : texts)
    if (text.name == name) return &text.value;
  return nullptr;
}

// False if a part of the rule is not simple enough.
bool plan_rule(const ProcessProgram& program, const ProcessRule& rule, const RuleSpec& spec,
               ScalarCompiler& compiler, ProcessLoopPlan::Rule& out) {
  // What a record has written can be taken back here, timers cannot.
  if (rule.later_rules_may_fail && !(rule.timers.empty() && rule.cancels.empty())) return false;
  const auto compiled = [&](const SourceText& text, const Type& type,
                            std::optional<ScalarExpr>& to) {
    to = compiler.compile(text, type);
    return to.has_value();
  };
  if (spec.when && !compiled(*spec.when, Type::boolean(), out.when)) return false;
  for (size_t w = 0; w < rule.writes.size(); ++w) {
    if (rule.writes[w].kind != StateWrite::Kind::kSet) return false;
    std::optional<ScalarExpr> value;
    if (!compiled(spec.set[w].value, program.states[rule.writes[w].state].type, value))
      return false;
    out.writes.push_back(std::move(*value));
  }
  for (size_t t = 0; t < rule.timers.size(); ++t) {
    out.timers.emplace_back();
    if (spec.timers[t].at &&
        !compiled(*spec.timers[t].at, rule.timers[t].at.expr->type(), out.timers.back()))
      return false;
  }
  for (size_t c = 0; c < rule.emit.size(); ++c) {
    out.emit.emplace_back();
    if (reads_record_only(rule.emit[c], program)) {
      if (rule.emit[c].expr->can_fail()) return false;
      continue;
    }
    const ColumnSpec& column = program.output[c];
    const SourceText* text = spec.emit ? text_of(*spec.emit, column.name) : nullptr;
    if (text == nullptr || !compiled(*text, column.type, out.emit.back())) return false;
  }
  return true;
}

}  // namespace

std::shared_ptr<const ProcessLoopPlan> plan_loop(const ProcessProgram& program,
                                                 const std::vector<RuleSpec>& rules,
                                                 const Schema& scope, const TimeZone* zone) {
  for (const StateDef& state : program.states) {
    if (state.kind != StateKind::kValue || state.ttl.limited() || !is_scalar(state.type))
      return nullptr;
  }
  auto plan = std::make_shared<ProcessLoopPlan>();
  ScalarCompiler compiler(program, scope, zone, plan->operands);
  for (size_t r = 0; r < rules.size(); ++r) {
    plan->rules.emplace_back();
    if (!plan_rule(program, program.rules[r], rules[r], compiler, plan->rules.back()))
      return nullptr;
  }
  return plan;
}

size_t ProcessLoop::run(const Batch& batch, const Vec<uint32_t>& groups, ProcessRules& rules,
                        const std::function<void(uint32_t)>& fire) {
  eval_operands(batch, rules);
  emitted_.assign(program_.rules.size(), {});
  for (size_t r = 0; r < emitted_.size(); ++r) emitted_[r].columns.resize(program_.output.size());
  const Timers& timers = rules.state().event_timers();
  size_t done = 0;
  for (; done < batch.rows; ++done) {
    const auto i = static_cast<uint32_t>(done);
    if (!timers.empty() && timers.first_due(groups[i], batch.watermark_at(i)) < timers.names())
      fire(i);
    if (!run_row(batch, i, groups[i], rules)) break;
  }
  give(batch, groups, rules);
  return done;
}

void ProcessLoop::eval_operands(const Batch& batch, ProcessRules& rules) {
  operands_.clear();
  for (const Formula& operand : program_.loop->operands)
    operands_.push_back(flat(operand.expr->eval(batch, rules.context())));
}

// False, with nothing changed, when something of it fails.
bool ProcessLoop::run_row(const Batch& batch, uint32_t row, uint32_t group, ProcessRules& rules) {
  undo_.clear();
  const ScalarExpr::Row at{operands_, row, rules.state(), group};
  for (size_t r = 0; r < program_.rules.size(); ++r) {
    bool ok = true;
    const auto& when = program_.loop->rules[r].when;
    const bool matches = !when || when->eval(at, ok).is_true();
    if (ok && matches) ok = run_rule(r, at, batch, rules);
    if (!ok) {
      take_back(row, group, rules.state());
      return false;
    }
    if (matches && program_.rules[r].stop) break;
  }
  return true;
}

bool ProcessLoop::run_rule(size_t number, const ScalarExpr::Row& at, const Batch& batch,
                           ProcessRules& rules) {
  const ProcessRule& rule = program_.rules[number];
  const ProcessLoopPlan::Rule& plan = program_.loop->rules[number];
  bool ok = true;
  values_.clear();
  for (const ScalarExpr& value : plan.writes) values_.push_back(value.eval(at, ok));
  if (!ok) return false;
  for (size_t w = 0; w < values_.size(); ++w)
    write(rule.writes[w].state, at.group, values_[w], rules.state());
  times_.assign(rule.timers.size(), {});
  for (size_t t = 0; t < times_.size(); ++t)
    if (plan.timers[t]) times_[t] = plan.timers[t]->eval(at, ok);
  if (!ok || (!rule.emit.empty() && !emit(number, at))) return false;
  // From here on nothing can fail.
  for (const size_t t : rule.cancels) rules.state().cancel_timer(t, at.group);
  for (size_t t = 0; t < times_.size(); ++t) {
    if (plan.timers[t] && times_[t].null) continue;
    rules.set_record_timer(rule.timers[t], times_[t], batch, static_cast<uint32_t>(at.row),
                           at.group);
  }
  for (const size_t s : rule.clears) write(s, at.group, Scalar{}, rules.state());
  return true;
}

bool ProcessLoop::emit(size_t number, const ScalarExpr::Row& at) {
  const ProcessLoopPlan::Rule& plan = program_.loop->rules[number];
  Emitted& to = emitted_[number];
  bool ok = true;
  for (size_t c = 0; c < plan.emit.size(); ++c)
    if (plan.emit[c]) to.columns[c].push_back(plan.emit[c]->eval(at, ok));
  to.rows.push_back(static_cast<uint32_t>(at.row));
  return ok;
}

void ProcessLoop::write(size_t state, uint32_t group, const Scalar& value, ProcessState& to) {
  ProcessValues& values = to.values(state);
  undo_.push_back({state, values.set_scalar(group)});
  values.set_scalar(group, value);
}

void ProcessLoop::take_back(uint32_t row, uint32_t group, ProcessState& state) {
  for (size_t k = undo_.size(); k-- > 0;)
    state.values(undo_[k].state).set_scalar(group, undo_[k].before);
  for (Emitted& emitted : emitted_) {
    if (emitted.rows.empty() || emitted.rows.back() != row) continue;
    emitted.rows.pop_back();
    for (auto& column : emitted.columns)
      if (!column.empty()) column.pop_back();
  }
}

void ProcessLoop::give(const Batch& batch, const Vec<uint32_t>& groups, ProcessRules& rules) {
  for (size_t r = 0; r < emitted_.size(); ++r) {
    Emitted& emitted = emitted_[r];
    if (emitted.rows.empty()) continue;
    std::vector<ColumnPtr> columns(program_.output.size());
    for (size_t c = 0; c < columns.size(); ++c) {
      if (!program_.loop->rules[r].emit[c]) continue;
      columns[c] = make_column(program_.output[c].type);
      columns[c]->reserve(emitted.columns[c].size());
      for (const Scalar& value : emitted.columns[c]) push_scalar(*columns[c], value);
    }
    rules.emit_rows(r, batch, emitted.rows, groups, std::move(columns));
  }
}

}  // namespace weir
