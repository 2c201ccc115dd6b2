// Rows kept until the end of the input, for sort and top: batches by number, gathered in any order.
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
  // Moves all batches of another store behind this one's; gives what its batch numbers grow by.
  uint32_t take(RowStore& other);

  size_t batches() const { return batches_.size(); }
  const Batch& batch(uint32_t number) const { return batches_[number]; }
  size_t memory_bytes() const { return bytes_; }

  // The given rows of one column, which must be present. Strings point into the store. Thread-safe.
  ColumnPtr gather(size_t column, const Type& type, std::span<const RowPlace> rows) const;

 private:
  std::vector<Batch> batches_;
  size_t bytes_ = 0;
};

}  // namespace weir
