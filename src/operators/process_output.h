// What the rules of one call emit, brought into order.
//
// Rounds and timers run in any order; here every emitted row has its place: the records' rows in input
// order, before a record what the timers emit that fire before it, in order of time, key and name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/batch.h"
#include "operators/process_rows.h"

namespace weir {

class ProcessOutput {
 public:
  ProcessOutput(const ProcessProgram& program, const ProcessState& state)
      : program_(program), state_(state) {}

  struct Fault {
    uint32_t place = 0;
    bool of_timer = false;
    int64_t time = 0;  // of the timer
    std::string field;
    std::string reason;
  };

  // Rows `which` of `rows`, for which a rule emits row k of `columns` (absent ones are null). `timer`: its
  // number, or kRecord.
  static constexpr uint32_t kRecord = UINT32_MAX;
  void add(const ProcessRows& rows, std::span<const uint32_t> which, uint32_t timer,
           std::vector<ColumnPtr> columns);
  void add_fault(Fault fault) { faults_.push_back(std::move(fault)); }
  // A mark to which take_back() can return for some group.
  size_t mark() const { return rows_.size(); }
  void take_back(size_t mark, uint32_t group);

  bool empty() const { return rows_.empty() && faults_.empty(); }
  // Turns `batch`, the records that were processed (or an empty one), into the emitted rows and the
  // refused records, and starts anew. `delay_us`: how far the watermark follows the largest time.
  void finish(Batch& batch, int64_t delay_us, bool fail_fast);

 private:
  struct Row {
    uint32_t place;
    uint32_t part;
    uint32_t part_row;
    uint32_t group;
    uint32_t timer;
    int64_t time;
  };

  void sort();
  void sort_timers(std::vector<Row>& timers) const;
  void fill_columns(Batch& batch) const;
  void fill_times(Batch& batch, const Batch& input, int64_t delay_us) const;
  void fill_rejects(Batch& batch, const Batch& input, bool fail_fast);

  const ProcessProgram& program_;
  const ProcessState& state_;
  std::vector<std::vector<ColumnPtr>> parts_;
  std::vector<Row> rows_;
  std::vector<Fault> faults_;
  bool timers_emitted_ = false;
};

}  // namespace weir
