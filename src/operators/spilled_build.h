// The right side of a join that did not fit into memory: its rows on the disk by key.
//
// A batch of the left side looks up the rows that have its keys; they make a table of their own for it. For right and
// full joins all rows stand once more in a store in their order, from which goes what has found a partner.
// Errors:  throws SpillError, as state/spill.h.
// Threads: add() and drop() by any; read() by any once finish() was called; rest() by one, when nobody else is at
// work.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "operators/join_table.h"
#include "state/spill.h"

namespace weir {

class SpilledBuild final : public BuiltInput {
 public:
  // `join` must outlive this. `space` may be null: then nothing can be added.
  SpilledBuild(const Join& join, std::shared_ptr<SpillSpace> space)
      : join_(join), space_(std::move(space)) {}

  // True if the join can be made with the right side on the disk.
  static bool can_hold(const Join& join);

  // Adds the rows of a store, and empties it.
  void add(RowStore& rows);
  bool any() const { return rows_ > 0; }
  void finish();

  // Reads the rows that have the keys of a batch. One for each thread.
  class Reader {
   public:
    explicit Reader(const SpilledBuild& build) : build_(build) {}
    // The table of them; `ordinals`: of its rows, where the join keeps the right side.
    std::shared_ptr<JoinTable> read(std::span<const ColumnPtr> keys, size_t rows);
    std::span<const uint64_t> ordinals() const { return {ordinals_.data(), ordinals_.size()}; }

   private:
    const SpilledBuild& build_;
    std::unique_ptr<SpillStore::Cursor> cursor_;
    std::vector<std::string> wanted_;
    Vec<uint64_t> ordinals_;
  };

  // Rows that have found a partner.
  void drop(std::span<const uint64_t> ordinals);
  // Some of those that have found none, in their order; no rows at the end.
  Batch rest();

 private:
  const Join& join_;
  const std::shared_ptr<SpillSpace> space_;
  std::mutex mutex_;
  std::unique_ptr<SpillStore> by_key_;    // (key, ordinal): row
  std::unique_ptr<SpillStore> by_place_;  // (ordinal): row
  std::unique_ptr<SpillStore::Cursor> rest_;
  std::atomic<size_t> rows_{0};
  bool has_null_keys_ = false;
};

// What join_probe.h makes of a table, of the right side on the disk.
std::unique_ptr<Transform> make_spilled_probe(const Join& join, std::shared_ptr<SpilledBuild> build,
                                              std::vector<bool> needed,
                                              const OperatorContext& context);
std::unique_ptr<BatchSource> make_spilled_rest(const Join& join,
                                               std::shared_ptr<SpilledBuild> build,
                                               std::vector<bool> needed);

}  // namespace weir
