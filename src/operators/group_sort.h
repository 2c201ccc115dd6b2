// Sorts group numbers by key: radix sort on a 64-bit prefix of the key, ties by a full comparison.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/vec.h"

namespace weir {

struct PrefixedGroup {
  uint64_t prefix;
  uint32_t group;
};

// Stable, by `prefix`, a number of 64 bits. Not of nothing.
template <class Item>
void radix_sort(Vec<Item>& items) {
  const size_t n = items.size();
  Vec<Item> other(n);
  Item* from = items.data();
  Item* to = other.data();
  std::array<std::array<size_t, 256>, 8> counts{};
  for (size_t i = 0; i < n; ++i) {
    for (size_t b = 0; b < 8; ++b) ++counts[b][(from[i].prefix >> (8 * b)) & 0xff];
  }
  for (size_t b = 0; b < 8; ++b) {
    // A byte in which all agree needs no pass.
    if (counts[b][(from[0].prefix >> (8 * b)) & 0xff] == n) continue;
    size_t sum = 0;
    for (auto& c : counts[b]) {
      const size_t count = c;
      c = sum;
      sum += count;
    }
    for (size_t i = 0; i < n; ++i) to[counts[b][(from[i].prefix >> (8 * b)) & 0xff]++] = from[i];
    std::swap(from, to);
  }
  if (from != items.data()) items.swap(other);
}

// `prefix_of(group)`: order-preserving; `less(a, b)`: decides groups of equal prefix; pass
// `exact` when equal prefixes mean equal keys.
template <class PrefixOf, class Less>
Vec<uint32_t> sort_groups(size_t n, PrefixOf prefix_of, Less less, bool exact) {
  Vec<PrefixedGroup> items(n);
  for (size_t g = 0; g < n; ++g) {
    const auto group = static_cast<uint32_t>(g);
    items[g] = {prefix_of(group), group};
  }
  if (n >= 256) {
    radix_sort(items);
    for (size_t begin = 0; begin < n && !exact;) {
      size_t end = begin + 1;
      while (end < n && items[end].prefix == items[begin].prefix) ++end;
      if (end - begin > 1) {
        std::sort(
            items.begin() + begin, items.begin() + end,
            [&](const PrefixedGroup& a, const PrefixedGroup& b) { return less(a.group, b.group); });
      }
      begin = end;
    }
  } else {
    std::sort(items.begin(), items.end(), [&](const PrefixedGroup& a, const PrefixedGroup& b) {
      if (a.prefix != b.prefix) return a.prefix < b.prefix;
      return !exact && less(a.group, b.group);
    });
  }
  Vec<uint32_t> groups(n);
  for (size_t i = 0; i < n; ++i) groups[i] = items[i].group;
  return groups;
}

}  // namespace weir
