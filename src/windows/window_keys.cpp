#include "windows/window_keys.h"

#include <algorithm>

#include "data/value.h"
#include "operators/group_snapshot.h"
#include "state/spill.h"

namespace weir {

WindowKeys::WindowKeys(std::vector<size_t> columns, std::vector<Type> types)
    : columns_(std::move(columns)), types_(std::move(types)) {
  if (!types_.empty()) table_ = make_group_table(types_, run_hash_seed());
}

void WindowKeys::find(const Batch& batch, Vec<uint32_t>& keys) {
  if (!table_) {
    keys.assign(batch.rows, 0);
    return;
  }
  keys.resize(batch.rows);
  for (const size_t c : columns_) batch_keys_.push_back(batch.columns[c]);
  table_->find_or_add(batch_keys_, batch.rows, keys.data());
  batch_keys_.clear();
}

std::vector<ColumnPtr> WindowKeys::columns(std::span<const uint32_t> keys, Arena& arena) const {
  if (!table_) return {};
  std::vector<ColumnPtr> columns = table_->keys(keys, arena);
  for (auto& column : columns) column->own_strings(arena);
  return columns;
}

Vec<uint32_t> WindowKeys::order_of(std::span<const uint32_t> keys) const {
  Vec<uint32_t> order(keys.size());
  for (uint32_t i = 0; i < keys.size(); ++i) order[i] = i;
  if (!table_ || keys.size() < 2) return order;
  if (4 * keys.size() > table_->size()) {
    // Nearly all of them: the table sorts itself faster.
    const Vec<uint32_t> sorted = table_->sorted();
    Vec<uint32_t> ranks(sorted.size());
    for (uint32_t r = 0; r < sorted.size(); ++r) ranks[sorted[r]] = r;
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return ranks[keys[a]] < ranks[keys[b]]; });
    return order;
  }
  Arena arena;
  const std::vector<ColumnPtr> columns = table_->keys(keys, arena);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    for (const auto& column : columns) {
      if (const int c = compare_rows(*column, a, *column, b); c != 0) return c < 0;
    }
    return false;
  });
  return order;
}

void WindowKeys::keep(std::span<const uint32_t> keys) {
  if (!table_) return;
  Arena arena;
  const std::vector<ColumnPtr> columns = table_->keys(keys, arena);
  auto table = make_group_table(types_, run_hash_seed());
  Vec<uint32_t> numbers(keys.size());
  table->find_or_add(columns, keys.size(), numbers.data());
  table_ = std::move(table);
}

void WindowKeys::clear() {
  if (table_) table_ = make_group_table(types_, run_hash_seed());
}

std::vector<std::string> WindowKeys::encoded(std::span<const uint32_t> keys) const {
  return table_ ? encoded_keys(*table_, keys) : std::vector<std::string>(keys.size());
}

uint32_t WindowKeys::find_encoded(std::string_view key) {
  if (!table_) return 0;
  const auto number = find_encoded_key(*table_, types_, key);
  if (!number) throw unreadable_spill();
  return *number;
}

void WindowKeys::snapshot(SnapshotWriter& writer) const {
  if (table_) snapshot_keys(*table_, writer);
}

bool WindowKeys::restore(SnapshotReader& reader) {
  return !table_ || restore_keys(*table_, types_, reader);
}

}  // namespace weir
