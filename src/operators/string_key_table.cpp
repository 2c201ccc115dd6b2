#include "operators/string_key_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "operators/group_sort.h"

namespace weir {

void StringKeyTable::load(const StringRef* values, size_t n, Loaded& out) const {
  for (size_t i = 0; i < n; ++i) {
    const StringRef& s = values[i];
    if (s.len <= kShort) [[likely]] {
      load_short(s.ptr, s.len, out.w0[i], out.w1[i]);
      out.w1[i] |= uint64_t{s.len} << 56;
      const uint64_t h = fold_multiply(out.w0[i] ^ secret_.a, out.w1[i] ^ secret_.b);
      out.tag[i] = static_cast<uint32_t>(h >> 32);
    } else {
      out.w0[i] = XXH3_64bits_withSeed(s.ptr, s.len, secret_.a);
      out.w1[i] = kLong;
      out.tag[i] = static_cast<uint32_t>(out.w0[i] >> 32);
    }
  }
}

template <class Work>
inline __attribute__((always_inline)) void StringKeyTable::for_each_chunk(const StringRef* values,
                                                                          const uint8_t* valid,
                                                                          size_t rows,
                                                                          Work&& work) const {
  Loaded loaded;
  std::array<StringRef, kChunk> patched;
  for (size_t begin = 0; begin < rows; begin += kChunk) {
    const size_t n = std::min(kChunk, rows - begin);
    const StringRef* in = values + begin;
    if (valid != nullptr) {  // a NULL's StringRef is not to be followed
      for (size_t i = 0; i < n; ++i) patched[i] = valid[begin + i] != 0 ? in[i] : StringRef();
      in = patched.data();
    }
    load(in, n, loaded);
    work(begin, n, in, loaded);
  }
}

inline bool StringKeyTable::same(const Entry& e, const StringRef& value, uint64_t w0,
                                 uint64_t w1) const {
  if (e.w0 != w0) return false;
  if (w1 < kLong) return e.w1 == w1;
  return !e.is_short() && e.text() == value.view();
}

uint32_t StringKeyTable::add(const StringRef& value, uint64_t w0, uint64_t w1) {
  WEIR_CHECK(entries_.size() < kNoGroup - 1);
  const auto group = static_cast<uint32_t>(entries_.size());
  if (value.len > kShort) {
    char* const copy = long_keys_.allocate(sizeof(value.len) + value.len);
    std::memcpy(copy, &value.len, sizeof(value.len));
    std::memcpy(copy + sizeof(value.len), value.ptr, value.len);
    w1 = kLong | reinterpret_cast<uint64_t>(copy + sizeof(value.len));
  }
  entries_.push_back({w0, w1});
  return group;
}

__attribute__((noinline)) uint32_t StringKeyTable::add_at(size_t at, const StringRef& value,
                                                          uint64_t w0, uint64_t w1, uint32_t tag) {
  const uint32_t group = add(value, w0, w1);
  if (slots_.full()) {
    slots_.grow();
    at = slots_.free_slot(tag);
  }
  slots_.put(at, tag, group);
  return group;
}

inline __attribute__((always_inline)) uint32_t StringKeyTable::probe(const StringRef& value,
                                                                     uint64_t w0, uint64_t w1,
                                                                     uint32_t tag) {
  const SlotArray::Slot* slots = slots_.slots();
  const Entry* entries = entries_.data();
  const size_t mask = slots_.mask();
  for (size_t at = slots_.home(tag);; at = (at + 1) & mask) {
    const SlotArray::Slot slot = slots[at];
    if (slot.group_plus_one == 0) [[unlikely]]
      return add_at(at, value, w0, w1, tag);
    if (slot.tag == tag && same(entries[slot.group_plus_one - 1], value, w0, w1)) {
      return slot.group_plus_one - 1;
    }
  }
}

uint32_t StringKeyTable::null_group() {
  if (null_group_ == kNoGroup) null_group_ = add(StringRef(), 0, 0);
  return null_group_;
}

inline __attribute__((always_inline)) void StringKeyTable::prefetch(const Loaded& loaded,
                                                                    size_t n) const {
  slots_.prefetch(loaded.tag.data(), n, entries_.data(),
                  [this](uint32_t group) { prefetch_state(group); });
}

void StringKeyTable::find_or_add(const StringRef* values, const uint8_t* valid, size_t rows,
                                 uint32_t* groups) {
  const auto work = [&](size_t begin, size_t n, const StringRef* in, const Loaded& loaded) {
    if (slots_.is_large()) prefetch(loaded, n);
    if (valid == nullptr) {
      for (size_t i = 0; i < n; ++i) {
        groups[begin + i] = probe(in[i], loaded.w0[i], loaded.w1[i], loaded.tag[i]);
      }
    } else {
      for (size_t i = 0; i < n; ++i) {
        groups[begin + i] = valid[begin + i] != 0
                                ? probe(in[i], loaded.w0[i], loaded.w1[i], loaded.tag[i])
                                : null_group();
      }
    }
  };
  for_each_chunk(values, valid, rows, work);
}

void StringKeyTable::find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) {
  const ColumnPtr column = flat(keys[0]);
  find_or_add(column->values<StringRef>(), column->valid(), rows, groups);
}

