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
  bool collects = false;    // its result comes when all input has been seen
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
  std::string summary;      // see Source
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
  std::string metrics;  // HOST:PORT where to tell statistics while the run goes on; empty: nowhere
  // Counted up by a signal handler. The first: files that were renamed are opened anew (log rotation); a run
  // without such files ends as by a stop signal. The second: `statistics` is called while the run goes on.
  const std::atomic<unsigned>* reopen_requests = nullptr;
  const std::atomic<unsigned>* statistics_requests = nullptr;
  std::function<void(const RunStats&)> statistics;
  // For pipelines with [checkpoint]: start over; close all windows at the end of the input.
  bool fresh = false;
  bool drain = false;
  // How much state a step may keep in memory, instead of its share of runtime.memory_limit.
  std::optional<uint64_t> state_limit_bytes;
  int64_t wait_for_lock_us = 0;          // how long to wait for another run to end
  std::vector<std::string> reset_steps;  // steps whose state is forgotten (state/step_section.h)
};

struct RunResult {
  int exit_code = 0;
  std::optional<Error> error;  // what to print when the run failed; empty for a closed pipe
  RunStats stats;
};

RunResult run_plan(const Plan& plan, const RunOptions& options);

}  // namespace weir
