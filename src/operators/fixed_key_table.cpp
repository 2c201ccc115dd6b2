#include "operators/fixed_key_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "operators/group_sort.h"

namespace weir {

namespace {

constexpr size_t kMaxKeys = 8;  // as many as there are NULL bits
constexpr size_t kMaxWords = 4;

bool is_fixed(const Type& type) {
  return type.id >= TypeId::kBoolean && !type.is_string_like() && !type.is_nested();
}

// Equal keys have equal bytes: one zero, one NaN.
template <class T>
T canonical(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value == 0) return 0;
    if (std::isnan(value)) return std::numeric_limits<T>::quiet_NaN();
  }
  return value;
}

template <class T>
uint64_t widen(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<uint32_t>(canonical(value));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<uint64_t>(canonical(value));
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}

// Calls f with a value of the C++ type that columns of this type hold.
template <class F>
void with_raw_type(const Type& type, F&& f) {
  switch (type.id) {
    case TypeId::kBoolean: f(uint8_t{}); break;
    case TypeId::kTinyInt: f(int8_t{}); break;
    case TypeId::kSmallInt: f(int16_t{}); break;
    case TypeId::kInt:
    case TypeId::kDate:
    case TypeId::kTime: f(int32_t{}); break;
    case TypeId::kFloat: f(float{}); break;
    case TypeId::kDouble: f(double{}); break;
    case TypeId::kDecimal: f(Int128{}); break;
    default: f(int64_t{}); break;
  }
}

template <class T>
uint64_t order_bits(T value) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  if constexpr (std::is_same_v<T, Int128>) {
    return static_cast<uint64_t>(value >> 64) ^ kSign;
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto bits = std::bit_cast<uint64_t>(static_cast<double>(value));
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ kSign;
  }
}

// Not operator==, which calls memcmp.
template <size_t W>
bool same_words(const std::array<uint64_t, W>& a, const std::array<uint64_t, W>& b) {
  uint64_t difference = 0;
  for (size_t w = 0; w < W; ++w) difference |= a[w] ^ b[w];
  return difference == 0;
}

}  // namespace

size_t packed_words(std::span<const Type> types) {
  if (types.empty() || types.size() > kMaxKeys) return 0;
  size_t bytes = 0;
  for (const auto& type : types) {
    if (!is_fixed(type)) return 0;
    bytes += type.width();
  }
  if (types.size() == 1 && bytes <= 8) return 1;
  const size_t words = (bytes + 1 + 7) / 8;
  return words <= kMaxWords ? words : 0;
}

template <size_t W>
FixedKeyTable<W>::FixedKeyTable(std::vector<Type> types, uint64_t seed)
    : types_(std::move(types)), secret_(seed) {
  raw_ = types_.size() == 1 && types_[0].width() <= 8;
  for (const auto& type : types_) {
    offsets_.push_back(nulls_offset_);
    nulls_offset_ += type.width();
  }
}

template <size_t W>
void FixedKeyTable<W>::load(std::span<const ColumnPtr> keys, size_t begin, size_t n,
                            Loaded& out) const {
  if (raw_) {
    with_raw_type(types_[0], [&]<class T>(T) {
      if constexpr (sizeof(T) <= 8) {
        const T* values = keys[0]->template values<T>() + begin;
        for (size_t i = 0; i < n; ++i) out.words[i][0] = widen(values[i]);
      }
    });
  } else {
    for (size_t i = 0; i < n; ++i) out.words[i] = Entry{};
    for (size_t k = 0; k < types_.size(); ++k) {
      const uint8_t* valid = keys[k]->valid();
      with_raw_type(types_[k], [&]<class T>(T) {
        const T* values = keys[k]->template values<T>() + begin;
        for (size_t i = 0; i < n; ++i) {
          char* packed = reinterpret_cast<char*>(&out.words[i]);
          if (valid != nullptr && valid[begin + i] == 0) {
            packed[nulls_offset_] = static_cast<char>(packed[nulls_offset_] | (1 << k));
            continue;
          }
          const T value = canonical(values[i]);
          std::memcpy(packed + offsets_[k], &value, sizeof(T));
        }
      });
    }
  }
}

