#include "operators/aggregation.h"

#include <algorithm>

#include "expr/aggregates/row_codec.h"
#include "operators/group_sort.h"

namespace weir {

namespace {

constexpr size_t kMergeChunk = 4096;  // groups merged at a time

}  // namespace

GroupedAggregation::GroupedAggregation(const AggregateProgram& program, std::vector<Type> key_types,
                                       uint64_t seed, bool track_arrival)
    : GroupedAggregation(program, key_types,
                         key_types.empty() ? nullptr : make_group_table(key_types, seed),
                         track_arrival) {}

GroupedAggregation::GroupedAggregation(const AggregateProgram& program, std::vector<Type> key_types,
                                       std::unique_ptr<GroupTable> table, bool track_arrival)
    : program_(program),
      key_types_(std::move(key_types)),
      table_(std::move(table)),
      states_(program),
      track_arrival_(track_arrival) {}

GroupedAggregation::~GroupedAggregation() = default;

size_t GroupedAggregation::groups() const { return states_.size(); }

void GroupedAggregation::add_states(size_t total) {
  const size_t old = states_.size();
  if (total <= old) return;
  states_.grow(total);
  if (!track_arrival_) return;
  arrival_.resize(total);
  std::fill(arrival_.data() + old, arrival_.end(), UINT64_MAX);
}

void GroupedAggregation::note_arrivals(const Batch& batch, const uint32_t* groups) {
  for (size_t i = 0; i < batch.rows; ++i) {
    uint64_t& first = arrival_[groups == nullptr ? 0 : groups[i]];
    first = std::min(first, batch.ordinal(i));
  }
}

void GroupedAggregation::update(const Batch& batch, std::span<const ColumnPtr> keys,
                                EvalContext& context) {
  if (batch.rows == 0) return;
  const uint32_t* groups = nullptr;
  if (table_) {
    groups_.resize(batch.rows);
    table_->expect_states(states_.bytes(), program_.stride_);
    table_->find_or_add(keys, batch.rows, groups_.data());
    groups = groups_.data();
    add_states(table_->size());
  } else {
    add_states(1);
  }
  if (track_arrival_) note_arrivals(batch, groups);
  states_.update(batch, groups, context);
}

void GroupedAggregation::merge_from(GroupedAggregation& other) {
  if (groups() == 0 && &program_ == &other.program_) {
    std::swap(table_, other.table_);
    states_.swap(other.states_);
    arrival_.swap(other.arrival_);
    return;
  }
  Vec<uint32_t> ids(std::min(kMergeChunk, other.groups()));
  for (size_t begin = 0; begin < other.groups(); begin += kMergeChunk) {
    const size_t n = std::min(kMergeChunk, other.groups() - begin);
    for (size_t i = 0; i < n; ++i) ids[i] = static_cast<uint32_t>(begin + i);
    merge_groups(other, {ids.data(), n});
  }
  other.clear();
}

void GroupedAggregation::meet_groups(const GroupedAggregation& other,
                                     std::span<const uint32_t> groups, size_t skip_keys) {
  WEIR_CHECK(program_.stride_ == other.program_.stride_);
  const size_t n = groups.size();
  groups_.resize(n);
  if (table_) {
    const std::vector<ColumnPtr> keys = other.table_->keys(groups, key_arena_);
    table_->find_or_add(std::span(keys).subspan(skip_keys), n, groups_.data());
    key_arena_.reset();
    add_states(table_->size());
  } else {
    std::fill(groups_.begin(), groups_.end(), 0u);
    add_states(1);
  }
  if (track_arrival_ && other.track_arrival_) {
    for (size_t i = 0; i < n; ++i)
      arrival_[groups_[i]] = std::min(arrival_[groups_[i]], other.arrival_[groups[i]]);
  }
}

void GroupedAggregation::merge_groups(GroupedAggregation& other, std::span<const uint32_t> groups,
                                      size_t skip_keys) {
  if (groups.empty()) return;
  meet_groups(other, groups, skip_keys);
  states_.merge(groups_.data(), other.states_, groups.data(), groups.size());
}

void GroupedAggregation::merge_copies(const GroupedAggregation& other,
                                      std::span<const uint32_t> groups, size_t skip_keys) {
  if (groups.empty()) return;
  meet_groups(other, groups, skip_keys);
  states_.merge_copies(groups_.data(), other.states_, groups.data(), groups.size());
}

void GroupedAggregation::merge_copies(const GroupedAggregation& other) {
  Vec<uint32_t> ids(std::min(kMergeChunk, other.groups()));
  for (size_t begin = 0; begin < other.groups(); begin += kMergeChunk) {
    const size_t n = std::min(kMergeChunk, other.groups() - begin);
    for (size_t i = 0; i < n; ++i) ids[i] = static_cast<uint32_t>(begin + i);
    merge_copies(other, {ids.data(), n});
  }
}

uint32_t GroupedAggregation::find(std::span<const ColumnPtr> keys, size_t row) const {
  if (table_) return table_->find(keys, row);
  return groups() > 0 ? 0 : kNoGroup;
}

void GroupedAggregation::spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
                                uint16_t* out) const {
  table_->spread(keys, rows, mask, out);
}

