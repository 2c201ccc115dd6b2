// The right side of a join, read completely: its rows in their order, and which of them have a key.
//
// Threads: the table is made by one thread and then only read, but for
// the marks of rows that have found a partner.
#pragma once

#include "operators/group_table.h"
#include "operators/join.h"
#include "operators/row_store.h"

namespace weir {

class JoinTable final : public BuiltInput {
 public:
  // All rows, in their order.
  JoinTable(const Join& join, RowStore rows);
  // Some rows of those that there are: those of some keys. `null_keys`: there are rows with a NULL in their key.
  JoinTable(const Join& join, Batch some, bool null_keys);

  size_t rows() const { return rows_; }
  // True if there are no rows at all.
  bool is_empty() const { return rows_ == 0 && !some_; }
  uint64_t memory_bytes() const override;
  const std::vector<ColumnPtr>& columns() const { return columns_; }
  // A column of all rows; null when nothing needs it.
  const ColumnPtr& column(size_t c) const { return columns_[c]; }

  // Writes for each row of the keys what matches() takes. Without keys: every row has all.
  void find(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) const;
  // The rows that match, in their order.
  std::span<const uint32_t> matches(uint32_t group) const {
    if (group == GroupTable::kNoGroup) return {};
    return {order_.data() + first_[group], first_[group + 1] - first_[group]};
  }
  // True if no key is there twice: the group then is the row's number.
  bool unique() const { return unique_; }

  bool has_null_keys() const { return some_ ? some_null_keys_ : !null_keys_.empty(); }
  // Rows with a NULL among their keys.
  std::span<const uint32_t> null_keys() const { return {null_keys_.data(), null_keys_.size()}; }

  // Any threads at once.
  void mark(uint32_t row);
  std::span<const uint8_t> marks() const { return {marks_.data(), marks_.size()}; }

 private:
  void take(const Join& join);
  void join_columns(const Join& join, std::vector<Batch*>& batches);
  void index(const Join& join);

  size_t rows_ = 0;
  bool some_ = false;
  bool some_null_keys_ = false;
  std::vector<ColumnPtr> columns_;
  RowStore store_;  // what strings point into
  std::unique_ptr<GroupTable> table_;
  bool unique_ = false;
  Vec<uint32_t> first_;  // of each group in order_
  Vec<uint32_t> order_;  // row numbers, by group
  Vec<uint32_t> null_keys_;
  Vec<uint8_t> marks_;  // kept when rows without a partner are asked for
};

}  // namespace weir
