// Rows kept for later, by sort, top and windows: batches by number, gathered in any order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "data/batch.h"

namespace weir {

// A row of a store: batch number << 32 | row.
using RowPlace = uint64_t;

class RowStore {
 public:
  // Keeps the batch's columns (absent ones stay absent) and gives its number. Strings are copied if asked
  // for, or when the block they lie in is mostly something else, so that few rows do not hold much memory.
  uint32_t add(Batch batch, bool copy_strings = false);
  // Forgets a batch; its number may be given again.
  void release(uint32_t number);
  // Moves all batches of another store behind this one's; gives what its batch numbers grow by.
  uint32_t take(RowStore& other);

  size_t batches() const { return batches_.size(); }
  const Batch& batch(uint32_t number) const { return batches_[number]; }
  Batch& batch(uint32_t number) { return batches_[number]; }
  size_t memory_bytes() const { return bytes_; }

  // The given rows of one column, which must be present. Strings point into the store. Thread-safe.
  ColumnPtr gather(size_t column, const Type& type, std::span<const RowPlace> rows) const;

 private:
  // Puts a batch in a free place.
  uint32_t place(Batch batch, size_t bytes);

  std::vector<Batch> batches_;
  std::vector<size_t> sizes_;  // bytes of each
  std::vector<uint32_t> free_;
  size_t bytes_ = 0;
};

}  // namespace weir
