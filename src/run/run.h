// Executes a plan: pinned workers carry blocks through the fused chain, the sequencer restores order.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "plan/plan.h"

namespace weir {

struct StepStats {
  std::string label;
  uint64_t rows_in = 0;
  uint64_t rows_out = 0;
  bool knows_time = false;  // watermarks have reached it
  int64_t watermark = kMinTime;
  OperatorStats operator_stats;
};

struct SourceStats {
  std::string name;
  uint64_t records = 0;
  bool has_event_time = false;
  int64_t max_event_time = kMinTime;
  int64_t watermark = kMinTime;
  bool idle = false;
  bool holds_back = false;  // of several sources: the others' watermarks are further
};

// Records read = rows into the first step + bad; every class is counted.
struct RunStats {
  uint64_t records_in = 0;  // records read from sources
  uint64_t rows_out = 0;    // rows given to the sink
  uint64_t late = 0;
  uint64_t bad = 0;
  uint64_t bytes_in = 0;  // decoded bytes
  uint64_t bytes_out = 0;
  double seconds = 0;
  std::vector<SourceStats> sources;
  std::vector<StepStats> steps;
  std::string silence;  // when nothing came out: one sentence that says why
};

struct RunProgress {
  uint64_t records_in = 0;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // 0: not known
  double seconds = 0;
};

struct RunOptions {
  // Set from a signal handler: stop the sources, finish what is in flight, then return.
  const std::atomic<int>* stop_signal = nullptr;
  std::function<void(const RunProgress&)>
      progress;  // called about 4 times a second from its own thread; may be empty
  std::function<void(const std::string&)>
      message;  // a line for stderr (first bad record, warnings)
  const Clock* clock = &wall_clock();
  // For pipelines with [checkpoint]: start over; close all windows at the end of the input.
  bool fresh = false;
  bool drain = false;
};

struct RunResult {
  int exit_code = 0;
  std::optional<Error> error;  // what to print when the run failed; empty for a closed pipe
  RunStats stats;
};

RunResult run_plan(const Plan& plan, const RunOptions& options);

}  // namespace weir
