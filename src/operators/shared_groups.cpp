#include "operators/shared_groups.h"

#include <bit>

namespace weir {

namespace {

// Enough that a worker nearly always finds one whose lock is free.
constexpr size_t kShardsPerWorker = 4;
constexpr size_t kMaxShards = 256;
constexpr size_t kMergedAtOnce = 8192;  // groups

size_t shard_count(int workers) {
  const size_t wanted = kShardsPerWorker * static_cast<size_t>(std::max(workers, 1));
  return std::min(std::bit_ceil(wanted), kMaxShards);
}

}  // namespace

void ShardSplit::split(std::span<const uint8_t> shards, size_t count) {
  begins_.assign(count + 1, 0);
  for (const uint8_t s : shards) ++begins_[s + size_t{1}];
  for (size_t s = 0; s < count; ++s) begins_[s + 1] += begins_[s];
  next_.assign(begins_.begin(), begins_.end() - 1);
  rows_.resize(shards.size());
  for (size_t i = 0; i < shards.size(); ++i) rows_[next_[shards[i]]++] = static_cast<uint32_t>(i);
}

SharedGroups::SharedGroups(const AggregateProgram& program, const std::vector<Type>& key_types,
                           uint64_t seed, bool track_arrival, int workers)
    : program_(program), shards_(shard_count(workers)) {
  for (auto& shard : shards_) {
    shard.groups = std::make_unique<GroupedAggregation>(program, key_types, seed, track_arrival);
  }
}

// Calls work(groups, rows) for every shard that the split has rows for, first for those that are free.
template <class Work>
void SharedGroups::for_each_shard(Scratch& scratch, Work&& work) {
  scratch.waiting.clear();
  for (size_t i = 0; i < shards_.size(); ++i) {
    const size_t s = (scratch.first_shard + i) & mask();
    if (scratch.split.rows(s).empty()) continue;
    const std::unique_lock lock(shards_[s].mutex, std::try_to_lock);
    if (lock.owns_lock()) {
      work(*shards_[s].groups, scratch.split.rows(s));
    } else {
      scratch.waiting.push_back(s);
    }
  }
  for (const size_t s : scratch.waiting) {
    const std::lock_guard lock(shards_[s].mutex);
    work(*shards_[s].groups, scratch.split.rows(s));
  }
}

void SharedGroups::update(Batch& batch, std::span<const ColumnPtr> keys, EvalContext& context,
                          Scratch& scratch) {
  if (batch.rows == 0) return;
  program_.compute(batch, context);
  scratch.shards.resize(batch.rows);
  shards_[0].groups->spread(keys, batch.rows, mask(), scratch.shards.data());
  scratch.split.split({scratch.shards.data(), batch.rows}, shards_.size());
  std::vector<ColumnPtr> part_keys(keys.size());
  for_each_shard(scratch, [&](GroupedAggregation& groups, std::span<const uint32_t> rows) {
    for (size_t k = 0; k < keys.size(); ++k) part_keys[k] = keys[k]->gather(rows);
    groups.update(program_.take_rows(batch, rows), part_keys, context);
  });
}

void SharedGroups::merge_from(GroupedAggregation& other, Scratch& scratch) {
  const size_t total = other.groups();
  Vec<uint32_t> listed(std::min(kMergedAtOnce, total));
  Vec<uint32_t> part;
  for (size_t begin = 0; begin < total; begin += kMergedAtOnce) {
    const size_t n = std::min(kMergedAtOnce, total - begin);
    for (size_t i = 0; i < n; ++i) listed[i] = static_cast<uint32_t>(begin + i);
    const std::vector<ColumnPtr> keys = other.keys({listed.data(), n});
    scratch.shards.resize(n);
    shards_[0].groups->spread(keys, n, mask(), scratch.shards.data());
    scratch.split.split({scratch.shards.data(), n}, shards_.size());
    for_each_shard(scratch, [&](GroupedAggregation& groups, std::span<const uint32_t> rows) {
      part.resize(rows.size());
      for (size_t i = 0; i < rows.size(); ++i) part[i] = listed[rows[i]];
      groups.merge_groups(other, {part.data(), part.size()});
    });
  }
  other.clear();
}

std::vector<GroupedAggregation*> SharedGroups::parts() {
  std::vector<GroupedAggregation*> parts;
  for (auto& shard : shards_) parts.push_back(shard.groups.get());
  return parts;
}

}  // namespace weir
