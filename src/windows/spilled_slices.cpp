#include "windows/spilled_slices.h"

#include <algorithm>
#include <vector>

#include "base/sortable.h"

namespace weir {

namespace {

constexpr size_t kReadGroups = 8192;
constexpr size_t kReadBytes = size_t{2} << 20;
constexpr size_t kSliceBytes = sizeof(int64_t);
constexpr size_t kTableBytes = sizeof(uint32_t);

std::string slice_prefix(int64_t slice) {
  std::string prefix;
  put_sortable(slice, prefix);
  return prefix;
}

void restore_spilled_group(GroupedAggregation& group, std::string_view snapshot) {
  SnapshotReader reader(snapshot);
  group.restore(reader);
  if (!reader.ok()) throw unreadable_spill();
}

// Goes through the groups of one slice, in key order.
class SliceCursor {
 public:
  SliceCursor(SpillStore& store, int64_t slice)
      : prefix_(slice_prefix(slice)), cursor_(store, prefix_) {}

  bool valid() const { return cursor_.valid() && cursor_.key().starts_with(prefix_); }
  std::string_view key() const {
    const std::string_view entry = cursor_.key();
    return entry.substr(kSliceBytes, entry.size() - kSliceBytes - kTableBytes);
  }
  std::string_view value() const { return cursor_.value(); }
  void next() { cursor_.next(); }

 private:
  const std::string prefix_;
  SpillStore::Cursor cursor_;
};

}  // namespace

SpillStore& SpilledSlices::store() {
  if (!store_) {
    if (!space_)
      throw SpillError({ErrorKind::kDiskFull,
                        "the state of the window did not fit into memory when it was saved",
                        {},
                        "runtime.spill = true lets it go to the disk",
                        {}});
    store_ = space_->make_store();
  }
  return *store_;
}

std::unique_ptr<GroupedAggregation> SpilledSlices::make_groups() const {
  return std::make_unique<GroupedAggregation>(*binding_.program, binding_.key_types,
                                              run_hash_seed(), binding_.track_arrival());
}

void SpilledSlices::add(int64_t slice, GroupedAggregation& groups) {
  SpillStore& to = store();
  const uint32_t table = tables_[slice]++;
  const std::string prefix = slice_prefix(slice);
  std::string entry;
  groups.each_group([&](std::string_view key, std::string_view snapshot) {
    entry = prefix;
    entry += key;
    put_big_endian(table, entry);
    to.put(entry, snapshot);
  });
  to.flush();
  groups.clear();
}

void SpilledSlices::drop(int64_t slice) {
  if (tables_.erase(slice) == 0) return;
  const std::string prefix = slice_prefix(slice);
  for (SpillStore::Cursor cursor(*store_, prefix);
       cursor.valid() && cursor.key().starts_with(prefix); cursor.next())
    store_->erase(cursor.key());
}

// --- one key ---

bool SpilledSlices::has_key(int64_t slice, std::string_view key) const {
  if (!has(slice)) return false;
  const std::string prefix = slice_prefix(slice) + std::string(key);
  const SpillStore::Cursor cursor(*store_, prefix);
  return cursor.valid() && cursor.key().size() == prefix.size() + kTableBytes &&
         cursor.key().starts_with(prefix);
}

void SpilledSlices::merge_key(int64_t slice, std::string_view key, GroupedAggregation& to) const {
  if (!has(slice)) return;
  const auto one = make_groups();
  const std::string prefix = slice_prefix(slice) + std::string(key);
  for (SpillStore::Cursor cursor(*store_, prefix);
       cursor.valid() && cursor.key().size() == prefix.size() + kTableBytes &&
       cursor.key().starts_with(prefix);
       cursor.next()) {
    restore_spilled_group(*one, cursor.value());
    to.merge_from(*one);
  }
}

// --- whole windows ---

void SpilledSlices::merge_slices(std::span<const int64_t> slices, GroupedAggregation& to,
                                 const std::function<void(size_t)>& after_group) const {
  std::vector<std::unique_ptr<SliceCursor>> heap;  // the one with the smallest key on top
  const auto later = [](const auto& a, const auto& b) { return a->key() > b->key(); };
  for (const int64_t slice : slices) {
    if (!has(slice)) continue;
    auto cursor = std::make_unique<SliceCursor>(*store_, slice);
    if (cursor->valid()) heap.push_back(std::move(cursor));
  }
  std::make_heap(heap.begin(), heap.end(), later);
  const auto one = make_groups();
  std::string key;
  while (!heap.empty()) {
    key = heap.front()->key();
    size_t bytes = 0;
    while (!heap.empty() && heap.front()->key() == key) {
      std::pop_heap(heap.begin(), heap.end(), later);
      SliceCursor& cursor = *heap.back();
      do {
        bytes += cursor.value().size();
        restore_spilled_group(*one, cursor.value());
        to.merge_from(*one);
        cursor.next();
      } while (cursor.valid() && cursor.key() == key);
      if (cursor.valid()) {
        std::push_heap(heap.begin(), heap.end(), later);
      } else {
        heap.pop_back();
      }
    }
    after_group(bytes);
  }
}

void SpilledSlices::read(std::span<const int64_t> slices,
                         const std::function<void(const GroupedAggregation&)>& take) const {
  const auto groups = make_groups();
  size_t waiting = 0;  // bytes of them
  const auto give = [&] {
    if (groups->groups() > 0) take(*groups);
    groups->clear();
    waiting = 0;
  };
  const auto give_many = [&](size_t more) {
    waiting += more;
    if (groups->groups() >= kReadGroups || waiting >= kReadBytes) give();
  };
  if (binding_.order != GroupOrder::kArrival) {
    merge_slices(slices, *groups, give_many);
    return give();
  }
  // Once more to the disk, whole and in order of their first rows.
  const auto sorted = space_->make_store();
  merge_slices(slices, *groups, [&](size_t) {
    std::string entry;
    put_big_endian(groups->prefix(GroupOrder::kArrival, 0), entry);
    groups->each_group([&](std::string_view key, std::string_view snapshot) {
      sorted->put(entry + std::string(key), snapshot);
    });
    groups->clear();
  });
  const auto one = make_groups();
  for (SpillStore::Cursor cursor(*sorted, ""); cursor.valid(); cursor.next()) {
    restore_spilled_group(*one, cursor.value());
    groups->merge_from(*one);
    give_many(cursor.value().size());
  }
  give();
}

// --- checkpoints ---

void SpilledSlices::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(tables_.size());
  for (const auto& [slice, tables] : tables_) {
    writer.put_i64(slice);
    writer.put_u32(tables);
  }
  for (SpillStore::Cursor cursor(*store_, ""); cursor.valid(); cursor.next()) {
    writer.put_u8(1);
    writer.put_text(cursor.key());
    writer.put_text(cursor.value());
  }
  writer.put_u8(0);
}

void SpilledSlices::restore(SnapshotReader& reader) {
  SpillStore& to = store();
  const uint64_t slices = reader.get_u64();
  for (uint64_t i = 0; i < slices && reader.ok(); ++i) {
    const int64_t slice = reader.get_i64();
    tables_[slice] = reader.get_u32();
  }
  while (reader.get_u8() != 0 && reader.ok()) {
    const std::string_view key = reader.get_text();
    to.put(key, reader.get_text());
  }
  to.flush();
}

}  // namespace weir
