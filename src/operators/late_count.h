// Rows that came too late for a step, counted.
#pragma once

#include "operators/operator.h"

namespace weir {

class LateCount {
 public:
  void note(int64_t time, int64_t watermark) {
    if (total_++ == 0) first_late_by_us_ = watermark - time;
  }
  void add_to(OperatorStats& stats) const {
    stats.late = total_;
    stats.first_late_by_us = first_late_by_us_;
  }
  void snapshot(SnapshotWriter& writer) const { writer.put_u64(total_); }
  void restore(SnapshotReader& reader) { total_ = reader.get_u64(); }

 private:
  uint64_t total_ = 0;
  int64_t first_late_by_us_ = -1;
};

}  // namespace weir
