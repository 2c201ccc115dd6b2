// Values of up to 8 bytes as signed integers in the same order: -0 before 0, NaN last.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace weir {

template <class T>
int64_t ordered_key(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const double v = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : double{value};
    const auto bits = std::bit_cast<int64_t>(v);
    return bits ^ static_cast<int64_t>(static_cast<uint64_t>(bits >> 63) >> 1);
  } else {
    return static_cast<int64_t>(value);
  }
}

template <class T>
T from_ordered_key(int64_t key) {
  if constexpr (std::is_floating_point_v<T>) {
    const int64_t bits = key ^ static_cast<int64_t>(static_cast<uint64_t>(key >> 63) >> 1);
    return static_cast<T>(std::bit_cast<double>(bits));
  } else {
    return static_cast<T>(key);
  }
}

}  // namespace weir
