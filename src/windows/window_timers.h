// Timers of windows, by time.
//
// A timer that is no longer wanted stays until its time: whoever set it tells by the pane's serial number
// and what the pane itself remembers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/vec.h"

namespace weir {

struct WindowTimer {
  enum class Kind : uint8_t { kWindow, kTrigger, kEarly };

  int64_t time = 0;
  uint32_t pane = 0;
  uint32_t serial = 0;
  Kind kind = Kind::kWindow;
};

class WindowTimers {
 public:
  bool empty() const { return heap_.empty(); }
  int64_t first_time() const { return heap_[0].time; }
  bool due(int64_t time) const { return !heap_.empty() && heap_[0].time <= time; }

  void push(const WindowTimer& timer) {
    heap_.push_back(timer);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  WindowTimer pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const WindowTimer timer = heap_.back();
    heap_.pop_back();
    return timer;
  }
  void clear() { heap_.clear(); }
  size_t memory_bytes() const { return heap_.size() * sizeof(WindowTimer); }
  // In no order.
  const Vec<WindowTimer>& all() const { return heap_; }

 private:
  static bool later(const WindowTimer& a, const WindowTimer& b) { return a.time > b.time; }

  Vec<WindowTimer> heap_;
};

}  // namespace weir
