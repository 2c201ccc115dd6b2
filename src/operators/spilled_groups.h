// Groups of an aggregation that did not fit into memory, and their result.
//
// A table that has grown too large is written out as it stands and begins anew: its groups go to the disk under
// their keys, beside what earlier tables have left of the same keys. In the end all states of a key stand next to each
// other and are merged, in key order, a batch at a time.
// Threads: add() and claim() by any; the rest by one, when nobody else is at work.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "operators/aggregation.h"
#include "state/spill.h"

namespace weir {

class SpilledGroups {
 public:
  // `program` must outlive this.
  SpilledGroups(const AggregateProgram& program, std::vector<Type> key_types, GroupOrder order,
                std::shared_ptr<SpillSpace> space);

  // Writes out all groups and empties the table.
  void add(GroupedAggregation& groups);
  bool any() const { return store_ != nullptr; }
  // The next batch of the result, as GroupedAggregation::result gives it, with its sequence number; false at the end.
  bool claim(Batch& batch, EvalContext& context);

  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  // The next key's groups, merged, behind those in `to`; false at the end.
  bool merge_next(GroupedAggregation& to);
  void sort_by_arrival();
  std::unique_ptr<GroupedAggregation> make_groups() const;

  const AggregateProgram& program_;
  const std::vector<Type> key_types_;
  const GroupOrder order_;
  const std::shared_ptr<SpillSpace> space_;
  std::mutex mutex_;
  std::unique_ptr<SpillStore> store_;
  uint32_t tables_ = 0;  // written out so far
  bool by_arrival_ = false;
  std::unique_ptr<SpillStore::Cursor> cursor_;
  std::unique_ptr<GroupedAggregation> one_;  // scratch
  uint64_t sequence_ = 0;
};

}  // namespace weir
