// Exact sums of doubles: the same digits whatever the order of the terms and however they were split.
//
// Two doubles hold the sum exactly as long as its digits fit 106 bits: a two-sum's rounding error is added to
// the second, and that addition's error is nearly always zero. When it is not, the error goes to a fixed-point
// number wide enough for every double, on the heap. So the usual case costs two two-sums and a branch that is never
// taken, and nothing is ever rounded before the end.
// Source: two-sum by Knuth; Dekker's product; the long accumulator after Kulisch, "Computer Arithmetic and
// Validity". Plain double-double was tried first: sums that cancel showed the split in their last digits.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "state/snapshot.h"

namespace weir {

// A fixed-point number that holds any sum of up to 2^60 doubles exactly, in two's complement.
class LongReal {
 public:
  void add(double v);
  void add(const LongReal& other);
  double value() const;  // rounded once, to nearest, ties to even

  void save(SnapshotWriter& writer) const;
  void load(SnapshotReader& reader);

 private:
  // Bit 0 is worth 2^-1074; 2098 bits up to the largest double, the rest for carries and the sign.
  static constexpr size_t kWords = 34;
  std::array<uint64_t, kWords> words_{};
  bool positive_infinity_ = false;
  bool negative_infinity_ = false;
  bool nan_ = false;
};

struct RealSum {
  double hi = 0;
  double lo = 0;
  LongReal* rest = nullptr;  // owned; freed by release()

  void add(double v) {
    const double s = hi + v;
    const double b = s - hi;
    const double e = (hi - (s - b)) + (v - b);
    const double t = lo + e;
    const double c = t - lo;
    const double lost = (lo - (t - c)) + (e - c);
    if (lost != 0) [[unlikely]] {  // NaN too: an infinity or an overflow
      add_rest(v, s, t, lost);
      return;
    }
    hi = s;
    lo = t;
  }
  void add(const RealSum& other);
  void subtract(double v) { add(-v); }
  // Adds v * v with its rounding error.
  void add_square(double v) {
    const double p = v * v;
    add(p);
    const double c = 134217729.0 * v;  // 2^27 + 1
    const double high = c - (c - v);
    const double low = v - high;
    const double error = ((high * high - p) + 2 * high * low) + low * low;
    if (std::isfinite(error)) add(error);
  }

  double value() const;
  // The sum as two doubles, the first rounded, the second what is left of it (rounded).
  std::array<double, 2> pair() const;

  void release() {
    delete rest;
    rest = nullptr;
  }
  void save(SnapshotWriter& writer) const;
  void load(SnapshotReader& reader);
  size_t heap_bytes() const { return rest == nullptr ? 0 : sizeof(LongReal); }

 private:
  void add_rest(double v, double s, double t, double lost);
};

}  // namespace weir
