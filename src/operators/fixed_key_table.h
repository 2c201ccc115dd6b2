// Groups by one fixed-width value of up to 8 bytes, or by several packed into up to 32.
//
// One value is kept widened to 64 bits, its NULL is a group beside the table. Several are packed side by
// side in memory order, followed by a byte of NULL bits (a NULL's value is zero).
#pragma once

#include <array>
#include <vector>

#include "operators/group_table.h"
#include "operators/key_hash.h"
#include "operators/slot_array.h"

namespace weir {

// The number of 64-bit words that keys of these types are packed into; 0: they do not fit.
size_t packed_words(std::span<const Type> types);

template <size_t W>
class FixedKeyTable final : public GroupTable {
 public:
  FixedKeyTable(std::vector<Type> types, uint64_t seed);

  void find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) override;
  uint32_t find(std::span<const ColumnPtr> keys, size_t row) const override;
  void find_all(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) const override;
  size_t size() const override { return entries_.size(); }
  std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const override;
  Vec<uint32_t> sorted() const override;
  uint64_t prefix(uint32_t group) const override;
  bool less(uint32_t a, const GroupTable& other, uint32_t b) const override;
  void spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
              uint16_t* out) const override;
  size_t memory_bytes() const override {
    return slots_.memory_bytes() + entries_.memory_bytes() + seen_.capacity() * sizeof(Seen);
  }
  void clear() override;

 private:
  static constexpr size_t kChunk = 64;

  using Entry = std::array<uint64_t, W>;
  struct Loaded {
    std::array<Entry, kChunk> words;
    std::array<uint32_t, kChunk> tag;
  };
  // A key of one word and its group.
  struct Seen {
    uint64_t word;
    uint32_t group;
  };
  static constexpr size_t kSeen = 128;
  static constexpr size_t kFewGroups = 64;

  void load(std::span<const ColumnPtr> keys, size_t begin, size_t n, Loaded& out) const;
  void hash(Loaded& loaded, size_t n) const;
  bool remembers_seen();
  void forget_seen();
  bool find_seen(const Loaded& loaded, size_t n, uint32_t* groups) const;
  void remember(const Loaded& loaded, const uint32_t* groups);
  void prefetch(const Loaded& loaded, size_t n) const;
  uint32_t probe(const Entry& words, uint32_t tag);
  uint32_t add(size_t at, const Entry& words, uint32_t tag);
  bool is_null(uint32_t group, size_t key) const;
  uint64_t ordered_bits(uint32_t group,
                        size_t key) const;  // the value's top 64 bits, order-preserving

  std::vector<Type> types_;
  std::vector<size_t> offsets_;  // of each value in the packed bytes
  size_t nulls_offset_ = 0;      // of the byte of NULL bits; unused with one raw value
  bool raw_ = false;             // one value of up to 8 bytes
  HashSecret secret_;
  SlotArray slots_;
  HugeVec<Entry> entries_;
  uint32_t null_group_ = kNoGroup;  // raw_ only
  Vec<Seen> seen_;                  // by the key's low bits, the one seen last; empty: never needed
};

extern template class FixedKeyTable<1>;
extern template class FixedKeyTable<2>;
extern template class FixedKeyTable<3>;
extern template class FixedKeyTable<4>;

}  // namespace weir
