// The group-by hash table: key columns -> dense group numbers, kept in order of first appearance.
//
// Whole batches at a time: hashes are computed column by column, the slots prefetched, then probed.
// Layouts by key: one integer-like key of up to 8 bytes (values in the table), one string key (length,
// prefix and pointer in the table, bytes in an arena), any other list of columns (encoded to bytes, then as
// a string). The hash is seeded per run, so crafted keys gain nothing and no result may depend on the
// table's order. NULLs are equal to each other.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "data/batch.h"
#include "data/column.h"

namespace weir {

class GroupTable {
 public:
  static constexpr uint32_t kNoGroup = UINT32_MAX;

  virtual ~GroupTable() = default;

  // Tells where the caller keeps a state per group, `stride` bytes apart (null: nowhere): find_or_add fetches
  // those of the groups it expects ahead.
  void expect_states(const char* states, size_t stride) {
    states_ = states;
    stride_ = stride;
  }
  // Writes the group number of each of the first `rows` rows; new keys get the next numbers.
  virtual void find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) = 0;
  // The group of one row's key; kNoGroup if there is none.
  virtual uint32_t find(std::span<const ColumnPtr> keys, size_t row) const = 0;
  // Writes the groups of the first `rows` rows, kNoGroup where there is none. Any threads at once, as long as
  // nothing is added.
  virtual void find_all(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) const = 0;
  virtual size_t size() const = 0;  // number of groups
  // The keys of a list of groups as new columns, one per key. Strings point into the table, which must
  // outlive them, or, where it does not hold them as they are, into `arena`. Any threads at once, as long
  // as nothing is added.
  virtual std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const = 0;
  // The group numbers in key order: NULL first, numbers by value, strings by bytes; first key first.
  virtual Vec<uint32_t> sorted() const = 0;
  // For comparing groups of tables with the same types: keys with a smaller prefix come first; among equal
  // prefixes less() decides whether this table's group `a` comes before `b` of the other table.
  virtual uint64_t prefix(uint32_t group) const = 0;
  virtual bool less(uint32_t a, const GroupTable& other, uint32_t b) const = 0;
  // The group's key will be looked at soon.
  virtual void fetch(uint32_t group) const { (void)group; }
  // Spreads keys: writes hash & mask of each row (mask: below 65536). Tables with one seed agree on it.
  virtual void spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
                      uint16_t* out) const = 0;
  virtual size_t memory_bytes() const = 0;
  virtual void clear() = 0;  // forgets all groups, keeps the memory

 protected:
  void prefetch_state(uint32_t group) const {
    if (states_ != nullptr) __builtin_prefetch(states_ + group * stride_, 1);
  }

 private:
  const char* states_ = nullptr;
  size_t stride_ = 0;
};

std::unique_ptr<GroupTable> make_group_table(std::vector<Type> key_types, uint64_t seed);

// The seed of this run's tables, drawn once at start.
uint64_t run_hash_seed();

}  // namespace weir
