// Records one after another, for rules that are simple enough: values of simple types, arithmetic, comparisons.
//
// Rounds over whole columns are slow where few keys have many records: with one key a round is a single
// record (measured: 12 times slower than spread keys). So where everything that depends on the state is a
// small expression over numbers, times and truth values, a batch runs row by row, and what depends on the
// records alone is still computed over whole columns. Both ways give the same.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "operators/process_options.h"
#include "operators/process_rules.h"
#include "operators/process_scalar.h"

namespace weir {

struct ProcessLoopPlan {
  struct Rule {
    std::optional<ScalarExpr> when;
    std::vector<ScalarExpr> writes;                 // of ProcessRule::writes, all of them kSet
    std::vector<std::optional<ScalarExpr>> timers;  // `at` of ProcessRule::timers
    std::vector<std::optional<ScalarExpr>> emit;    // none: the formula reads the record alone
  };
  std::vector<Formula> operands;  // over the input
  std::vector<Rule> rules;
};

// nullptr if the rules of records are not simple enough.
std::shared_ptr<const ProcessLoopPlan> plan_loop(const ProcessProgram& program,
                                                 const std::vector<RuleSpec>& rules,
                                                 const Schema& scope, const TimeZone* zone);

class ProcessLoop {
 public:
  explicit ProcessLoop(const ProcessProgram& program) : program_(program) {}

  // Runs the batch's rows, which rules.begin() has been told of, up to the first that fails, and gives
  // how many it has run. Calls fire(row) before a row whose key has event-time timers that are due.
  size_t run(const Batch& batch, const Vec<uint32_t>& groups, ProcessRules& rules,
             const std::function<void(uint32_t)>& fire);

 private:
  // What a rule has emitted so far: the rows, and its columns that read state.
  struct Emitted {
    Vec<uint32_t> rows;
    std::vector<std::vector<Scalar>> columns;
  };
  struct Undo {
    size_t state;
    Scalar before;
  };
  void eval_operands(const Batch& batch, ProcessRules& rules);
  bool run_row(const Batch& batch, uint32_t row, uint32_t group, ProcessRules& rules);
  bool run_rule(size_t number, const ScalarExpr::Row& at, const Batch& batch, ProcessRules& rules);
  bool emit(size_t number, const ScalarExpr::Row& at);
  void write(size_t state, uint32_t group, const Scalar& value, ProcessState& to);
  void take_back(uint32_t row, uint32_t group, ProcessState& state);
  void give(const Batch& batch, const Vec<uint32_t>& groups, ProcessRules& rules);

  const ProcessProgram& program_;
  std::vector<ColumnPtr> operands_;
  std::vector<Emitted> emitted_;  // by rule
  std::vector<Undo> undo_;        // of the row
  std::vector<Scalar> values_;    // of the rule's writes
  std::vector<Scalar> times_;     // of its timers
};

}  // namespace weir
