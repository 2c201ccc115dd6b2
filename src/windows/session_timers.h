// When sessions are due, by slot.
//
// Most sessions grow many times before they end, so a timer is not moved with its session: when its time has
// come, its owner says the time at which it is due now. Timers ahead lie unsorted in a ring of narrow buckets,
// those too far ahead for it in wide ones; only those of the bucket in which the clock stands are kept in order,
// in a heap that stays small however many sessions are open. So what is due comes nearly in order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <vector>

#include "base/vec.h"
#include "windows/time_window.h"

namespace weir {

class SessionTimers {
 public:
  // `usual_us`: the time that timers are usually ahead.
  explicit SessionTimers(int64_t usual_us)
      : shift_(static_cast<int>(
            std::bit_width(static_cast<uint64_t>(std::max<int64_t>(usual_us, 1)) * 2 / kBuckets))),
        ring_(kBuckets) {}

  void add(int64_t at, uint32_t slot) {
    const int64_t bucket = at >> shift_;
    if (bucket <= reached_) {
      near_.push_back({at, slot});
      std::push_heap(near_.begin(), near_.end(), Later{});
    } else if (static_cast<uint64_t>(bucket) - static_cast<uint64_t>(reached_) < kBuckets) {
      ring_at(bucket).push_back({at, slot});
      ++in_ring_;
    } else {
      far_[bucket >> kWide].push_back({at, slot});
    }
  }

  // Takes out every timer up to `time`. `due_at(at, slot)` says when the slot's timer set for `at` is
  // due by now: `at` or later, or kMaxTime if it stands for nothing any more; `take(slot)` gets those
  // that are due up to `time`, and may add timers. `passed()` comes in between now and then: what is taken behind
  // it is due later than what was taken before. `fetch(slot)` comes a little before due_at, so that the slot can be
  // on its way to the cache.
  template <class Fetch, class DueAt, class Take, class Passed>
  void take_through(int64_t time, Fetch fetch, DueAt due_at, Take take, Passed passed) {
    const auto look_at = [&](Timer timer) {
      const int64_t at = due_at(timer.at, timer.slot);
      if (at == kMaxTime) return;
      if (at <= time && at >> shift_ <= reached_) {
        take(timer.slot);
      } else {
        add(at, timer.slot);
      }
    };
    const auto take_near = [&] {
      while (!near_.empty() && near_[0].at <= time) {
        const Timer timer = near_[0];
        std::pop_heap(near_.begin(), near_.end(), Later{});
        near_.pop_back();
        // One of these is the next.
        for (size_t k = 0; k < std::min<size_t>(near_.size(), 3); ++k) fetch(near_[k].slot);
        look_at(timer);
      }
      passed();
    };
    take_near();
    const int64_t last = time >> shift_;
    while (reached_ < last) {
      if (in_ring_ == 0) {  // nothing is due before the first of the wide buckets
        if (far_.empty() || far_.begin()->first > last >> kWide) break;
        reached_ = std::max(reached_, (far_.begin()->first << kWide) - 1);
      }
      const int64_t next = reached_ + 1;
      while (!far_.empty() && far_.begin()->first <= next >> kWide) {
        const Vec<Timer> timers = std::move(far_.begin()->second);
        far_.erase(far_.begin());
        for (const Timer& timer : timers) add(timer.at, timer.slot);
      }
      reached_ = next;
      Vec<Timer>& timers = ring_at(next);
      const Vec<Timer>& behind = ring_at(next + 1);
      const size_t n = timers.size();
      for (size_t i = 0; i < n; ++i) {
        if (i + kAhead < n) {
          fetch(timers[i + kAhead].slot);
        } else if (i + kAhead - n < behind.size()) {
          fetch(behind[i + kAhead - n].slot);
        }
        look_at(timers[i]);
      }
      in_ring_ -= n;
      timers.clear();
      passed();
    }
    reached_ = std::max(reached_, last);
    take_near();
  }

  size_t memory_bytes() const {
    size_t timers = near_.size() + in_ring_;
    for (const auto& [bucket, waiting] : far_) timers += waiting.size();
    return timers * sizeof(Timer);
  }

 private:
  static constexpr size_t kAhead = 12;
  static constexpr size_t kBuckets = 2048;  // more than twice the usual time
  static constexpr int kWide = 6;           // 64 of them are a wide one

  struct Timer {
    int64_t at;
    uint32_t slot;
  };
  struct Later {
    bool operator()(const Timer& a, const Timer& b) const { return a.at > b.at; }
  };

  Vec<Timer>& ring_at(int64_t bucket) { return ring_[static_cast<uint64_t>(bucket) % kBuckets]; }

  int shift_;                   // a bucket is so many bits wide
  int64_t reached_ = kMinTime;  // buckets up to this one are in near_
  Vec<Timer> near_;             // a heap, earliest first
  std::vector<Vec<Timer>> ring_;
  size_t in_ring_ = 0;
  std::map<int64_t, Vec<Timer>> far_;
};

}  // namespace weir
