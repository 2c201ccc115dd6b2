// Groups by slice of event time and keys: what a block gives for several slices, or what blocks give whose slices
// are many.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "operators/aggregation.h"
#include "windows/window_binding.h"

namespace weir {

class SlicedGroups {
 public:
  // `binding`, bound to a program, must outlive this.
  explicit SlicedGroups(const WindowBinding& binding);

  // Adds all rows; `slices`: a TIMESTAMP column with the start of each row's slice. See GroupedAggregation::update.
  void update(const Batch& rows, ColumnPtr slices, EvalContext& context);
  // Adds another's; `other` is empty afterwards and may be used again.
  void merge_from(SlicedGroups& other) { groups_->merge_from(*other.groups_); }

  size_t groups() const { return groups_->groups(); }
  size_t slices() const;
  // The starts of the slices from the `from`-th on that have come.
  std::vector<int64_t> starts(size_t from = 0) const;

  // All slices by their starts, each with its groups.
  struct Slice {
    int64_t start;
    std::span<const uint32_t> groups;
  };
  // Valid until the next call or change.
  const std::vector<Slice>& by_start() const;
  // Adds a slice's groups to those of the keys alone. What is given is used up: clear() before more comes.
  void give(const Slice& slice, GroupedAggregation& to) {
    to.merge_groups(*groups_, slice.groups, 1);
  }
  // The same, with all left as it is.
  void give_copy(const Slice& slice, GroupedAggregation& to) const {
    to.merge_copies(*groups_, slice.groups, 1);
  }

  size_t memory_bytes() const { return groups_->memory_bytes(); }
  void clear() { groups_->clear(); }  // keeps the memory
  void release();                     // gives it back

 private:
  const WindowBinding& binding_;
  std::unique_ptr<GroupedAggregation> groups_;  // by slice, then the keys

  // Scratch, kept between calls.
  std::vector<ColumnPtr> keys_;
  mutable std::vector<Slice> by_start_;
  mutable Vec<uint32_t> listed_;
  mutable Vec<uint32_t> begins_;
};

}  // namespace weir
