// Windows that take records one at a time, in input order: Flink's WindowOperator to the letter. They serve
// what windows of partial aggregates cannot: processing time, triggers, evictors, early results, gaps
// that the records say, and reductions in their general form.
//
// A row first lets the watermark in force at it fire what is due, then goes into each of its windows that
// is not over, and the trigger of each decides. So the results depend on nothing but the order of the rows
// (and, in processing time, on the clock).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "windows/assigner.h"
#include "windows/window_binding.h"

namespace weir {

struct RowWindowSpec {
  std::string name;  // "tumbling window"
  std::string text;  // "tumbling window of 1m": for explain
  std::unique_ptr<WindowAssigner> assigner;
  int64_t gap_us = 0;             // sessions of one gap
  std::optional<SourceText> gap;  // or an expression: an INTERVAL, or a number of milliseconds
};

// True if only windows of single records serve these options.
bool needs_rows(const WindowOptions& options, const WindowBinding& binding);

// Binds `trigger`, `evict` and `emit` of the options. Problems go to `complaints`; null then.
std::unique_ptr<OperatorPlan> make_row_window(RowWindowSpec spec, const WindowOptions& options,
                                              WindowBinding binding, const BindContext& context,
                                              WindowComplaints& complaints);

}  // namespace weir
