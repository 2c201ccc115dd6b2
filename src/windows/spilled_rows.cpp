#include "windows/spilled_rows.h"

#include <algorithm>

#include "base/sortable.h"
#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

constexpr size_t kJoinedRowsAtOnce = 8192;
constexpr size_t kJoinedBytesAtOnce = size_t{2} << 20;
constexpr char kWithout = '\0';  // a NULL is in the key
constexpr char kWith = '\1';
constexpr size_t kHeadBytes = sizeof(int64_t) + 1;
constexpr size_t kTailBytes = 1 + sizeof(uint64_t);

std::string rows_prefix(int64_t slice, char keyed) {
  std::string prefix;
  put_sortable(slice, prefix);
  return prefix + keyed;
}

}  // namespace

SpillStore& SpilledRows::store() {
  if (!store_) {
    if (!space_)
      throw SpillError({ErrorKind::kDiskFull,
                        "the state of the window join did not fit into memory when it was saved",
                        {},
                        "runtime.spill = true lets it go to the disk",
                        {}});
    store_ = space_->make_store();
  }
  return *store_;
}

void SpilledRows::add(int64_t slice, size_t side, const WaitingRows& rows,
                      std::span<const int64_t> first_ends) {
  if (rows.size() == 0) return;
  SpillStore& to = store();
  slices_.insert(slice);
  std::vector<ColumnPtr> keys;
  for (const size_t c : join_.sides[side].key_columns) keys.push_back(rows.columns()[c]);
  std::string entry;
  std::string value;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool keyed = !has_null_key(keys, i);
    entry = rows_prefix(slice, keyed ? kWith : kWithout);
    if (keyed)
      for (const auto& key : keys) encode_value(*key, i, entry);
    entry.push_back(static_cast<char>(side));
    put_big_endian(added_++, entry);
    value.clear();
    put_sortable(first_ends[i], value);
    rows.encode(i, value);
    to.put(entry, value);
  }
}

void SpilledRows::drop_while(const std::function<bool(int64_t)>& is_over) {
  while (!slices_.empty() && is_over(*slices_.begin())) {
    for (const char keyed : {kWithout, kWith}) {
      const std::string prefix = rows_prefix(*slices_.begin(), keyed);
      for (SpillStore::Cursor cursor(*store_, prefix);
           cursor.valid() && cursor.key().starts_with(prefix); cursor.next())
        store_->erase(cursor.key());
    }
    slices_.erase(slices_.begin());
  }
}

namespace {

// Goes through the rows of one slice with keys, or without.
class RowsCursor {
 public:
  RowsCursor(SpillStore& store, int64_t slice, char keyed)
      : slice_(slice), prefix_(rows_prefix(slice, keyed)), cursor_(store, prefix_) {}

  int64_t slice() const { return slice_; }
  bool valid() const { return cursor_.valid() && cursor_.key().starts_with(prefix_); }
  std::string_view key() const {
    const std::string_view entry = cursor_.key();
    return entry.substr(kHeadBytes, entry.size() - kHeadBytes - kTailBytes);
  }
  size_t side() const {
    return static_cast<unsigned char>(cursor_.key()[cursor_.key().size() - kTailBytes]);
  }
  int64_t first_end() const { return get_sortable(cursor_.value()); }
  std::string_view row() const { return cursor_.value().substr(sizeof(int64_t)); }
  void next() { cursor_.next(); }

 private:
  const int64_t slice_;
  const std::string prefix_;
  SpillStore::Cursor cursor_;
};

}  // namespace

// The rows that have been read and not yet taken.
class SpilledRows::Reading {
 public:
  using Take = std::function<void(const WaitingRows (&)[2], std::span<const Group>)>;
  Reading(const WindowJoin& join, const Take& take) : join_(join), take_(take) {}

