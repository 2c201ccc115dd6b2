#include "state/timers.h"

#include <algorithm>

namespace weir {

void Timers::resize(size_t groups) {
  for (auto& times : times_) {
    times.resize(groups);
    for (size_t g = groups_; g < groups; ++g) times[g] = kNoTimer;
  }
  groups_ = groups;
}

void Timers::set(size_t name, uint32_t group, int64_t time) {
  int64_t& current = times_[name][group];
  if (current == time) return;
  if (current == kNoTimer) ++live_;
  current = time;
  push({time, group, static_cast<uint32_t>(name)});
}

void Timers::cancel(size_t name, uint32_t group) {
  int64_t& current = times_[name][group];
  if (current == kNoTimer) return;
  current = kNoTimer;
  --live_;
}

void Timers::push(const Entry& entry) {
  if (heap_.size() > 2 * live_ + 64) rebuild_heap();
  heap_.push_back(entry);
  std::push_heap(heap_.begin(), heap_.end(), later);
}

// Forgets outdated entries, so that timers set again and again do not pile up.
void Timers::rebuild_heap() {
  heap_.clear();
  for (size_t name = 0; name < times_.size(); ++name) {
    for (size_t g = 0; g < groups_; ++g) {
      if (times_[name][g] != kNoTimer)
        heap_.push_back({times_[name][g], static_cast<uint32_t>(g), static_cast<uint32_t>(name)});
    }
  }
  std::make_heap(heap_.begin(), heap_.end(), later);
}

int64_t Timers::next() {
  while (!heap_.empty() && !is_current(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
  return heap_.empty() ? kNoTimer : heap_.front().time;
}

int64_t Timers::find_due(int64_t until, size_t limit, Vec<uint32_t>& groups) {
  size_t found = 0;
  int64_t last = INT64_MIN;
  while (true) {
    const int64_t time = next();
    if (time == kNoTimer || time > until) return until;
    if (found >= limit && time > last) return last;
    groups.push_back(heap_.front().group);
    last = time;
    ++found;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
}

size_t Timers::first_due(uint32_t group, int64_t until) const {
  size_t first = names();
  for (size_t name = 0; name < names(); ++name) {
    const int64_t time = times_[name][group];
    if (time == kNoTimer || time > until) continue;
    if (first == names() || time < times_[first][group]) first = name;
  }
  return first;
}

void Timers::keep(std::span<const uint32_t> groups) {
  for (auto& times : times_) {
    Vec<int64_t> kept(groups.size());
    for (size_t k = 0; k < groups.size(); ++k) kept[k] = times[groups[k]];
    times = std::move(kept);
  }
  groups_ = groups.size();
  live_ = 0;
  for (const auto& times : times_) {
    for (const int64_t time : times) live_ += time != kNoTimer ? 1 : 0;
  }
  rebuild_heap();
}

size_t Timers::memory_bytes() const {
  size_t total = heap_.capacity() * sizeof(Entry);
  for (const auto& times : times_) total += times.capacity() * sizeof(int64_t);
  return total;
}

}  // namespace weir
