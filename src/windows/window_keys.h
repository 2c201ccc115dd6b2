// The keys of open windows, numbered; numbers of keys without windows are given up from time to time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "operators/group_table.h"
#include "state/snapshot.h"

namespace weir {

class WindowKeys {
 public:
  // `columns`: of the batches; none: one key, number 0.
  WindowKeys(std::vector<size_t> columns, std::vector<Type> types);

  size_t size() const { return table_ ? table_->size() : 1; }
  // The key of every row of the batch.
  void find(const Batch& batch, Vec<uint32_t>& keys);
  // The key columns of the listed keys; strings are copied into `arena`.
  std::vector<ColumnPtr> columns(std::span<const uint32_t> keys, Arena& arena) const;
  // Sorts items by their keys; those of one key keep their order.
  template <class Item, class KeyOf>
  void sort(std::span<Item> items, KeyOf key_of) const {
    if (items.size() < 2) return;
    numbers_.clear();
    for (const auto& item : items) numbers_.push_back(key_of(item));
    const Vec<uint32_t> order = order_of({numbers_.data(), numbers_.size()});
    Vec<Item> sorted;
    for (const uint32_t i : order) sorted.push_back(items[i]);
    std::copy(sorted.begin(), sorted.end(), items.begin());
  }
  // For sorting otherwise: a key with a smaller prefix comes first; among equal ones is_before() decides.
  uint64_t prefix(uint32_t key) const { return table_ ? table_->prefix(key) : 0; }
  bool is_before(uint32_t a, uint32_t b) const { return table_ && table_->less(a, *table_, b); }
  // The key will be looked at soon.
  void fetch(uint32_t key) const {
    if (table_) table_->fetch(key);
  }
  // Keeps only the listed keys, numbered anew in this order.
  void keep(std::span<const uint32_t> keys);
  void clear();  // forgets all keys, and gives up the memory
  size_t memory_bytes() const { return table_ ? table_->memory_bytes() : 0; }

  // The listed keys as bytes that sort as keys do, and the number, new or not, of such a key.
  std::vector<std::string> encoded(std::span<const uint32_t> keys) const;
  uint32_t find_encoded(std::string_view key);

  void snapshot(SnapshotWriter& writer) const;
  bool restore(SnapshotReader& reader);

 private:
  Vec<uint32_t> order_of(std::span<const uint32_t> keys) const;

  std::vector<size_t> columns_;
  std::vector<Type> types_;
  std::unique_ptr<GroupTable> table_;
  std::vector<ColumnPtr> batch_keys_;
  mutable Vec<uint32_t> numbers_;
};

// Numbers anew the keys that have sessions, and gives up the others. `heads`: the first session of each key or
// `none`; a session has `key` and `next`.
template <class Sessions>
void keep_keys_with_sessions(WindowKeys& keys, Vec<uint32_t>& heads, Sessions& sessions,
                             uint32_t none) {
  Vec<uint32_t> kept;
  Vec<uint32_t> kept_heads;
  for (uint32_t k = 0; k < heads.size(); ++k) {
    if (heads[k] == none) continue;
    for (uint32_t s = heads[k]; s != none; s = sessions[s].next)
      sessions[s].key = static_cast<uint32_t>(kept.size());
    kept.push_back(k);
    kept_heads.push_back(heads[k]);
  }
  keys.keep({kept.data(), kept.size()});
  heads = std::move(kept_heads);
}

}  // namespace weir
