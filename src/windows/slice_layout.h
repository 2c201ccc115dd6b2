// How event time is cut so that every window is a run of whole slices.
//
// A record goes into one slice, whatever number of windows hold it; a window that fires combines the slices
// in [start, end). Tumbling: the windows themselves. Sliding: a window starts every `slide` and ends `size` later,
// so with r = size mod slide the cuts are at k * slide and k * slide + r: at most two slices a slide, also
// where slide does not divide size (fewer than slices of gcd(size, slide)). With slide > size the
// second of them is a gap that no window covers. Cumulate: a slice a step.
//
// Every layout has one window at most that ends at a given time, and slices that start later have later
// first and last windows: so windows are told by their ends.
// Source: "Cutty: aggregate sharing for user-defined windows", Carbone et al., 2016; Flink's SliceAssigners.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "windows/time_window.h"

namespace weir {

class SliceLayout {
 public:
  static SliceLayout tumbling(int64_t size, int64_t offset) { return {size, size, offset, 0}; }
  static SliceLayout sliding(int64_t size, int64_t slide, int64_t offset) {
    return {size, slide, offset, 0};
  }
  // `size` is a multiple of `step`.
  static SliceLayout cumulate(int64_t size, int64_t step, int64_t offset) {
    return {size, size, offset, step};
  }

  int64_t size() const { return size_; }  // of the longest window
  bool cumulates() const { return step_ > 0; }
  // True if some times are in no window.
  bool has_gaps() const { return period_ > size_; }

  // The slice that holds `time`; nullopt in a gap.
  std::optional<WindowBounds> slice_of(int64_t time) const {
    if (cumulates()) return slice(window_start(time, offset_, step_), step_);
    const int64_t base = window_start(time, offset_, period_);
    if (rest_ == 0) return slice(base, period_);
    const int64_t cut = saturating_add(base, rest_);
    if (time < cut) return WindowBounds{base, cut};
    if (has_gaps()) return std::nullopt;
    return WindowBounds{cut, saturating_add(base, period_)};
  }

  // The ends of the first and of the last window with the slice that starts at `start`.
  int64_t first_end(int64_t start) const {
    if (cumulates()) return saturating_add(start, step_);
    if (rest_ == 0) return saturating_add(start, period_);
    const int64_t base = window_start(start, offset_, period_);
    const bool first_part = start < saturating_add(base, rest_);
    return saturating_add(base, first_part ? rest_ : period_ + rest_);
  }
  int64_t last_end(int64_t start) const {
    const bool on_grid = rest_ == 0 && !cumulates();
    return saturating_add(on_grid ? start : window_start(start, offset_, period_), size_);
  }
  // The end of the first window with that slice that ends after `time`.
  std::optional<int64_t> next_end(int64_t start, int64_t time) const {
    if (time == kMaxTime) return std::nullopt;
    const int64_t grid = cumulates() ? step_ : period_;
    const int64_t shift = cumulates() ? offset_ : offset_ + rest_;
    const int64_t after = saturating_add(window_start(time, shift, grid), grid);
    const int64_t end = std::max(first_end(start), after);
    if (end > last_end(start)) return std::nullopt;
    return end;
  }
  // From one window end to the next.
  int64_t end_step() const { return cumulates() ? step_ : period_; }

  // The window that ends at `end`, one of its ends.
  WindowBounds window_of_end(int64_t end) const {
    if (cumulates()) return {window_start(saturating_sub(end, 1), offset_, period_), end};
    return {saturating_sub(end, size_), end};
  }

 private:
  SliceLayout(int64_t size, int64_t period, int64_t offset, int64_t step)
      : size_(size),
        period_(period),
        offset_(offset),
        step_(step),
        rest_(step > 0 ? 0 : size % period) {}

  static WindowBounds slice(int64_t start, int64_t length) {
    return {start, saturating_add(start, length)};
  }

  int64_t size_;
  int64_t period_;  // from one window's start to the next; of cumulate: the whole size
  int64_t offset_;
  int64_t step_;  // of cumulate; else 0
  int64_t rest_;  // of sliding: how far a window reaches into its last period
};

}  // namespace weir
