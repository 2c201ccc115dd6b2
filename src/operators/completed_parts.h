// The groups of parts in which rows still wait, as result batches that any threads claim.
//
// A part is completed and given out before the next one is begun, in memory that is used again: its groups are in the
// cache when they become rows, and never do all of them take memory.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "operators/shared_groups.h"

namespace weir {

class CompletedParts {
 public:
  // `groups` must outlive this.
  explicit CompletedParts(SharedGroups& groups) : groups_(groups) {}

  // The next batch of the result, as GroupedAggregation::result gives it, with its sequence number; false at the
  // end. Strings of keys may point into the groups. Thread-safe; waits only where others may have the last batches.
  bool claim(Batch& batch, EvalContext& context);

 private:
  // A part that is being given out.
  struct Part {
    std::unique_ptr<GroupedAggregation> room;
    GroupedAggregation* groups = nullptr;  // null: not completed yet
    size_t number = 0;
    size_t next_group = 0;
  };
  std::unique_ptr<Part> take();                               // null at the end
  bool give(Part& part, Batch& batch, EvalContext& context);  // false: it had nothing left
  void put_back(std::unique_ptr<Part> part);                  // under the lock

  SharedGroups& groups_;
  std::mutex mutex_;
  size_t next_part_ = 0;
  uint64_t next_sequence_ = 0;
  size_t in_hand_ = 0;  // parts that threads have
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Part>> begun_;
  std::vector<std::unique_ptr<Part>> done_;  // to be used again
};

}  // namespace weir
