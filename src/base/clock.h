// The wall clock, passed to whoever needs it so that tests can hold it still.
#pragma once

#include <cstdint>

namespace weir {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t now_us() const = 0;  // since 1970-01-01T00:00:00Z; any thread
};

const Clock& wall_clock();

}  // namespace weir
