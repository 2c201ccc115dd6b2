// When sessions are due, by slot.
//
// Most sessions grow many times before they end, so a timer is not moved with its session: when its time has
// come, its owner says the time at which it is due now. Times far ahead lie unsorted in buckets;
// only those of the buckets that the clock has reached are kept in order, in a heap that stays small
// however many sessions are open.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "base/vec.h"
#include "windows/time_window.h"

namespace weir {

class SessionTimers {
 public:
  // `width_us`: of a bucket; a part of the time that timers are usually ahead.
  explicit SessionTimers(int64_t width_us) : width_(std::max<int64_t>(width_us, 1)) {}

  void add(int64_t at, uint32_t slot) {
    const int64_t bucket = floor_div(at, width_);
    if (bucket <= reached_) {
      near_.push_back({at, slot});
      std::push_heap(near_.begin(), near_.end(), Later{});
    } else {
      if (last_ == nullptr || bucket != last_bucket_) {
        last_ = &far_[bucket];
        last_bucket_ = bucket;
      }
      last_->push_back({at, slot});
    }
  }

  // Takes out every timer up to `time`. `due_at(at, slot)` says when the slot's timer set for `at` is
  // due by now: `at` or later, or kMaxTime if it stands for nothing any more; `take(slot)` gets those
  // that are due up to `time`, in no order, and may add timers. `fetch(slot)` comes a little before
  // either, so that the slot can be on its way to the cache.
  template <class Fetch, class DueAt, class Take>
  void take_through(int64_t time, Fetch fetch, DueAt due_at, Take take) {
    const int64_t bucket = floor_div(time, width_);
    while (!far_.empty() && far_.begin()->first <= bucket) {
      const Vec<Timer> timers = std::move(far_.begin()->second);
      reached_ = std::max(reached_, far_.begin()->first);
      far_.erase(far_.begin());
      last_ = nullptr;
      for (size_t i = 0; i < timers.size(); ++i) {
        if (i + kAhead < timers.size()) fetch(timers[i + kAhead].slot);
        const Timer& timer = timers[i];
        const int64_t at = due_at(timer.at, timer.slot);
        if (at == kMaxTime) continue;
        if (at <= time) {
          take(timer.slot);
        } else {
          add(at, timer.slot);
        }
      }
    }
    reached_ = std::max(reached_, bucket);
    while (!near_.empty() && near_[0].at <= time) {
      const Timer timer = near_[0];
      std::pop_heap(near_.begin(), near_.end(), Later{});
      near_.pop_back();
      // One of these is the next.
      for (size_t k = 0; k < std::min<size_t>(near_.size(), 3); ++k) fetch(near_[k].slot);
      const int64_t at = due_at(timer.at, timer.slot);
      if (at == kMaxTime) continue;
      if (at <= time) {
        take(timer.slot);
      } else {
        add(at, timer.slot);
      }
    }
  }

  size_t memory_bytes() const {
    size_t timers = near_.size();
    for (const auto& [bucket, waiting] : far_) timers += waiting.size();
    return timers * sizeof(Timer);
  }

 private:
  static constexpr size_t kAhead = 12;

  struct Timer {
    int64_t at;
    uint32_t slot;
  };
  struct Later {
    bool operator()(const Timer& a, const Timer& b) const { return a.at > b.at; }
  };

  int64_t width_;
  int64_t reached_ = kMinTime;  // buckets up to this one are in near_
  Vec<Timer> near_;             // a heap, earliest first
  std::map<int64_t, Vec<Timer>> far_;
  Vec<Timer>* last_ = nullptr;  // where the last timer went
  int64_t last_bucket_ = 0;
};

}  // namespace weir
