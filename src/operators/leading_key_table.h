// Groups by a first key that seldom changes from row to row, such as the slice of event time, and further ones.
//
// The first key and the others have a table each, and a group is a pair of their groups. The pairs are cells of a
// matrix, a row of cells per first key, until that would become large and thin; then they are hashed.
// The others so keep the layout that they have alone: one string need not be encoded together with a number.
#pragma once

#include <vector>

#include "operators/group_table.h"
#include "operators/key_hash.h"
#include "operators/slot_array.h"

namespace weir {

class LeadingKeyTable final : public GroupTable {
 public:
  // One type or more.
  LeadingKeyTable(const std::vector<Type>& types, uint64_t seed);

  void find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) override;
  uint32_t find(std::span<const ColumnPtr> keys, size_t row) const override;
  void find_all(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) const override;
  size_t size() const override { return pairs_.size(); }
  std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const override;
  Vec<uint32_t> sorted() const override;
  uint64_t prefix(uint32_t group) const override { return first_->prefix(pairs_[group].first); }
  bool less(uint32_t a, const GroupTable& other, uint32_t b) const override;
  void spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
              uint16_t* out) const override;
  size_t memory_bytes() const override;
  void clear() override;

  // The number of first keys, and those from `from` on as a column, in order of first appearance.
  size_t firsts() const { return first_->size(); }
  ColumnPtr first_keys(size_t from, Arena& arena) const;
  // All groups, those of a first key side by side, in that order; begins[k]: where those of the k-th start.
  void list_by_first(Vec<uint32_t>& groups, Vec<uint32_t>& begins) const;

 private:
  struct Pair {
    uint32_t first;  // a group of first_
    uint32_t rest;   // a group of rest_
  };
  static constexpr size_t kChunk = 64;  // rows prefetched ahead of probing
  static constexpr size_t kMaxCells = size_t{1} << 18;

  size_t cell(Pair pair) const { return (size_t{pair.first} << row_bits_) + pair.rest; }
  uint32_t tag(Pair pair) const {
    return tag_of((uint64_t{pair.first} << 32) | pair.rest, secret_);
  }
  void make_room();
  void hash_pairs();
  uint32_t find(Pair pair) const;
  uint32_t find_hashed(Pair pair, uint32_t hash) const;
  void find_or_add_hashed(size_t rows, uint32_t* groups);

  std::unique_ptr<GroupTable> first_;
  std::unique_ptr<GroupTable> rest_;  // null: there is but the first key
  HashSecret secret_;
  Vec<Pair> pairs_;      // by group
  Vec<uint32_t> cells_;  // group + 1 of each pair; 0: none
  uint32_t row_bits_ = 4;
  bool hashed_ = false;  // the pairs are in slots_ instead
  SlotArray slots_;
  Vec<uint32_t> firsts_;  // scratch, kept between calls
};

}  // namespace weir
