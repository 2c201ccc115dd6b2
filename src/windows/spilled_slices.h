// Slices of event time that did not fit into memory: their groups, on the disk by slice and key.
//
// A slice that is written out begins anew in memory; so a key may be there several times, and a window's result
// is made by going through its slices side by side, in key order, a few thousand groups at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "state/spill.h"
#include "windows/window_binding.h"

namespace weir {

class SpilledSlices {
 public:
  // `binding` must outlive this; it has keys.
  SpilledSlices(const WindowBinding& binding, std::shared_ptr<SpillSpace> space)
      : binding_(binding), space_(std::move(space)) {}

  bool any() const { return !tables_.empty(); }
  bool has(int64_t slice) const { return tables_.contains(slice); }
  // Writes out all groups of the slice that starts at `slice`, and empties the table.
  void add(int64_t slice, GroupedAggregation& groups);
  void drop(int64_t slice);

  // Whether the slice has the key (as encode_value writes it), and adding its groups to `to`.
  bool has_key(int64_t slice, std::string_view key) const;
  void merge_key(int64_t slice, std::string_view key, GroupedAggregation& to) const;
  // Calls `take` with the groups of all these slices, those of a key made into one: in the binding's order over
  // all calls, and to be put in it within each.
  void read(std::span<const int64_t> slices,
            const std::function<void(const GroupedAggregation&)>& take) const;

  void snapshot(SnapshotWriter& writer) const;
  // SpillError if the disk may not be used.
  void restore(SnapshotReader& reader);

 private:
  SpillStore& store();
  std::unique_ptr<GroupedAggregation> make_groups() const;
  // Puts the groups into `to`, in key order, and calls `after_group` behind each with the bytes it had on the disk.
  void merge_slices(std::span<const int64_t> slices, GroupedAggregation& to,
                    const std::function<void(size_t)>& after_group) const;

  const WindowBinding& binding_;
  const std::shared_ptr<SpillSpace> space_;
  std::unique_ptr<SpillStore> store_;
  std::map<int64_t, uint32_t> tables_;  // by slice: how many have been written out
};

}  // namespace weir
