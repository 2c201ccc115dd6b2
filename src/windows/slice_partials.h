// What the workers make of a block for a sliced window: partial aggregates per (slice, key), and the few
// rows that have to wait for their turn.
//
// A row waits if by the largest time of its own block so far some window of its slice has fired already: then
// it must not count in that window, or makes it fire again, or is late. All other rows meet the same open windows wherever
// in the block they stand, save for what earlier blocks have closed, and that the ordered stage sees
// for a slice as a whole. It needs the rows of such a slice only where each of them makes
// a window fire again, or is wanted as a late one; then the block keeps all of its rows.
#pragma once

#include "operators/aggregation.h"
#include "operators/operator.h"
#include "windows/partial_pool.h"
#include "windows/slice_layout.h"
#include "windows/sliced_groups.h"
#include "windows/window_binding.h"

namespace weir {

// The bound window, shared by the workers and the ordered stage.
struct SliceSpec {
  const WindowBinding* binding = nullptr;
  SliceLayout layout;

  // True if the ordered stage may need any row of a block.
  bool keeps_blocks() const { return binding->allowed_lateness_us > 0 || binding->want_late; }
};

struct SlicePartial {
  explicit SlicePartial(const SliceSpec& spec)
      : by_slice(*spec.binding),
        of_one_slice(*spec.binding->program, spec.binding->key_types, run_hash_seed(),
                     spec.binding->track_arrival()) {}

  static constexpr int64_t kGap = kMaxTime;  // in `slices`: the row is in no window

  // Rows of one slice, and what is to be known of the first of them if they are late.
  struct Run {
    int64_t slice = 0;
    uint64_t rows = 0;
    uint32_t first_row = 0;
    int64_t first_time = 0;
    int64_t first_max = kMinTime;  // the block's largest time by then
  };

  // Most blocks lie in one slice (a single run); the keys alone are found faster then.
  SlicedGroups by_slice;
  GroupedAggregation of_one_slice;
  std::vector<Run> runs;  // the aggregated rows, neighbours of one slice joined
  Run late;               // rows late by their own block alone, dropped here; slice means nothing
  // kept, else `held` has them alone.
  Vec<uint32_t> waiting;
  Batch held;
  ColumnPtr slices;  // the start of each row's slice: of the whole batch or of `held`

  void clear();
};

using SlicePartialPool = PartialPool<SlicePartial>;

// The workers' half. Leaves a SlicePartial in Batch::prepared, and columns only if blocks are kept.
std::unique_ptr<Transform> make_slice_partials(const SliceSpec& spec,
                                               std::shared_ptr<SlicePartialPool> pool,
                                               const OperatorContext& context);

}  // namespace weir
