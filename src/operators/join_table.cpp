#include "operators/join_table.h"

#include <algorithm>
#include <atomic>

namespace weir {

JoinTable::JoinTable(const Join& join, RowStore rows) : store_(std::move(rows)) { take(join); }

JoinTable::JoinTable(const Join& join, Batch some, bool null_keys)
    : some_(true), some_null_keys_(null_keys) {
  store_.add(std::move(some));
  take(join);
}

void JoinTable::take(const Join& join) {
  std::vector<Batch*> batches;
  for (size_t b = 0; b < store_.batches(); ++b) {
    Batch& batch = store_.batch(static_cast<uint32_t>(b));
    if (batch.rows > 0) batches.push_back(&batch);
    rows_ += batch.rows;
  }
  WEIR_CHECK(rows_ < kNoRow);
  std::sort(batches.begin(), batches.end(),
            [](const Batch* a, const Batch* b) { return a->ordinal(0) < b->ordinal(0); });
  join_columns(join, batches);
  index(join);
  if (join.keeps_right()) marks_.assign(rows_, 0);
}

// One column of all batches' columns: a row is found with one step.
void JoinTable::join_columns(const Join& join, std::vector<Batch*>& batches) {
  for (size_t c = 0; c < join.sides[1].size(); ++c) {
    if (!batches.empty() && !batches[0]->columns[c]) {
      columns_.push_back(nullptr);
      continue;
    }
    auto all = make_column(join.sides[1][c].type);
    all->reserve(rows_);
    for (Batch* batch : batches) {
      all->append(*batch->columns[c]);
      batch->columns[c].reset();
    }
    columns_.push_back(std::move(all));
  }
}

void JoinTable::index(const Join& join) {
  if (join.keys[1].empty()) {
    order_.resize(rows_);
    for (size_t i = 0; i < rows_; ++i) order_[i] = static_cast<uint32_t>(i);
    first_.push_back(0);
    first_.push_back(static_cast<uint32_t>(rows_));
    return;
  }
  table_ = make_group_table(join.key_types, run_hash_seed());
  const std::vector<ColumnPtr> keys = join.key_columns(1, columns_);
  Vec<uint32_t> groups(rows_);
  table_->find_or_add(keys, rows_, groups.data());
  for (size_t i = 0; i < rows_; ++i)
    if (std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key->is_null(i); }))
      null_keys_.push_back(static_cast<uint32_t>(i));
  unique_ = null_keys_.empty() && table_->size() == rows_;

  for (const uint32_t row : null_keys_) groups[row] = GroupTable::kNoGroup;
  first_.assign(table_->size() + 1, 0);
  for (size_t i = 0; i < rows_; ++i)
    if (groups[i] != GroupTable::kNoGroup) ++first_[groups[i] + 1];
  for (size_t g = 1; g < first_.size(); ++g) first_[g] += first_[g - 1];
  order_.resize(rows_ - null_keys_.size());
  Vec<uint32_t> at = first_;
  for (size_t i = 0; i < rows_; ++i)
    if (groups[i] != GroupTable::kNoGroup) order_[at[groups[i]]++] = static_cast<uint32_t>(i);
}

uint64_t JoinTable::memory_bytes() const {
  uint64_t total = store_.memory_bytes() + (table_ ? table_->memory_bytes() : 0) +
                   (first_.size() + order_.size() + null_keys_.size()) * sizeof(uint32_t) +
                   marks_.size();
  return total;
}

void JoinTable::find(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) const {
  if (!table_) {
    std::fill_n(groups, rows, 0u);
    return;
  }
  table_->find_all(keys, rows, groups);
  for (const auto& key : keys) {
    if (!key->may_have_nulls()) continue;
    for (size_t i = 0; i < rows; ++i)
      if (key->is_null(i)) groups[i] = GroupTable::kNoGroup;
  }
}

void JoinTable::mark(uint32_t row) {
  std::atomic_ref<uint8_t>(marks_[row]).store(1, std::memory_order_relaxed);
}

}  // namespace weir
