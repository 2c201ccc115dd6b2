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

  // Writes the group number of each of the first `rows` rows; new keys get the next numbers.
  virtual void find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) = 0;
  // The group of one row's key; kNoGroup if there is none.
  virtual uint32_t find(std::span<const ColumnPtr> keys, size_t row) const = 0;
  virtual size_t size() const = 0;  // number of groups
  // The keys of a list of groups as new columns, one per key. Strings point into the table, which must
  // outlive them, or, where it does not hold them as they are, into `arena`. Any threads at once, as long
  // as nothing is added.
  virtual std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const = 0;
  // The group numbers in key order: NULL first, numbers by value, strings by bytes; first key first.
  virtual Vec<uint32_t> sorted() const = 0;
  virtual size_t memory_bytes() const = 0;
  virtual void clear() = 0;  // forgets all groups, keeps the memory
};

std::unique_ptr<GroupTable> make_group_table(std::vector<Type> key_types, uint64_t seed);

// The seed of this run's tables, drawn once at start.
uint64_t run_hash_seed();

}  // namespace weir
