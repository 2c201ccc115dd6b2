// Window arithmetic: which window holds an instant. Times in microseconds, windows half-open.
// Source: Flink, TimeWindow.getWindowStartWithOffset, made right for negative times.
#pragma once

#include <cstdint>

#include "data/civil.h"

namespace weir {

// Flink's windows end 1 ms before their end: maxTimestamp = end - 1 ms.
inline constexpr int64_t kMillisecond = 1000;

// The start of the window of `size` that holds `time`, windows shifted by `offset`.
inline int64_t window_start(int64_t time, int64_t offset, int64_t size) {
  return time - floor_mod(time - offset, size);
}

}  // namespace weir