template <size_t W>
void FixedKeyTable<W>::hash(Loaded& loaded, size_t n) const {
  const HashSecret secret = secret_;
  for (size_t i = 0; i < n; ++i) {
    uint64_t h = loaded.words[i][0];
    for (size_t w = 1; w < W; ++w) h = fold_multiply(h ^ secret.a, loaded.words[i][w] ^ secret.b);
    loaded.tag[i] = tag_of(h, secret);
  }
}

template <size_t W>
__attribute__((noinline)) uint32_t FixedKeyTable<W>::add(size_t at, const Entry& words,
                                                         uint32_t tag) {
  WEIR_CHECK(entries_.size() < kNoGroup - 1);
  const auto group = static_cast<uint32_t>(entries_.size());
  entries_.push_back(words);
  if (slots_.full()) {
    slots_.grow();
    at = slots_.free_slot(tag);
  }
  slots_.put(at, tag, group);
  return group;
}

template <size_t W>
inline __attribute__((always_inline)) uint32_t FixedKeyTable<W>::probe(const Entry& words,
                                                                       uint32_t tag) {
  const SlotArray::Slot* slots = slots_.slots();
  const Entry* entries = entries_.data();
  const size_t mask = slots_.mask();
  for (size_t at = slots_.home(tag);; at = (at + 1) & mask) {
    const SlotArray::Slot slot = slots[at];
    if (slot.group_plus_one == 0) [[unlikely]]
      return add(at, words, tag);
    if (slot.tag == tag && same_words(entries[slot.group_plus_one - 1], words)) {
      return slot.group_plus_one - 1;
    }
  }
}

template <size_t W>
inline __attribute__((always_inline)) void FixedKeyTable<W>::prefetch(const Loaded& loaded,
                                                                      size_t n) const {
  slots_.prefetch(loaded.tag.data(), n, entries_.data(),
                  [this](uint32_t group) { prefetch_state(group); });
}

// Whether the keys seen last are worth a look: while there are few.
template <size_t W>
inline bool FixedKeyTable<W>::remembers_seen() {
  if (W > 1 || entries_.size() > kFewGroups) return false;
  if (seen_.empty()) forget_seen();
  return true;
}

template <size_t W>
void FixedKeyTable<W>::forget_seen() {
  seen_.resize(kSeen);
  // A word that no key looks for here.
  for (size_t k = 0; k < kSeen; ++k) seen_[k] = {k ^ 1, 0};
}

// True if all keys of the chunk are among those seen last: neither a hash nor a branch that may go wrong.
template <size_t W>
inline __attribute__((always_inline)) bool FixedKeyTable<W>::find_seen(const Loaded& loaded,
                                                                       size_t n,
                                                                       uint32_t* groups) const {
  const Seen* const seen = seen_.data();
  uint64_t difference = 0;
  for (size_t i = 0; i < n; ++i) {
    const Seen likely = seen[loaded.words[i][0] % kSeen];
    difference |= likely.word ^ loaded.words[i][0];
    groups[i] = likely.group;
  }
  return difference == 0;
}

template <size_t W>
void FixedKeyTable<W>::remember(const Loaded& loaded, const uint32_t* groups) {
  for (size_t i = 0; i < kChunk; ++i)
    seen_[loaded.words[i][0] % kSeen] = {loaded.words[i][0], groups[i]};
}

