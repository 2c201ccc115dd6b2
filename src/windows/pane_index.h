// Finds the pane of a key and a window: an open-addressing table, linear probing, entries moved back on
// removal.
#pragma once

#include <cstdint>

#include "base/vec.h"
#include "windows/time_window.h"

namespace weir {

class PaneIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t find(uint32_t key, WindowBounds window) const {
    if (size_ == 0) return kNone;
    for (size_t at = home(key, window);; at = (at + 1) & mask_) {
      const Entry& e = entries_[at];
      if (e.pane == kNone) return kNone;
      if (e.key == key && e.window == window) return e.pane;
    }
  }

  // The key and window must not be there.
  void add(uint32_t key, WindowBounds window, uint32_t pane) {
    if (2 * (size_ + 1) > entries_.size()) grow();
    insert({window, key, pane});
    ++size_;
  }

  // The key and window must be there.
  void remove(uint32_t key, WindowBounds window) {
    size_t hole = home(key, window);
    while (entries_[hole].key != key || !(entries_[hole].window == window))
      hole = (hole + 1) & mask_;
    for (size_t at = (hole + 1) & mask_; entries_[at].pane != kNone; at = (at + 1) & mask_) {
      const size_t wanted = home(entries_[at].key, entries_[at].window);
      // Whoever would not be found any more across the hole moves into it.
      if (((at - wanted) & mask_) < ((at - hole) & mask_)) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole].pane = kNone;
    --size_;
  }

  size_t memory_bytes() const { return entries_.size() * sizeof(Entry); }

  void clear() {
    for (auto& e : entries_) e.pane = kNone;
    size_ = 0;
  }

 private:
  struct Entry {
    WindowBounds window;
    uint32_t key = 0;
    uint32_t pane = kNone;
  };

  size_t home(uint32_t key, WindowBounds window) const {
    uint64_t h = (static_cast<uint64_t>(window.start) ^ key) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
    h = (h ^ static_cast<uint64_t>(window.end)) * 0xd6e8feb86659fd93u;
    return (h ^ (h >> 32)) & mask_;
  }
  void insert(const Entry& entry) {
    size_t at = home(entry.key, entry.window);
    while (entries_[at].pane != kNone) at = (at + 1) & mask_;
    entries_[at] = entry;
  }
  void grow() {
    Vec<Entry> old;
    old.swap(entries_);
    const size_t slots = old.empty() ? 16 : 2 * old.size();
    entries_.assign(slots, Entry{});
    mask_ = slots - 1;
    for (const auto& e : old) {
      if (e.pane != kNone) insert(e);
    }
  }

  Vec<Entry> entries_;
  size_t mask_ = 0;
  size_t size_ = 0;
};

}  // namespace weir
