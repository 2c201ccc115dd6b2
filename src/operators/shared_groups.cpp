#include "operators/shared_groups.h"

#include <bit>

namespace weir {

namespace {

// Enough that a worker nearly always finds one whose lock is free.
constexpr size_t kShardsPerWorker = 4;
constexpr size_t kMaxShards = 256;
// Where rows wait: ten million groups by a short key make tables of about a megabyte.
constexpr size_t kShardsOfWaiting = 512;
constexpr size_t kRowsPerGroup = 4;     // a table with more groups than that takes rows in itself
constexpr size_t kMergedAtOnce = 8192;  // groups
constexpr size_t kMergedByShard = 256;  // about, where there are many

size_t shard_count(int workers, bool rows_wait) {
  if (rows_wait) return kShardsOfWaiting;
  const size_t wanted = kShardsPerWorker * static_cast<size_t>(std::max(workers, 1));
  return std::min(std::bit_ceil(wanted), kMaxShards);
}

// The keys' types, then those of what the program reads.
std::vector<Type> types_of_rows(const std::vector<Type>& key_types,
                                const std::vector<AggregateProgram::Read>& read) {
  std::vector<Type> types = key_types;
  for (const auto& column : read) types.push_back(column.type);
  return types;
}

}  // namespace

void ShardSplit::split(std::span<const uint16_t> shards, size_t count) {
  begins_.assign(count + 1, 0);
  for (const uint16_t s : shards) ++begins_[s + size_t{1}];
  for (size_t s = 0; s < count; ++s) begins_[s + 1] += begins_[s];
  next_.assign(begins_.begin(), begins_.end() - 1);
  rows_.resize(shards.size());
  for (size_t i = 0; i < shards.size(); ++i) rows_[next_[shards[i]]++] = static_cast<uint32_t>(i);
}

SharedGroups::SharedGroups(const AggregateProgram& program, const std::vector<Type>& key_types,
                           uint64_t seed, bool track_arrival, int workers, uint64_t waiting_bytes)
    : program_(program),
      read_(program.columns_read()),
      key_types_(key_types),
      seed_(seed),
      track_arrival_(track_arrival),
      ordinals_(track_arrival || program.uses_ordinals()),
      workers_(std::max(workers, 1)),
      waiting_bytes_(PackedRows::can_pack(types_of_rows(key_types, read_)) &&
                             waiting_bytes / static_cast<uint64_t>(workers_) / kShardsOfWaiting >=
                                 PackedRows::kBlockBytes
                         ? waiting_bytes
                         : 0),
      shards_(shard_count(workers, waiting_bytes_ > 0)) {
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
  if (waiting_bytes_ > 0) {
    keep_rows(batch, keys, context, scratch);
    return;
  }
  scratch.split.split({scratch.shards.data(), batch.rows}, shards_.size());
  std::vector<ColumnPtr> part_keys(keys.size());
  for_each_shard(scratch, [&](GroupedAggregation& groups, std::span<const uint32_t> rows) {
    for (size_t k = 0; k < keys.size(); ++k) part_keys[k] = keys[k]->gather(rows);
    groups.update(program_.take_rows(batch, rows), part_keys, context);
  });
}

// A shard's rows are worked on when they take more than their share of what may wait.
void SharedGroups::keep_rows(const Batch& batch, std::span<const ColumnPtr> keys,
                             EvalContext& context, Scratch& scratch) {
  std::vector<ColumnPtr> columns(keys.begin(), keys.end());
  for (const auto& read : read_) columns.push_back(batch.columns[read.column]);
  for (auto& column : columns) column = flat(column);
  if (scratch.rows == nullptr) {
    auto rows = std::make_unique<PackedRows>(types_of_rows(key_types_, read_), ordinals_,
                                             shards_.size(), columns);
    scratch.rows = rows.get();
    const std::lock_guard lock(rows_mutex_);
    rows_.push_back(std::move(rows));
  }
  PackedRows& rows = *scratch.rows;
  rows.add(columns, scratch.shards.data(), batch);
  const uint64_t limit = waiting_bytes_ / static_cast<uint64_t>(workers_) / shards_.size();
  for (const uint16_t s : rows.grown()) {
    if (rows.bytes(s) <= limit) continue;
    const std::lock_guard lock(shards_[s].mutex);
    add_waiting(rows, s, *shards_[s].groups, context);
    rows.forget(s);
  }
  rows.grown().clear();
}

void SharedGroups::add_waiting(const PackedRows& rows, size_t shard, GroupedAggregation& to,
                               EvalContext& context) {
  Arena arena;
  Arena* const outer_arena = context.arena;
  context.arena = &arena;
  rows.read(shard, [&](std::span<const ColumnPtr> columns, Batch& part) {
    part.columns.resize(program_.computed_width());
    for (size_t c = 0; c < read_.size(); ++c)
      part.columns[read_[c].column] = columns[key_types_.size() + c];
    to.update(part, columns.first(key_types_.size()), context);
    arena.reset();
  });
  context.arena = outer_arena;
}

GroupedAggregation& SharedGroups::complete(size_t part, GroupedAggregation& room,
                                           EvalContext& context) {
  GroupedAggregation& groups = *shards_[part].groups;
  size_t waiting = 0;
  for (const auto& rows : rows_) waiting += rows->rows(part);
  GroupedAggregation& to = groups.groups() < waiting / kRowsPerGroup ? room : groups;
  for (const auto& rows : rows_) add_waiting(*rows, part, to, context);
  if (&to == &room) room.merge_from(groups);
  return to;
}

void SharedGroups::complete(size_t part, EvalContext& context) {
  for (const auto& rows : rows_) add_waiting(*rows, part, *shards_[part].groups, context);
}

void SharedGroups::merge_from(GroupedAggregation& other, Scratch& scratch) {
  const size_t total = other.groups();
  const size_t at_once = std::max(kMergedAtOnce, kMergedByShard * shards_.size());
  Vec<uint32_t> listed(std::min(at_once, total));
  Vec<uint32_t> part;
  for (size_t begin = 0; begin < total; begin += at_once) {
    const size_t n = std::min(at_once, total - begin);
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
