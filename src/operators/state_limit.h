// When a step looks whether its keyed state still fits into its share of the memory.
//
// Looking may take a walk over the whole state, so it comes only after many rows, and more of them as long as the state
// is small.
#pragma once

#include <algorithm>
#include <cstdint>

#include "operators/operator.h"

namespace weir {

class StateLimit {
 public:
  // Never passed where state may not go to the disk, or where there is but one key.
  StateLimit(const OperatorContext& context, bool keyed)
      : bytes_(context.spill && keyed ? context.state_limit_bytes : UINT64_MAX) {}

  // After a batch of so many rows: true if the state is beyond the limit now. `items()`: what a walk over the state
  // goes through; `bytes()`: that walk.
  template <class Items, class Bytes>
  bool is_passed(uint64_t rows, Items items, Bytes bytes) {
    if (bytes_ == UINT64_MAX) return false;
    rows_ += rows;
    if (rows_ < rows_between_looks_ && bytes_ > kTinyBytes) return false;
    rows_ = 0;
    const uint64_t now = bytes();
    const uint64_t n = items();
    rows_between_looks_ = std::max<uint64_t>(kRowsBetweenLooks, now < bytes_ / 4 ? 2 * n : n / 4);
    return now > bytes_;
  }

  bool is_below(uint64_t bytes) const { return bytes > bytes_; }

 private:
  static constexpr uint64_t kRowsBetweenLooks = 1 << 12;
  static constexpr uint64_t kTinyBytes = 1 << 12;  // passed at once

  const uint64_t bytes_;
  uint64_t rows_ = 0;
  uint64_t rows_between_looks_ = kRowsBetweenLooks;
};

}  // namespace weir