template <size_t W>
void FixedKeyTable<W>::find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) {
  std::array<ColumnPtr, kMaxKeys> flat_keys;
  bool any_constant = false;
  for (size_t k = 0; k < keys.size(); ++k) any_constant = any_constant || keys[k]->is_constant();
  if (any_constant) {
    for (size_t k = 0; k < keys.size(); ++k) flat_keys[k] = flat(keys[k]);
    keys = std::span<const ColumnPtr>(flat_keys.data(), keys.size());
  }
  const uint8_t* valid = raw_ ? keys[0]->valid() : nullptr;
  Loaded loaded;
  for (size_t begin = 0; begin < rows; begin += kChunk) {
    const size_t n = std::min(kChunk, rows - begin);
    load(keys, begin, n, loaded);
    const bool remembers = valid == nullptr && n == kChunk && remembers_seen();
    if (remembers && find_seen(loaded, n, groups + begin)) continue;
    hash(loaded, n);
    if (slots_.is_large()) prefetch(loaded, n);
    for (size_t i = 0; i < n; ++i) {
      if (valid != nullptr && valid[begin + i] == 0) {
        if (null_group_ == kNoGroup) {
          null_group_ = static_cast<uint32_t>(entries_.size());
          entries_.push_back(Entry{});
        }
        groups[begin + i] = null_group_;
      } else {
        groups[begin + i] = probe(loaded.words[i], loaded.tag[i]);
      }
    }
    if (remembers) remember(loaded, groups + begin);
  }
}

template <size_t W>
void FixedKeyTable<W>::find_all(std::span<const ColumnPtr> keys, size_t rows,
                                uint32_t* groups) const {
  std::array<ColumnPtr, kMaxKeys> flat_keys;
  for (size_t k = 0; k < keys.size(); ++k) flat_keys[k] = flat(keys[k]);
  keys = std::span<const ColumnPtr>(flat_keys.data(), keys.size());
  const uint8_t* valid = raw_ ? keys[0]->valid() : nullptr;
  Loaded loaded;
  for (size_t begin = 0; begin < rows; begin += kChunk) {
    const size_t n = std::min(kChunk, rows - begin);
    load(keys, begin, n, loaded);
    hash(loaded, n);
    if (slots_.is_large()) prefetch(loaded, n);
    const SlotArray::Slot* slots = slots_.slots();
    const Entry* entries = entries_.data();
    const size_t mask = slots_.mask();
    for (size_t i = 0; i < n; ++i) {
      uint32_t group = kNoGroup;
      for (size_t at = slots_.home(loaded.tag[i]); slots[at].group_plus_one != 0;
           at = (at + 1) & mask) {
        const SlotArray::Slot slot = slots[at];
        if (slot.tag == loaded.tag[i] &&
            same_words(entries[slot.group_plus_one - 1], loaded.words[i])) {
          group = slot.group_plus_one - 1;
          break;
        }
      }
      groups[begin + i] = valid != nullptr && valid[begin + i] == 0 ? null_group_ : group;
    }
  }
}

template <size_t W>
uint32_t FixedKeyTable<W>::find(std::span<const ColumnPtr> keys, size_t row) const {
  std::array<ColumnPtr, kMaxKeys> one;
  for (size_t k = 0; k < keys.size(); ++k) one[k] = flat(keys[k]->slice(row, row + 1));
  if (raw_ && one[0]->is_null(0)) return null_group_;
  Loaded loaded;
  load({one.data(), keys.size()}, 0, 1, loaded);
  hash(loaded, 1);
  const SlotArray::Slot* slots = slots_.slots();
  for (size_t at = slots_.home(loaded.tag[0]);; at = (at + 1) & slots_.mask()) {
    if (slots[at].group_plus_one == 0) return kNoGroup;
    const uint32_t group = slots[at].group_plus_one - 1;
    if (slots[at].tag == loaded.tag[0] && same_words(entries_[group], loaded.words[0]))
      return group;
  }
}

template <size_t W>
bool FixedKeyTable<W>::is_null(uint32_t group, size_t key) const {
  if (raw_) return group == null_group_;
  const char* packed = reinterpret_cast<const char*>(&entries_[group]);
  return ((packed[nulls_offset_] >> key) & 1) != 0;
}

