// What windows hold of their rows, and the results they make of them, by pane number.
//
// A pane is one window of one key. Its contents are aggregate states, a reduced row, or the rows
// themselves where an evictor may take some of them away.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "data/batch.h"
#include "expr/expr.h"
#include "operators/aggregation.h"
#include "operators/reduction.h"
#include "state/snapshot.h"
#include "windows/evictor.h"

namespace weir {

// Rows of one batch on their way into panes: row rows[i] goes to panes[i], in that order.
struct PaneRows {
  const Batch& batch;  // AggregateProgram::compute has run on it
  std::span<const uint32_t> rows;
  const uint32_t* panes = nullptr;
  // What an evictor wants to know, by row of the batch.
  const int64_t* times = nullptr;
  const Column* values = nullptr;  // DOUBLE; null: none
  uint64_t first_arrival = 0;      // of the batch's row 0
};

class PaneContents {
 public:
  virtual ~PaneContents() = default;
  // Makes room for panes up to `panes`; new ones are empty.
  virtual void grow(size_t panes) = 0;
  // Failing rows are in context.errors and leave their panes as they were.
  virtual void add(const PaneRows& rows, EvalContext& context) = 0;
  // The batch of the last add() goes away.
  virtual void end_batch() {}
  // Adds the contents of `from`, which came later, to `into`; `from` is empty afterwards.
  virtual void merge(uint32_t into, uint32_t from) = 0;
  virtual void clear(uint32_t pane) = 0;

  // A firing: prepare() all panes, leave out those for which it is false because nothing is left, take
  // the result(), and tell fired(). fired() gives false when nothing is left for the next time.
  virtual bool prepare(uint32_t pane) {
    (void)pane;
    return true;
  }
  // The rows [keys..., results...] of the listed panes. Failing rows are in context.errors.
  virtual Batch result(std::vector<ColumnPtr> keys, std::span<const uint32_t> panes,
                       EvalContext& context) = 0;
  virtual bool fired(uint32_t pane) {
    (void)pane;
    return true;
  }

  virtual size_t memory_bytes() const = 0;
  virtual void snapshot(uint32_t pane, SnapshotWriter& writer) const = 0;
  virtual void restore(uint32_t pane, SnapshotReader& reader) = 0;  // into an empty one
};

// All of these must outlive what is made from them.
std::unique_ptr<PaneContents> make_aggregate_contents(const AggregateProgram& program);
std::unique_ptr<PaneContents> make_reduced_contents(const Reduction& reduction);
// Keeps `columns` of the rows (those that `results` reads) and has `results` make the results of those
// that the evictor leaves. `program`: of `results`, or null.
std::unique_ptr<PaneContents> make_evicting_contents(std::unique_ptr<PaneContents> results,
                                                     const AggregateProgram* program,
                                                     const Schema& input,
                                                     std::vector<size_t> columns,
                                                     const Evictor& evictor);

}  // namespace weir
