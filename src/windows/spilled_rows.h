// Rows that wait for joins in windows of fixed length and did not fit into memory: on the disk by slice of event
// time, key and side.
//
// Errors:  throws SpillError, as state/spill.h.
// Threads: one at a time.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/snapshot.h"
#include "state/spill.h"
#include "windows/window_join.h"

namespace weir {

class SpilledRows {
 public:
  // `join` must outlive this. `space` may be null: then nothing can be added.
  SpilledRows(const WindowJoin& join, std::shared_ptr<SpillSpace> space)
      : join_(join), space_(std::move(space)) {}

  // Whether any rows are here of slices in [begin, end).
  bool has_any(int64_t begin, int64_t end) const {
    const auto first = slices_.lower_bound(begin);
    return first != slices_.end() && *first < end;
  }
  // Rows of a slice and side that came behind those that are here. `first_ends`: of each row the end of the first
  // window that takes it.
  void add(int64_t slice, size_t side, const WaitingRows& rows,
           std::span<const int64_t> first_ends);
  // The first slices for which it is true.
  void drop_while(const std::function<bool(int64_t)>& is_over);

  // Rows of one key, by their numbers.
  struct Group {
    bool matches = true;  // false: a single row that has a NULL in its key
    Vec<uint32_t> rows[2];
  };
  // Calls take(rows of each side, groups) with all rows that the window takes: first those without a key, the left ones first, then the others in key order; of a key in order of
  // slice and arrival. A few megabytes at a time, no key in two of them.
  void read(
      const WindowBounds& window,
      const std::function<void(const WaitingRows (&)[2], std::span<const Group>)>& take) const;

  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  class Reading;
  SpillStore& store();

  const WindowJoin& join_;
  const std::shared_ptr<SpillSpace> space_;
  // (slice, whether it has a key, the key, side, number): the end of its first window, and the row.
  std::unique_ptr<SpillStore> store_;
  std::set<int64_t> slices_;
  uint64_t added_ = 0;
};

}  // namespace weir
