#include "operators/place_sort.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "operators/group_sort.h"

namespace weir {

namespace {

constexpr size_t kLookedAt = 64;  // bytes of a place, from its front
constexpr size_t kWord = sizeof(uint64_t);

struct PrefixedRow {
  uint64_t prefix;
  RowPlace row;
};

uint64_t word_at(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

// Which bytes of the places make the number.
class Prefix {
 public:
  Prefix(const std::vector<const Places*>& places, const std::vector<uint32_t>& batches) {
    size_t shortest = SIZE_MAX;
    size_t longest = 0;
    each(places, batches, [&](std::string_view place) {
      shortest = std::min(shortest, place.size());
      longest = std::max(longest, place.size());
    });
    if (longest == 0) return;
    const auto differs = differences(places, batches, std::min(shortest, kLookedAt));
    size_t differing = 0;
    for (size_t p = 0; p < std::min(shortest, kLookedAt); ++p) {
      if (!differs[p]) continue;
      if (count_ < kWord) positions_[count_++] = p;
      ++differing;
    }
    exact_ = shortest == longest && longest <= kLookedAt && differing == count_;
    // Bytes that not all of them have; one that is missing is taken for 0.
    for (size_t p = shortest; p < longest && count_ < kWord && shortest <= kLookedAt; ++p)
      positions_[count_++] = p;
  }

  // Rows with the same number are equal.
  bool exact() const { return exact_; }
  uint64_t of(std::string_view place) const {
    uint64_t number = 0;
    for (size_t k = 0; k < count_; ++k) {
      const size_t p = positions_[k];
      number = number << 8 | (p < place.size() ? static_cast<unsigned char>(place[p]) : 0U);
    }
    return number;
  }

 private:
  template <class F>
  static void each(const std::vector<const Places*>& places, const std::vector<uint32_t>& batches,
                   F&& f) {
    for (const uint32_t b : batches) {
      for (size_t i = 0; i < places[b]->ends.size(); ++i) f(places[b]->of(i));
    }
  }

  // For each of the first `bytes` bytes, which all places have: whether it is not the same in all.
  static std::array<bool, kLookedAt> differences(const std::vector<const Places*>& places,
                                                 const std::vector<uint32_t>& batches,
                                                 size_t bytes) {
    std::array<char, kLookedAt> first{};
    std::array<uint64_t, kLookedAt / kWord> words{};
    std::array<char, kLookedAt> rest{};
    bool begun = false;
    const size_t whole = bytes / kWord;
    each(places, batches, [&](std::string_view place) {
      if (!begun) std::copy_n(place.data(), bytes, first.data());
      begun = true;
      for (size_t w = 0; w < whole; ++w)
        words[w] |= word_at(place.data() + w * kWord) ^ word_at(first.data() + w * kWord);
      for (size_t p = whole * kWord; p < bytes; ++p)
        rest[p] = static_cast<char>(rest[p] | (place[p] ^ first[p]));
    });
    std::array<bool, kLookedAt> differs{};
    std::memcpy(rest.data(), words.data(), whole * kWord);
    for (size_t p = 0; p < bytes; ++p) differs[p] = rest[p] != 0;
    return differs;
  }

  std::array<size_t, kWord> positions_{};
  size_t count_ = 0;
  bool exact_ = true;
};

}  // namespace

Vec<RowPlace> sort_by_place(const std::vector<const Places*>& places,
                            const std::vector<uint32_t>& batches) {
  const Prefix prefix(places, batches);
  size_t total = 0;
  for (const uint32_t b : batches) total += places[b]->ends.size();
  Vec<PrefixedRow> rows;
  rows.reserve(total);
  for (const uint32_t b : batches) {
    for (size_t i = 0; i < places[b]->ends.size(); ++i)
      rows.push_back({prefix.of(places[b]->of(i)), RowPlace{b} << 32 | i});
  }
  if (total > 0) radix_sort(rows);
  const auto place_of = [&](const PrefixedRow& row) {
    return places[row.row >> 32]->of(row.row & UINT32_MAX);
  };
  for (size_t begin = 0; begin < total && !prefix.exact();) {
    size_t end = begin + 1;
    while (end < total && rows[end].prefix == rows[begin].prefix) ++end;
    if (end - begin > 1)
      std::stable_sort(
          rows.begin() + begin, rows.begin() + end,
          [&](const PrefixedRow& a, const PrefixedRow& b) { return place_of(a) < place_of(b); });
    begin = end;
  }
  Vec<RowPlace> sorted(total);
  for (size_t i = 0; i < total; ++i) sorted[i] = rows[i].row;
  return sorted;
}

}  // namespace weir
