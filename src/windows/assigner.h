// Which windows a row belongs to: Flink's window assigners.
//
// Units:  microseconds; windows are half-open.
// Source: Flink's TumblingEventTimeWindows, SlidingEventTimeWindows, EventTimeSessionWindows,
//         GlobalWindows, and CumulativeWindowAssigner; processing time uses the same arithmetic.
#pragma once

#include <cstdint>
#include <memory>

#include "base/vec.h"
#include "windows/time_window.h"

namespace weir {

class WindowAssigner {
 public:
  virtual ~WindowAssigner() = default;
  // Appends the windows of a row, in order of their ends. `gap_us`: the row's own session gap.
  virtual void assign(int64_t time, int64_t gap_us, Vec<WindowBounds>& windows) const = 0;
  // True if windows of a key that touch or overlap become one.
  virtual bool merges() const { return false; }
  // True if there is one window without start and end.
  virtual bool is_global() const { return false; }
};

std::unique_ptr<WindowAssigner> make_tumbling_assigner(int64_t size_us, int64_t offset_us);
// The slide need not divide the size; a slide larger than the size leaves gaps.
std::unique_ptr<WindowAssigner> make_sliding_assigner(int64_t size_us, int64_t slide_us,
                                                      int64_t offset_us);
// Windows of one step, two steps ... up to `size`, all from the same start; the step divides the size.
std::unique_ptr<WindowAssigner> make_cumulate_assigner(int64_t size_us, int64_t step_us,
                                                       int64_t offset_us);
// [time, time + the row's gap), merged when they touch.
std::unique_ptr<WindowAssigner> make_session_assigner();
std::unique_ptr<WindowAssigner> make_global_assigner();

}  // namespace weir
