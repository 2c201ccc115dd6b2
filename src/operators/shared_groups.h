// Groups that several workers add to at once, for keys that hardly repeat.
//
// With a table in every worker, keys that hardly repeat are in all of them, take memory in each, and are
// merged by one thread at the end. Here a key has one place: shards by a hash of the key, each a
// GroupedAggregation behind a lock. At the end nothing is left to merge.
//
// Where rows may wait, there are many shards, small enough for the cache, and a worker keeps the rows of each
// (packed_rows.h) until going through its table is worth it: a table of ten million groups in one piece costs
// every row three misses of the cache and of the TLB. Otherwise (nested values, or an order in which all shards have
// to be merged) there are a few shards, and a worker splits a batch by shard and goes round those whose lock is free
// first. Either way workers hardly ever wait for one another.
// The one lock among the operators: without it rows would have to change hands between workers.
// Threads: update and merge_from by any, each with a Scratch of its own; the rest when all have finished.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "operators/aggregation.h"
#include "operators/packed_rows.h"

namespace weir {

// Rows by shard.
class ShardSplit {
 public:
  // Groups the rows by `shards[i]`, which is below `count`.
  void split(std::span<const uint16_t> shards, size_t count);
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
    Vec<uint16_t> shards;
    ShardSplit split;
    std::vector<size_t> waiting;
    PackedRows* rows = nullptr;  // that wait
  };

  // `program` must outlive this, `key_types` not be empty. `waiting_bytes`: of rows that wait, all workers together;
  // 0: none do.
  SharedGroups(const AggregateProgram& program, const std::vector<Type>& key_types, uint64_t seed,
               bool track_arrival, int workers, uint64_t waiting_bytes = 0);

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
  size_t part_count() const { return shards_.size(); }
  uint64_t waiting_bytes() const { return waiting_bytes_; }  // that rows may take; 0: none wait

  // Aggregations that share no key, complete where no rows wait.
  std::vector<GroupedAggregation*> parts();
  // Makes a part complete, by its number from 0, each once. Several threads may do so for different parts.
  void complete(size_t part, EvalContext& context);
  // The same, but the groups may be put into `room`, which is empty: where they are is given back.
  GroupedAggregation& complete(size_t part, GroupedAggregation& room, EvalContext& context);
  std::unique_ptr<GroupedAggregation> make_room() const {
    return std::make_unique<GroupedAggregation>(program_, key_types_, seed_, track_arrival_);
  }

 private:
  struct Shard {
    std::mutex mutex;
    std::unique_ptr<GroupedAggregation> groups;
  };
  uint16_t mask() const { return static_cast<uint16_t>(shards_.size() - 1); }
  template <class Work>
  void for_each_shard(Scratch& scratch, Work&& work);
  void keep_rows(const Batch& batch, std::span<const ColumnPtr> keys, EvalContext& context,
                 Scratch& scratch);
  void add_waiting(const PackedRows& rows, size_t shard, GroupedAggregation& to,
                   EvalContext& context);

  const AggregateProgram& program_;
  const std::vector<AggregateProgram::Read> read_;  // what the program reads of a batch
  const std::vector<Type> key_types_;
  const uint64_t seed_;
  const bool track_arrival_;
  const bool ordinals_;  // of rows are needed
  const int workers_;
  const uint64_t waiting_bytes_;
  std::vector<Shard> shards_;
  std::mutex rows_mutex_;
  std::vector<std::unique_ptr<PackedRows>> rows_;  // each worker's, that wait
};

}  // namespace weir
