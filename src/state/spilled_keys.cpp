#include "state/spilled_keys.h"

#include <algorithm>

#include "base/sortable.h"

namespace weir {

namespace {

constexpr size_t kKeysTakenAtOnce = 512;
constexpr size_t kDueKeysAtOnce = 4096;
constexpr size_t kDueBytesAtOnce = size_t{2} << 20;
constexpr char kKeyEntry = 'k';
constexpr std::array kMomentEntries = {'e', 'c'};  // by axis
constexpr size_t kTimeEnd = 1 + sizeof(int64_t);

std::string key_entry_of(std::string_view key) { return kKeyEntry + std::string(key); }

// Sorts by time: big-endian, the sign bit flipped.
std::string moment_entry(size_t axis, int64_t time, std::string_view rank, std::string_view key) {
  std::string entry(1, kMomentEntries[axis]);
  put_sortable(time, entry);
  return entry.append(rank).append(key);
}

int64_t time_of_entry(std::string_view entry) { return get_sortable(entry.substr(1)); }

SpilledKeys::Due get_due(SnapshotReader& reader) {
  SpilledKeys::Due due;
  for (auto& moment : due) {
    if (reader.get_u8() == 0) continue;
    const int64_t time = reader.get_i64();
    moment = {time, std::string(reader.get_text())};
  }
  return due;
}

}  // namespace

SpillStore& SpilledKeys::store() {
  if (!store_) {
    if (!space_)
      throw SpillError({ErrorKind::kDiskFull,
                        "the state of " + step_ + " did not fit into memory when it was saved",
                        {},
                        "runtime.spill = true lets it go to the disk",
                        {}});
    store_ = space_->make_store();
  }
  return *store_;
}

void SpilledKeys::put(std::string_view key, const Due& due, std::string_view value) {
  SpillStore& to = store();
  SnapshotWriter entry;
  for (size_t axis = 0; axis < due.size(); ++axis) {
    entry.put_u8(due[axis] ? 1 : 0);
    if (!due[axis]) continue;
    const auto& [time, rank] = *due[axis];
    entry.put_i64(time);
    entry.put_text(rank);
    SnapshotWriter sizes;
    sizes.put_u64(rank.size());
    sizes.put_u64(value.size());
    to.put(moment_entry(axis, time, rank, key), sizes.bytes());
    first_[axis] = std::min(time, first_[axis].value_or(time));
  }
  entry.put_bytes(value);
  to.put(key_entry_of(key), entry.bytes());
  ++keys_;
}

void SpilledKeys::take(std::span<const std::string> keys,
                       const std::function<void(size_t, SnapshotReader&)>& visit) {
  if (!any()) return;
  std::vector<std::string> entries;
  for (size_t begin = 0; begin < keys.size(); begin += kKeysTakenAtOnce) {
    const auto some = keys.subspan(begin, std::min(kKeysTakenAtOnce, keys.size() - begin));
    entries.clear();
    for (const auto& key : some) entries.push_back(key_entry_of(key));
    const auto found = store_->get(entries);
    for (size_t i = 0; i < some.size(); ++i) {
      if (!found[i]) continue;
      SnapshotReader reader(*found[i]);
      const Due due = get_due(reader);
      visit(begin + i, reader);
      if (!reader.ok()) throw unreadable_spill();
      store_->erase(entries[i]);
      for (size_t axis = 0; axis < due.size(); ++axis) {
        if (due[axis]) store_->erase(moment_entry(axis, due[axis]->time, due[axis]->rank, some[i]));
      }
      --keys_;
    }
  }
}

std::optional<SpilledKeys::Moment> SpilledKeys::take_due(
    Axis on, int64_t until, const std::function<void(std::string_view, SnapshotReader&)>& visit) {
  const auto axis = static_cast<size_t>(on);
  std::optional<int64_t>& first = first_[axis];
  if (!any() || !first || *first > until) return std::nullopt;
  std::vector<std::string> keys;
  std::optional<Moment> last;
  bool more = false;
  size_t bytes = 0;
  {
    SpillStore::Cursor cursor(*store_, moment_entry(axis, *first, "", ""));
    first.reset();
    for (; cursor.valid() && cursor.key().front() == kMomentEntries[axis]; cursor.next()) {
      const int64_t time = time_of_entry(cursor.key());
      more = time <= until;
      if (!more || keys.size() >= kDueKeysAtOnce || bytes >= kDueBytesAtOnce) {
        first = time;
        break;
      }
      more = false;
      const std::string_view rank_and_key = cursor.key().substr(kTimeEnd);
      SnapshotReader sizes(cursor.value());
      keys.emplace_back(rank_and_key.substr(std::min(sizes.get_u64(), rank_and_key.size())));
      bytes += sizes.get_u64();
      last = {time, std::string(rank_and_key)};
    }
  }
  take(keys, [&](size_t i, SnapshotReader& value) { visit(keys[i], value); });
  return more ? last : std::nullopt;
}

void SpilledKeys::each(const std::function<void(std::string_view, SnapshotReader&)>& visit) const {
  if (!any()) return;
  for (SpillStore::Cursor cursor(*store_, std::string(1, kKeyEntry));
       cursor.valid() && cursor.key().front() == kKeyEntry; cursor.next()) {
    SnapshotReader reader(cursor.value());
    get_due(reader);
    visit(cursor.key().substr(1), reader);
    if (!reader.ok()) throw unreadable_spill();
  }
}

void SpilledKeys::clear() {
  store_.reset();
  keys_ = 0;
  first_ = {};
}

void SpilledKeys::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(keys_);
  if (!any()) return;
  for (SpillStore::Cursor cursor(*store_, std::string(1, kKeyEntry));
       cursor.valid() && cursor.key().front() == kKeyEntry; cursor.next()) {
    writer.put_text(cursor.key().substr(1));
    writer.put_text(cursor.value());
  }
}

void SpilledKeys::restore(SnapshotReader& reader) {
  const uint64_t keys = reader.get_u64();
  for (uint64_t i = 0; i < keys && reader.ok(); ++i) {
    const std::string_view key = reader.get_text();
    SnapshotReader value(reader.get_text());
    const Due due = get_due(value);
    put(key, due, value.get_rest());
  }
  if (keys > 0) store().flush();
}

}  // namespace weir
