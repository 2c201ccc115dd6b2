// process: what a keyed process function of Flink does, declared: state, rules, timers.

#include <algorithm>

#include "operators/column_list.h"
#include "operators/operator_list.h"
#include "operators/process_bind.h"
#include "operators/process_run.h"

namespace weir {

namespace {

// Leaves out, in the workers, the records that no rule can match.
class Candidates final : public Transform {
 public:
  Candidates(const Expr& condition, const OperatorContext& context)
      : condition_(condition), eval_(context.eval_context()) {}

  void apply(Batch& batch) override {
    if (batch.rows == 0) return;
    eval_.arena = &batch.arena();
    eval_filter(condition_, batch, eval_, rows_);
    if (rows_.size() < batch.rows) batch.select({rows_.data(), rows_.size()});
  }

 private:
  const Expr& condition_;
  EvalContext eval_;
  Vec<uint32_t> rows_;
};

class ProcessPlan final : public OperatorPlan {
 public:
  ProcessPlan(ProcessProgram program, std::string text)
      : OperatorPlan("process", program.input, program.output),
        program_(std::move(program)),
        text_(std::move(text)) {}

  Placement placement() const override { return Placement::kOrdered; }

  std::vector<bool> columns_needed(const std::vector<bool>& output_needed) const override {
    std::vector<bool> needed(program_.columns(), false);
    for (const size_t c : program_.key_columns) needed[c] = true;
    if (program_.candidates) program_.candidates->collect_columns(needed);
    each_rule([&](const ProcessRule& rule, bool) {
      each_formula(rule, output_needed, [&](const Formula& formula) {
        for (const size_t c : formula.columns) needed[c] = true;
      });
    });
    needed.resize(program_.input.size());
    return needed;
  }

  void set_output_needed(const std::vector<bool>& needed) override {
    OperatorPlan::set_output_needed(needed);
    needed_ = needed;
  }
  std::string explain() const override { return "process: " + text_; }
  bool can_reject() const override {
    bool fails = false;
    each_rule([&](const ProcessRule& rule, bool) {
      each_formula(rule, {}, [&](const Formula& f) { fails = fails || f.expr->can_fail(); });
    });
    return fails;
  }
  // The rows that a processing-time timer emits have no event time.
  bool keeps_event_time() const override {
    bool keeps = true;
    each_rule([&](const ProcessRule& rule, bool by_clock) {
      keeps = keeps && !(by_clock && !rule.emit.empty());
    });
    return keeps;
  }
  bool uses_clock() const override { return program_.has_ttl(false) || program_.has_timers(false); }

  std::unique_ptr<Transform> make_transform(const OperatorContext& context) const override {
    if (!program_.candidates) return nullptr;
    return std::make_unique<Candidates>(*program_.candidates, context);
  }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext& context) const override {
    return std::make_unique<Process>(program_, context, needed_);
  }

 private:
  // Calls visit(rule, by_clock): by_clock is true for the rules of processing-time timers.
  template <class Visit>
  void each_rule(Visit&& visit) const {
    for (const auto& rule : program_.rules) visit(rule, false);
    for (size_t t = 0; t < program_.timers.size(); ++t)
      for (const auto& rule : program_.on_timer[t]) visit(rule, !program_.timers[t].event_time);
  }
  // Empty `output_needed`: all columns are.
  template <class Visit>
  static void each_formula(const ProcessRule& rule, const std::vector<bool>& output_needed,
                           Visit&& visit) {
    if (rule.when) visit(rule.when);
    for (const auto& write : rule.writes) {
      if (write.key) visit(write.key);
      if (write.value) visit(write.value);
    }
    for (const auto& timer : rule.timers)
      if (timer.at) visit(timer.at);
    for (size_t c = 0; c < rule.emit.size(); ++c)
      if (output_needed.empty() || output_needed[c]) visit(rule.emit[c]);
  }

  const ProcessProgram program_;
  const std::string text_;
  std::vector<bool> needed_;
};

std::string counted(size_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string describe(const ProcessProgram& program) {
  std::string text;
  if (!program.key_columns.empty())
    text = "by " + join_names(program.key_columns, program.input) + "; ";
  for (const StateDef& state : program.states)
    text += state.name + " " + state.column_type().to_string() + "; ";
  text += counted(program.rules.size(), "rule");
  for (const TimerDef& timer : program.timers)
    text += "; timer " + timer.name + (timer.event_time ? " by event time" : " by the clock");
  text += program.loop ? "; row by row" : "; in rounds";
  return text;
}

std::unique_ptr<OperatorPlan> bind_process_step(const ComponentSpec& spec, const Schema& input,
                                                const BindContext& context, Errors& errors) {
  const size_t before = errors.size();
  const ProcessSpec process = read_process(spec, errors);
  if (errors.size() != before) return nullptr;
  auto program = bind_process(spec, process, input, context, errors);
  if (!program) return nullptr;
  std::string text = describe(*program);
  return std::make_unique<ProcessPlan>(std::move(*program), std::move(text));
}

}  // namespace

const OperatorDescriptor kProcessOperator = {
    "process",
    "Keeps state for every key, and runs rules on each record and timer: a process function.",
    process_option_docs,
    bind_process_step,
    Arity::kOne,
    true,
};

}  // namespace weir
