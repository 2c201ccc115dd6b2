// Waiting longer and longer between tries, up to a limit in all.
//
// Each wait is between half and all of the doubled one before, by a number of its own, so that many programs
// that have lost the same server do not come back at once.
#pragma once

#include <cstdint>

namespace weir {

class Backoff {
 public:
  explicit Backoff(int64_t timeout_us, int64_t first_us = 50'000, int64_t longest_us = 5'000'000);

  // Waits; false, at once, when the time is used up. `stop_fd` (-1: none): readable ends the wait with false.
  bool wait(int stop_fd = -1);
  // The next wait is a first one again: something went well.
  void reset();

 private:
  int64_t timeout_us_;
  int64_t first_us_;
  int64_t longest_us_;
  int64_t next_us_;
  int64_t deadline_us_ = 0;  // of the monotonic clock; 0: no wait yet
  uint64_t random_;
};

// Microseconds of a clock that only goes forward.
int64_t monotonic_us();

}  // namespace weir
