// Groups that several workers add to at once, for keys that hardly repeat.
//
// With a table in every worker, keys that hardly repeat are in all of them, take memory in each, and are
// merged by one thread at the end. Here a key has one place: shards by a hash of the key, each a
// GroupedAggregation behind a lock. A worker splits a batch by shard and goes round the shards whose lock is free
// first, so workers hardly ever wait for one another; at the end nothing is left to merge.
// The one lock among the operators: without it rows would have to change hands between workers.
// Threads: update and merge_from by any, each with a Split of its own; the rest when all have finished.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "operators/aggregation.h"

namespace weir {

// Rows by shard.
class ShardSplit {
 public:
  // Groups the rows by `shards[i]`, which is below `count`.
  void split(std::span<const uint8_t> shards, size_t count);
  std::span<const uint32_t> rows(size_t shard) const {
    return {rows_.data() + begins_[shard], begins_[shard + 1] - begins_[shard]};
  }

 private:
  Vec<uint32_t> rows_;
  std::vector<size_t> begins_;
  std::vector<size_t> next_;
};

class SharedGroups {
 public:
  // What a worker needs for itself.
  struct Scratch {
    size_t first_shard = 0;  // where its round begins
    Vec<uint8_t> shards;
    ShardSplit split;
    std::vector<size_t> waiting;
  };

  // `program` must outlive this, `key_types` not be empty.
  SharedGroups(const AggregateProgram& program, const std::vector<Type>& key_types, uint64_t seed,
               bool track_arrival, int workers);

  // Adds all rows of the batch, as GroupedAggregation::update does. Rows must not fail.
  void update(Batch& batch, std::span<const ColumnPtr> keys, EvalContext& context,
              Scratch& scratch);
  // Adds another's groups; it is empty afterwards.
  void merge_from(GroupedAggregation& other, Scratch& scratch);

  // Calls visit with each of the parts, alone with it.
  template <class Visit>
  void each_part(Visit&& visit) {
    for (auto& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      visit(*shard.groups);
    }
  }

  // Aggregations that share no key.
  std::vector<GroupedAggregation*> parts();

 private:
  struct Shard {
    std::mutex mutex;
    std::unique_ptr<GroupedAggregation> groups;
  };
  uint8_t mask() const { return static_cast<uint8_t>(shards_.size() - 1); }
  template <class Work>
  void for_each_shard(Scratch& scratch, Work&& work);

  const AggregateProgram& program_;
  std::vector<Shard> shards_;
};

}  // namespace weir