inline uint32_t StringKeyTable::look(const StringRef& value, uint64_t w0, uint64_t w1,
                                     uint32_t tag) const {
  const SlotArray::Slot* slots = slots_.slots();
  for (size_t at = slots_.home(tag); slots[at].group_plus_one != 0; at = (at + 1) & slots_.mask()) {
    const uint32_t group = slots[at].group_plus_one - 1;
    if (slots[at].tag == tag && same(entries_[group], value, w0, w1)) return group;
  }
  return kNoGroup;
}

uint32_t StringKeyTable::find(const StringRef& value) const {
  Loaded loaded;
  load(&value, 1, loaded);
  return look(value, loaded.w0[0], loaded.w1[0], loaded.tag[0]);
}

void StringKeyTable::find_all(const StringRef* values, const uint8_t* valid, size_t rows,
                              uint32_t* groups) const {
  for_each_chunk(
      values, valid, rows, [&](size_t begin, size_t n, const StringRef* in, const Loaded& loaded) {
        if (slots_.is_large()) prefetch(loaded, n);
        for (size_t i = 0; i < n; ++i) {
          groups[begin + i] = valid != nullptr && valid[begin + i] == 0
                                  ? null_group_
                                  : look(in[i], loaded.w0[i], loaded.w1[i], loaded.tag[i]);
        }
      });
}

void StringKeyTable::find_all(std::span<const ColumnPtr> keys, size_t rows,
                              uint32_t* groups) const {
  const ColumnPtr column = flat(keys[0]);
  find_all(column->values<StringRef>(), column->valid(), rows, groups);
}

uint32_t StringKeyTable::find(std::span<const ColumnPtr> keys, size_t row) const {
  const Column& column = *keys[0];
  if (column.is_null(row)) return null_group_;
  return find(column.values<StringRef>()[column.is_constant() ? 0 : row]);
}

StringRef StringKeyTable::key(uint32_t group) const {
  const Entry& e = entries_[group];
  return e.is_short() ? StringRef(reinterpret_cast<const char*>(&e.w0), e.short_size())
                      : StringRef(e.text());
}

std::vector<ColumnPtr> StringKeyTable::keys(std::span<const uint32_t> groups, Arena& arena) const {
  auto column = make_column(type_, groups.size());
  StringRef* out = column->values<StringRef>();
  char* short_keys = arena.allocate(groups.size() * sizeof(Entry));
  for (size_t i = 0; i < groups.size(); ++i) {
    // Entries of a random list: the line is on its way when its turn comes.
    if (i + 16 < groups.size()) __builtin_prefetch(&entries_[groups[i + 16]]);
    const Entry& e = entries_[groups[i]];
    if (e.is_short()) {  // the entry may move
      std::memcpy(short_keys, &e, sizeof(e));
      out[i] = StringRef(short_keys, e.short_size());
      short_keys += sizeof(e);
    } else {
      out[i] = StringRef(e.text());
    }
    if (is_null(groups[i])) column->set_null(i);
  }
  std::vector<ColumnPtr> columns;
  columns.push_back(std::move(column));
  return columns;
}

// NULL, of length 0, has prefix 0 like the empty string: the comparison puts it first.
uint64_t StringKeyTable::prefix(uint32_t group) const {
  const Entry& e = entries_[group];
  if (e.is_short()) return __builtin_bswap64(e.w0);
  uint64_t head = 0;
  std::memcpy(&head, e.text().data(), sizeof(head));
  return __builtin_bswap64(head);
}

bool StringKeyTable::less(uint32_t a, const GroupTable& other, uint32_t b) const {
  const auto& table = static_cast<const StringKeyTable&>(other);
  if (is_null(a) || table.is_null(b)) return is_null(a) && !table.is_null(b);
  return key(a).view() < table.key(b).view();
}

Vec<uint32_t> StringKeyTable::sorted() const {
  return sort_groups(
      entries_.size(), [this](uint32_t group) { return prefix(group); },
      [this](uint32_t a, uint32_t b) { return less(a, *this, b); }, false);
}

void StringKeyTable::spread(const StringRef* values, const uint8_t* valid, size_t rows,
                            uint16_t mask, uint16_t* out) const {
  for_each_chunk(values, valid, rows,
                 [&](size_t begin, size_t n, const StringRef*, const Loaded& loaded) {
                   // The low bits: a slot's home is in the top ones.
                   for (size_t i = 0; i < n; ++i)
                     out[begin + i] = static_cast<uint16_t>(loaded.tag[i] & mask);
                 });
}

void StringKeyTable::spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
                            uint16_t* out) const {
  const ColumnPtr column = flat(keys[0]);
  spread(column->values<StringRef>(), column->valid(), rows, mask, out);
}

size_t StringKeyTable::memory_bytes() const {
  return slots_.memory_bytes() + entries_.memory_bytes() + long_keys_.used_bytes();
}

void StringKeyTable::clear() {
  slots_.clear();
  entries_.clear();
  null_group_ = kNoGroup;
  long_keys_.reset();
}

}  // namespace weir
