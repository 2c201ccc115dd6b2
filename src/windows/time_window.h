// Window arithmetic: which window holds an instant. Times in microseconds, windows half-open.
// Source: Flink, TimeWindow.getWindowStartWithOffset, made right for negative times.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "data/batch.h"
#include "data/civil.h"

namespace weir {

// Flink's windows end 1 ms before their end: maxTimestamp = end - 1 ms.
inline constexpr int64_t kMillisecond = 1000;

// [start, end).
struct WindowBounds {
  int64_t start = 0;
  int64_t end = 0;
  bool operator==(const WindowBounds&) const = default;
};

// Bytes that sort as windows fire: by end, then start, then `arrival`.
std::string window_rank(const WindowBounds& window, uint64_t arrival);

// Sums that stop at the ends of time.
inline int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? kMinTime : kMaxTime;
}
inline int64_t saturating_sub(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? kMaxTime : kMinTime;
}

// The start of the window of `size` that holds `time`, windows shifted by `offset`.
inline int64_t window_start(int64_t time, int64_t offset, int64_t size) {
  int64_t since = floor_mod(time, size);
  if (offset != 0) since -= floor_mod(offset, size);
  if (since < 0) since += size;
  return saturating_sub(time, since);
}

// The last instant of a window that ends at `end`: when the watermark reaches it, the window fires. It is
// also the event time of the window's result.
inline int64_t last_instant(int64_t end) { return saturating_sub(end, kMillisecond); }
// When the watermark reaches this, the window is forgotten, and its records are late.
inline int64_t cleanup_time(int64_t end, int64_t allowed_lateness) {
  return saturating_add(last_instant(end), allowed_lateness);
}

}  // namespace weir
