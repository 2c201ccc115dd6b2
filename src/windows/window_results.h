// Result rows of windows, and rows that came too late for them.
#pragma once

#include <span>

#include "operators/aggregation.h"
#include "operators/operator.h"
#include "windows/time_window.h"
#include "windows/window_binding.h"

namespace weir {

// Makes a window's output rows. One per Ordered object; `binding` must outlive it.
class WindowResults {
 public:
  WindowResults(const WindowBinding& binding, const OperatorContext& context)
      : binding_(binding), context_(context), eval_(context.eval_context()) {}

  // The rows of one window from its groups, in that order.
  Batch of_groups(const GroupedAggregation& groups, std::span<const uint32_t> order,
                  WindowBounds bounds);
  // From rows [keys..., results...]: adds the window columns and the event time (the window's last
  // instant), applies `having`; rows that cannot be computed become rejects. `bounds`: one for all rows,
  // or as many as rows. `field` names the rows' own problems in eval().errors: "aggregate".
  Batch complete(Batch rows, std::span<const WindowBounds> bounds, std::string_view field);

  // For what makes the rows of complete().
  EvalContext& eval() { return eval_; }

 private:
  ColumnPtr time_column(WindowColumn column, std::span<const WindowBounds> bounds,
                        size_t rows) const;
  void apply_having(Batch& rows);

  const WindowBinding& binding_;
  const OperatorContext context_;
  EvalContext eval_;
  Vec<uint32_t> keep_;
};

// Counts late rows and hands them out as whole records where they are wanted.
class LateRows {
 public:
  explicit LateRows(const WindowBinding& binding) : binding_(binding) {}

  // Row `row` of a batch is late; `watermark` is the one in force when it was read. Increasing rows of
  // one batch until flush().
  void add(const Batch& batch, uint32_t row, int64_t watermark);
  // Rows that are only counted; the first of them has this ordinal and is late by `late_by_us`.
  void count(uint64_t rows, int64_t late_by_us, uint64_t ordinal);
  // Emits the rows added since the last call, all of them of this batch.
  void flush(const Batch& batch, Emitter& out);

  uint64_t total() const { return total_; }
  int64_t first_late_by_us() const { return first_late_by_us_; }
  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  const WindowBinding& binding_;
  uint64_t total_ = 0;
  int64_t first_late_by_us_ = -1;
  uint64_t first_ordinal_ = UINT64_MAX;
  Vec<uint32_t> rows_;
  Vec<int64_t> watermarks_;
};

}  // namespace weir
