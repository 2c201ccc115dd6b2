// Exact sums of integers. Those of reals are in real_sum.h.
#pragma once

#include <array>
#include <cstdint>

#include "data/type.h"

namespace weir {

// A signed 192-bit integer in three words, little end first: room for 2^64 values of 128 bits.
// (Words, not __int128, because states are aligned to 8 bytes.)
struct WideSum {
  uint64_t lo = 0;
  uint64_t mid = 0;
  int64_t hi = 0;

  void add(Int128 v) {
    add_words(static_cast<uint64_t>(v), static_cast<uint64_t>(v >> 64), v < 0 ? -1 : 0);
  }
  void subtract(Int128 v) { add(-v); }  // not of the smallest one, which no DECIMAL is
  void add(const WideSum& o) { add_words(o.lo, o.mid, o.hi); }
  // Adds the square of a 64-bit integer.
  void add_square(int64_t v) {
    const uint64_t m = v < 0 ? uint64_t{0} - static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
    const unsigned __int128 p = static_cast<unsigned __int128>(m) * m;
    add_words(static_cast<uint64_t>(p), static_cast<uint64_t>(p >> 64), 0);
  }
  void add_words(uint64_t a, uint64_t b, int64_t c) {
    const unsigned __int128 low = static_cast<unsigned __int128>(lo) + a;
    lo = static_cast<uint64_t>(low);
    const unsigned __int128 middle =
        static_cast<unsigned __int128>(mid) + b + static_cast<uint64_t>(low >> 64);
    mid = static_cast<uint64_t>(middle);
    hi = static_cast<int64_t>(static_cast<uint64_t>(hi) + static_cast<uint64_t>(c) +
                              static_cast<uint64_t>(middle >> 64));
  }
  bool negative() const { return hi < 0; }
  // True if the value fits 128 bits.
  bool fits() const { return hi == (static_cast<int64_t>(mid) < 0 ? -1 : 0); }
  Int128 value() const {  // when it fits
    return static_cast<Int128>((static_cast<unsigned __int128>(mid) << 64) | lo);
  }
  // Sign and magnitude.
  std::array<uint64_t, 4> magnitude() const {
    if (!negative()) return {lo, mid, static_cast<uint64_t>(hi), 0};
    std::array<uint64_t, 4> m = {~lo, ~mid, ~static_cast<uint64_t>(hi), 0};
    for (size_t k = 0; k < 3 && ++m[k] == 0; ++k) {
    }
    return m;
  }
};

// A signed sum of 64-bit integers in 128 bits.
struct IntegerSum {
  uint64_t lo = 0;
  int64_t hi = 0;

  void add(int64_t v) {
    const uint64_t before = lo;
    lo += static_cast<uint64_t>(v);
    hi += (v >> 63) + static_cast<int64_t>(lo < before);
  }
  void subtract(int64_t v) {
    const uint64_t before = lo;
    lo -= static_cast<uint64_t>(v);
    hi -= (v >> 63) + static_cast<int64_t>(lo > before);
  }
  void add(const IntegerSum& o) {
    const uint64_t before = lo;
    lo += o.lo;
    hi += o.hi + static_cast<int64_t>(lo < before);
  }
  Int128 value() const {
    return static_cast<Int128>((static_cast<unsigned __int128>(static_cast<uint64_t>(hi)) << 64) |
                               lo);
  }
};

}  // namespace weir
