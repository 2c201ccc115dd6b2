// The groups of several aggregations that share no key, in one order, as result batches that any threads claim.
//
// The threads that claim first sort the parts, one each; the last of them cuts all orders at the same places
// (found in a sample), so that every range is merged by itself, by the thread that claims it. Nothing as long as
// the result is ever made by one thread.
#pragma once

#include <atomic>
#include <vector>

#include "operators/aggregation.h"

namespace weir {

class GroupRanges {
 public:
  // The parts must have one program, stay as they are, and outlive this.
  GroupRanges(std::vector<GroupedAggregation*> parts, GroupOrder order);

  // The next batch of the result, as GroupedAggregation::result gives it, with its sequence number; false at
  // the end. Strings of keys point into the parts. Thread-safe; waits until all parts are sorted.
  bool claim(Batch& batch, EvalContext& context);

 private:
  // Where each part's share of a range begins; the next one's begin is its end.
  using Cut = std::vector<size_t>;
  struct Item {
    uint64_t prefix;
    uint32_t part;
    uint32_t group;
  };

  void sort_parts();
  void cut();
  void cut_one_after_another();
  std::vector<Item> sample() const;
  bool before(const Item& a, const Item& b) const;
  Vec<Item> merged(size_t range) const;
  Batch merged_batch(size_t range, EvalContext& context) const;

  const std::vector<GroupedAggregation*> parts_;
  const GroupOrder order_;
  std::vector<Vec<uint32_t>> orders_;  // of each part
  std::vector<Cut> cuts_;              // one more than there are ranges
  std::atomic<size_t> next_part_{0};
  std::atomic<size_t> sorted_parts_{0};
  std::atomic<bool> ready_{false};
  std::atomic<size_t> next_range_{0};
};

}  // namespace weir