void GroupedAggregation::add_empty_group() {
  if (!table_) add_states(1);
}

std::vector<ColumnPtr> GroupedAggregation::keys(std::span<const uint32_t> groups) const {
  return table_ ? table_->keys(groups, key_arena_) : std::vector<ColumnPtr>();
}

Vec<uint32_t> GroupedAggregation::order(GroupOrder order) const {
  if (order == GroupOrder::kKey && table_) return table_->sorted();
  if (order == GroupOrder::kArrival && track_arrival_) {
    return sort_groups(
        groups(), [this](uint32_t g) { return arrival_[g]; },
        [](uint32_t a, uint32_t b) { return a < b; }, false);
  }
  Vec<uint32_t> numbers(groups());
  for (size_t g = 0; g < numbers.size(); ++g) numbers[g] = static_cast<uint32_t>(g);
  return numbers;
}

uint64_t GroupedAggregation::prefix(GroupOrder order, uint32_t group) const {
  return order == GroupOrder::kArrival ? arrival_[group] : table_->prefix(group);
}

bool GroupedAggregation::before(GroupOrder order, uint32_t a, const GroupedAggregation& other,
                                uint32_t b) const {
  return order == GroupOrder::kArrival ? arrival_[a] < other.arrival_[b]
                                       : table_->less(a, *other.table_, b);
}

Batch GroupedAggregation::result(std::span<const uint32_t> groups, EvalContext& context,
                                 bool copy_keys) const {
  auto arena = std::make_shared<Arena>();
  std::vector<ColumnPtr> keys;
  if (table_) keys = table_->keys(groups, *arena);
  if (copy_keys) {
    for (auto& key : keys) key->own_strings(*arena);
  }
  Batch rows = states_.result(std::move(keys), groups, context);
  rows.keep(std::move(arena));
  return rows;
}

size_t GroupedAggregation::memory_bytes() const {
  return states_.memory_bytes() + arrival_.capacity() * sizeof(uint64_t) +
         (table_ ? table_->memory_bytes() : 0);
}

void GroupedAggregation::clear() {
  if (table_) table_->clear();
  states_.clear();
  arrival_.clear();
  key_arena_.reset();
}

void GroupedAggregation::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(groups());
  snapshot_groups(writer, [](std::string_view) {}, [] {});
}

void GroupedAggregation::each_group(
    const std::function<void(std::string_view, std::string_view)>& visit) const {
  SnapshotWriter one;
  std::string key;
  one.put_u64(1);
  snapshot_groups(
      one, [&](std::string_view encoded) { key = encoded; },
      [&] {
        visit(key, one.bytes());
        one = SnapshotWriter();
        one.put_u64(1);
      });
}

template <class Begin, class End>
void GroupedAggregation::snapshot_groups(SnapshotWriter& writer, Begin&& begin_group,
                                         End&& end_group) const {
  const size_t total = groups();
  std::string encoded;
  Vec<uint32_t> ids;
  for (size_t begin = 0; begin < total; begin += kMergeChunk) {
    ids.clear();
    for (size_t g = begin; g < std::min(total, begin + kMergeChunk); ++g)
      ids.push_back(static_cast<uint32_t>(g));
    Arena arena;
    std::vector<ColumnPtr> columns;
    if (table_) columns = table_->keys({ids.data(), ids.size()}, arena);
    for (size_t i = 0; i < ids.size(); ++i) {
      encoded.clear();
      for (const auto& column : columns) encode_value(*column, i, encoded);
      begin_group(encoded);
      writer.put_text(encoded);
      if (track_arrival_) writer.put_u64(arrival_[ids[i]]);
      states_.snapshot(ids[i], writer);
      end_group();
    }
  }
}

void GroupedAggregation::restore(SnapshotReader& reader) {
  clear();
  const uint64_t total = reader.get_u64();
  for (uint64_t i = 0; i < total && reader.ok(); ++i) {
    std::string_view encoded = reader.get_text();
    Arena arena;
    std::vector<ColumnPtr> columns;
    for (const auto& type : key_types_) {
      columns.push_back(make_column(type));
      if (!decode_value(encoded, *columns.back(), arena)) return reader.refuse();
    }
    uint32_t group = 0;
    if (table_) table_->find_or_add(columns, 1, &group);
    if (!encoded.empty() || group != i) return reader.refuse();  // groups come in order, each once
    add_states(group + size_t{1});
    if (track_arrival_) arrival_[group] = reader.get_u64();
    states_.restore(group, reader);
  }
}

}  // namespace weir