  // A row of the last group.
  void add(size_t side, std::string_view row) {
    groups_.back().rows[side].push_back(static_cast<uint32_t>(rows_[side].size()));
    if (!rows_[side].append_encoded(row)) throw unreadable_spill();
    bytes_ += row.size();
  }
  void begin_group(bool matches) {
    if (rows_[0].size() + rows_[1].size() >= kJoinedRowsAtOnce || bytes_ >= kJoinedBytesAtOnce)
      give();
    groups_.emplace_back().matches = matches;
  }
  void give() {
    if (!groups_.empty()) take_(rows_, groups_);
    groups_.clear();
    bytes_ = 0;
    for (size_t side = 0; side < 2; ++side) rows_[side] = WaitingRows(join_.sides[side].schema);
  }

 private:
  const WindowJoin& join_;
  const Take& take_;
  WaitingRows rows_[2] = {WaitingRows(join_.sides[0].schema), WaitingRows(join_.sides[1].schema)};
  std::vector<Group> groups_;
  size_t bytes_ = 0;
};

void SpilledRows::read(
    const WindowBounds& window,
    const std::function<void(const WaitingRows (&)[2], std::span<const Group>)>& take) const {
  Reading reading(join_, take);
  const auto first = slices_.lower_bound(window.start);
  const auto last = slices_.lower_bound(window.end);
  for (size_t side = 0; side < 2; ++side) {
    for (auto slice = first; slice != last; ++slice) {
      for (RowsCursor cursor(*store_, *slice, kWithout); cursor.valid(); cursor.next()) {
        if (cursor.side() != side || cursor.first_end() > window.end) continue;
        reading.begin_group(false);
        reading.add(side, cursor.row());
      }
    }
  }

  std::vector<std::unique_ptr<RowsCursor>>
      heap;  // the smallest key on top, of that the first slice
  const auto later = [](const auto& a, const auto& b) {
    const int order = a->key().compare(b->key());
    return order != 0 ? order > 0 : a->slice() > b->slice();
  };
  for (auto slice = first; slice != last; ++slice) {
    auto cursor = std::make_unique<RowsCursor>(*store_, *slice, kWith);
    if (cursor->valid()) heap.push_back(std::move(cursor));
  }
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    const std::string key(heap.front()->key());
    reading.begin_group(true);
    while (!heap.empty() && heap.front()->key() == key) {
      std::pop_heap(heap.begin(), heap.end(), later);
      RowsCursor& cursor = *heap.back();
      for (; cursor.valid() && cursor.key() == key; cursor.next())
        if (cursor.first_end() <= window.end) reading.add(cursor.side(), cursor.row());
      if (cursor.valid()) {
        std::push_heap(heap.begin(), heap.end(), later);
      } else {
        heap.pop_back();
      }
    }
  }
  reading.give();
}

// --- checkpoints ---

void SpilledRows::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(added_);
  writer.put_u64(slices_.size());
  for (const int64_t slice : slices_) writer.put_i64(slice);
  if (slices_.empty()) return;
  for (SpillStore::Cursor cursor(*store_, ""); cursor.valid(); cursor.next()) {
    writer.put_u8(1);
    writer.put_text(cursor.key());
    writer.put_text(cursor.value());
  }
  writer.put_u8(0);
}

void SpilledRows::restore(SnapshotReader& reader) {
  added_ = reader.get_u64();
  const uint64_t slices = reader.get_u64();
  for (uint64_t i = 0; i < slices && reader.ok(); ++i) slices_.insert(reader.get_i64());
  if (slices_.empty()) return;
  SpillStore& to = store();
  while (reader.get_u8() != 0 && reader.ok()) {
    const std::string_view key = reader.get_text();
    const std::string_view value = reader.get_text();
    if (key.size() < kHeadBytes + kTailBytes || value.size() < sizeof(int64_t))
      return reader.refuse();
    if (static_cast<unsigned char>(key[key.size() - kTailBytes]) > 1) return reader.refuse();
    to.put(key, value);
  }
  to.flush();
}

}  // namespace weir