template <size_t W>
std::vector<ColumnPtr> FixedKeyTable<W>::keys(std::span<const uint32_t> groups, Arena&) const {
  std::vector<ColumnPtr> columns;
  for (size_t k = 0; k < types_.size(); ++k) {
    auto column = make_column(types_[k], groups.size());
    with_raw_type(types_[k], [&]<class T>(T) {
      T* out = column->template values<T>();
      for (size_t i = 0; i < groups.size(); ++i) {
        // Little-endian: the low bytes of a widened value are the value.
        std::memcpy(&out[i], reinterpret_cast<const char*>(&entries_[groups[i]]) + offsets_[k],
                    sizeof(T));
        if (is_null(groups[i], k)) column->set_null(i);
      }
    });
    columns.push_back(std::move(column));
  }
  return columns;
}

template <size_t W>
uint64_t FixedKeyTable<W>::ordered_bits(uint32_t group, size_t key) const {
  uint64_t bits = 0;
  with_raw_type(types_[key], [&]<class T>(T) {
    T value{};
    std::memcpy(&value, reinterpret_cast<const char*>(&entries_[group]) + offsets_[key], sizeof(T));
    bits = order_bits(value);
  });
  return bits;
}

template <size_t W>
bool FixedKeyTable<W>::less(uint32_t a, const GroupTable& other, uint32_t b) const {
  const auto& table = static_cast<const FixedKeyTable<W>&>(other);
  for (size_t k = 0; k < types_.size(); ++k) {
    const bool a_null = is_null(a, k);
    const bool b_null = table.is_null(b, k);
    if (a_null || b_null) {
      if (a_null != b_null) return a_null;
      continue;
    }
    const uint64_t x = ordered_bits(a, k);
    const uint64_t y = table.ordered_bits(b, k);
    if (x != y) return x < y;
    if (types_[k].id == TypeId::kDecimal) {  // the lower half decides
      Int128 u = 0;
      Int128 v = 0;
      std::memcpy(&u, reinterpret_cast<const char*>(&entries_[a]) + offsets_[k], sizeof(u));
      std::memcpy(&v, reinterpret_cast<const char*>(&table.entries_[b]) + offsets_[k], sizeof(v));
      if (u != v) return u < v;
    }
  }
  return false;
}

// NULL sorts as the smallest value and wins the tie with it in less().
template <size_t W>
uint64_t FixedKeyTable<W>::prefix(uint32_t group) const {
  return is_null(group, 0) ? 0 : ordered_bits(group, 0);
}

template <size_t W>
Vec<uint32_t> FixedKeyTable<W>::sorted() const {
  const bool exact = raw_ && null_group_ == kNoGroup;
  return sort_groups(
      size(), [this](uint32_t group) { return prefix(group); },
      [this](uint32_t a, uint32_t b) { return less(a, *this, b); }, exact);
}

template <size_t W>
void FixedKeyTable<W>::spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
                              uint16_t* out) const {
  std::vector<ColumnPtr> flat_keys;
  for (const auto& key : keys) flat_keys.push_back(flat(key));
  const uint8_t* valid = raw_ ? keys[0]->valid() : nullptr;
  Loaded loaded;
  for (size_t begin = 0; begin < rows; begin += kChunk) {
    const size_t n = std::min(kChunk, rows - begin);
    load(flat_keys, begin, n, loaded);
    hash(loaded, n);
    for (size_t i = 0; i < n; ++i) {
      // The low bits: a slot's home is in the top ones.
      const bool null = valid != nullptr && valid[keys[0]->is_constant() ? 0 : begin + i] == 0;
      out[begin + i] = null ? 0 : static_cast<uint16_t>(loaded.tag[i] & mask);
    }
  }
}

template <size_t W>
void FixedKeyTable<W>::clear() {
  slots_.clear();
  entries_.clear();
  if (!seen_.empty()) forget_seen();
  null_group_ = kNoGroup;
}

template class FixedKeyTable<1>;
template class FixedKeyTable<2>;
template class FixedKeyTable<3>;
template class FixedKeyTable<4>;

}  // namespace weir
