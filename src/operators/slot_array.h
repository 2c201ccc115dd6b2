// The open-addressing part of every group table: 8-byte slots of (hash tag, group number).
//
// A slot's home is the top bits of its 32-bit tag, so growing needs neither keys nor full hashes and
// runs through old and new slots in order. The keys are elsewhere, densely by group: with the skew of
// real data the frequent keys come first and stay together in the cache.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "operators/huge_memory.h"

namespace weir {

class SlotArray {
 public:
  struct Slot {
    uint32_t tag;
    uint32_t group_plus_one;  // 0: free
  };

  SlotArray() : slots_(sizeof(Slot) << kFirstBits) {}

  Slot* slots() const { return reinterpret_cast<Slot*>(slots_.data()); }
  size_t home(uint32_t tag) const { return tag >> shift_; }
  size_t mask() const { return (size_t{1} << bits_) - 1; }
  // True when slots no longer fit the first-level cache, so that prefetching pays.
  bool is_large() const { return bits_ > 11; }
  size_t memory_bytes() const { return slots_.size(); }

  bool full() const { return used_ >= limit_; }
  // Puts a new group into the free slot `at`, found by probing. Not when full().
  void put(size_t at, uint32_t tag, uint32_t group) {
    slots()[at] = {tag, group + 1};
    ++used_;
  }
  // The first free slot for a tag.
  size_t free_slot(uint32_t tag) const {
    size_t at = home(tag);
    while (slots()[at].group_plus_one != 0) at = (at + 1) & mask();
    return at;
  }
  // Where a tag most likely leads: to the first group that has it, or nowhere (a free slot).
  const Slot& likely(uint32_t tag) const {
    size_t at = home(tag);
    while (slots()[at].group_plus_one != 0 && slots()[at].tag != tag) at = (at + 1) & mask();
    return slots()[at];
  }
  // Fetches for tags that are looked up next: first the slots, then the entries that they most likely lead to;
  // `more` is told their groups. While the second-level cache holds the slots, looking through them for a tag costs
  // more, by wrong branches, than a fetch in vain: what is in a tag's home is taken, of a free one the first entry.
  template <class Entry, class More>
  __attribute__((always_inline)) void prefetch(const uint32_t* tags, size_t n, const Entry* entries,
                                               More more) const {
    const auto fetch = [&](uint32_t group) {
      const Entry* entry = &entries[group];
      __builtin_prefetch(entry);
      __builtin_prefetch(reinterpret_cast<const char*>(entry + 1) - 1);  // it may lie in two lines
      more(group);
    };
    for (size_t i = 0; i < n; ++i) __builtin_prefetch(&slots()[home(tags[i])]);
    if (bits_ <= kCachedBits) {
      for (size_t i = 0; i < n; ++i) {
        const uint32_t plus_one = slots()[home(tags[i])].group_plus_one;
        fetch(plus_one - static_cast<uint32_t>(plus_one != 0));
      }
      return;
    }
    for (size_t i = 0; i < n; ++i) {
      const Slot slot = likely(tags[i]);
      if (slot.group_plus_one != 0) fetch(slot.group_plus_one - 1);
    }
  }
  void grow() {
    WEIR_CHECK(bits_ < 32);
    SlotArray bigger(bits_ + 1);
    const size_t n = size_t{1} << bits_;
    const Slot* old = slots();
    for (size_t i = 0; i < n; ++i) {
      if (old[i].group_plus_one != 0) bigger.slots()[bigger.free_slot(old[i].tag)] = old[i];
    }
    bigger.used_ = used_;
    *this = std::move(bigger);
  }
  void clear() {
    if (used_ == 0) return;
    // A table that was once large and now holds little must not cost its largest size every time.
    if (bits_ > kFirstBits + 4 && used_ < (size_t{1} << bits_) / 64) {
      *this = SlotArray(bits_ - 3);
    } else {
      std::memset(slots_.data(), 0, slots_.size());
    }
    used_ = 0;
  }

 private:
  static constexpr uint32_t kFirstBits = 6;
  static constexpr uint32_t kCachedBits = 17;

  explicit SlotArray(uint32_t bits) : slots_(sizeof(Slot) << bits), bits_(bits), shift_(32 - bits) {
    const size_t n = size_t{1} << bits;
    // A second look costs a wrong branch, so small tables stay rather empty; large ones save memory.
    limit_ = bits <= 14 ? n / 4 : bits <= 18 ? n / 2 : n / 8 * 5;
  }

  HugeBuffer slots_;
  uint32_t bits_ = kFirstBits;
  uint32_t shift_ = 32 - kFirstBits;
  size_t used_ = 0;
  size_t limit_ = size_t{1} << (kFirstBits - 2);
};

}  // namespace weir
