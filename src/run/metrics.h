// Statistics of a run while it goes on, for Prometheus: the ordered stage posts them now and then, a server reads.
//
// Threads: any.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "run/run.h"

namespace weir {

class MetricsBoard {
 public:
  // True a few times a second: posting is due.
  bool is_due() const;
  void post(RunStats stats);
  // In Prometheus' text format 0.0.4; empty values before the first post are zeros.
  std::string text() const;

 private:
  std::atomic<int64_t> next_us_{0};
  mutable std::mutex mutex_;
  RunStats stats_;
};

std::string metrics_text(const RunStats& stats);

}  // namespace weir
