// Runs rules on rows of different keys: conditions, writes, timers, emits.
#pragma once

#include <vector>

#include "operators/operator.h"
#include "operators/process_output.h"
#include "operators/process_rows.h"

namespace weir {

class ProcessRules {
 public:
  // `needed`: the output columns that are wanted.
  ProcessRules(const ProcessProgram& program, const OperatorContext& context,
               std::vector<bool> needed);

  ProcessState& state() { return state_; }
  const ProcessState& state() const { return state_; }
  ProcessOutput& output() { return output_; }

  // What follows belongs to a batch (or to none), whose arena takes strings. Computes what can be known of
  // all its records at once.
  void begin(Batch& batch);
  // The rules of records: rows of the batch.
  void run_records(ProcessRows rows);
  // The rules of a timer, which has been taken from the state.
  void run_timers(size_t timer, ProcessRows rows);
  // Emits for some rows of the batch what a rule of records gives; `columns` holds those that are known
  // already, the others read the records alone.
  void emit_rows(size_t rule, const Batch& batch, const Vec<uint32_t>& rows,
                 const Vec<uint32_t>& groups, std::vector<ColumnPtr> columns);
  // Sets a timer for one record. `at`: what the setting's own expression gave.
  void set_record_timer(const TimerSetting& setting, const Scalar& at, const Batch& batch,
                        uint32_t row, uint32_t group);
  StateContext& context() { return eval_; }
  // Timers set from now on are dropped: the input has ended.
  void end_of_input() { ended_ = true; }

 private:
  // The rows for which a rule matched, and which of them have failed.
  struct Matched {
    RowView view;
    Vec<uint8_t> failed;
  };

  void run(const std::vector<ProcessRule>& rules, uint32_t timer, ProcessRows rows);
  Vec<uint32_t> matching(const ProcessRule& rule, size_t number, uint32_t timer, RowView& view,
                         Vec<uint8_t>& failed);
  ColumnPtr eval(Matched& matched, const Formula& formula, uint32_t timer, const char* field);
  void take_errors(const RowView& view, Vec<uint8_t>& failed, uint32_t timer, const char* field);
  void write(const ProcessRule& rule, uint32_t timer, Matched& matched);
  void set_timers(const ProcessRule& rule, uint32_t timer, Matched& matched);
  int64_t base_time(const TimerSetting& setting, uint32_t by, const ProcessRows& rows,
                    size_t k) const;
  int64_t firing_time(const TimerSetting& setting, int64_t time, uint32_t by,
                      const ProcessRows& rows, size_t k) const;
  void emit(const ProcessRule& rule, uint32_t timer, Matched& matched);
  void clear(const ProcessRule& rule, const Matched& matched);

  const ProcessProgram& program_;
  const OperatorContext context_;
  const std::vector<bool> needed_;
  ProcessState state_;
  ProcessOutput output_;
  StateContext eval_;
  const Batch* batch_ = nullptr;       // whose records are processed; null: none
  std::vector<ColumnPtr> conditions_;  // by rule, over the whole batch; null: not known ahead
  Vec<uint32_t> failed_groups_;
  bool ended_ = false;
};

}  // namespace weir
