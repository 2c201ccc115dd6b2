#include "base/backoff.h"

#include <poll.h>

#include <algorithm>
#include <chrono>

namespace weir {

int64_t monotonic_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

Backoff::Backoff(int64_t timeout_us, int64_t first_us, int64_t longest_us)
    : timeout_us_(timeout_us),
      first_us_(first_us),
      longest_us_(longest_us),
      next_us_(first_us),
      random_(static_cast<uint64_t>(monotonic_us()) | 1) {}

void Backoff::reset() {
  next_us_ = first_us_;
  deadline_us_ = 0;
}

bool Backoff::wait(int stop_fd) {
  const int64_t now = monotonic_us();
  if (deadline_us_ == 0) deadline_us_ = now + timeout_us_;
  if (now >= deadline_us_) return false;
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  const int64_t half = next_us_ / 2;
  const int64_t jitter = half > 0 ? static_cast<int64_t>(random_ % static_cast<uint64_t>(half)) : 0;
  const int64_t us = std::min(half + jitter, deadline_us_ - now);
  next_us_ = std::min(longest_us_, 2 * next_us_);
  pollfd stop = {stop_fd, POLLIN, 0};
  return ::poll(&stop, stop_fd >= 0 ? 1 : 0, static_cast<int>(us / 1000 + 1)) <= 0;
}

}  // namespace weir
