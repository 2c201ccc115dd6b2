// How long state lives after it was written.
#pragma once

#include <cstdint>

namespace weir {

struct TimeToLive {
  int64_t us = 0;                // 0: for ever
  bool refresh_on_read = false;  // reading counts as writing

  bool limited() const { return us > 0; }
  // True if what was written at `stamp` is gone at `now`.
  bool expired(int64_t stamp, int64_t now) const {
    int64_t end = 0;
    return us > 0 && !__builtin_add_overflow(stamp, us, &end) && end <= now;
  }
};

}  // namespace weir
