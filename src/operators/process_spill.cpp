// Keys of a process step that do not fit into memory.
//
// A key is either in memory or on the disk, as a whole. When memory is full all keys go to the disk but those with
// timers by processing time; a key comes back when a record has it or an event-time timer of it is due, for
// which the timers on the disk stand in order of time. What has expired meanwhile is left out then.
#include <algorithm>

#include "base/sortable.h"
#include "expr/aggregates/row_codec.h"
#include "operators/process_state.h"

namespace weir {

namespace {

constexpr size_t kKeysAtOnce = 4096;
constexpr size_t kKeysLookedAt = size_t{1} << 12;
constexpr char kKey = 'k';
constexpr char kTimer = 'e';
constexpr size_t kTimeBytes = 8;

std::string key_entry(std::string_view key) { return kKey + std::string(key); }

// Sorts by time: big-endian, the sign bit flipped.
std::string timer_entry(int64_t time, std::string_view key) {
  std::string entry(1, kTimer);
  put_sortable(time, entry);
  return entry.append(key);
}

int64_t time_of(std::string_view entry) { return get_sortable(entry.substr(1)); }

}  // namespace

void ProcessState::allow_spilling(std::shared_ptr<SpillSpace> space, uint64_t limit_bytes) {
  space_ = std::move(space);
  limit_bytes_ = limit_bytes;
  spill_at_ = kKeysLookedAt;
}

std::string ProcessState::empty_group(int64_t event_now) const {
  SnapshotWriter writer;
  ProcessState empty(program_);
  empty.resize(1);
  empty.snapshot_group(0, event_now, writer);
  return writer.take();
}

void ProcessState::spill(int64_t event_now) {
  spill_at_ = groups_ + std::max(kKeysLookedAt, groups_ / 8);
  if (memory_bytes() <= limit_bytes_) return;
  if (!spilled_) spilled_ = space_->make_store();
  const std::string nothing = empty_group(event_now);
  Vec<uint32_t> kept;
  for (uint32_t group = 0; group < groups_; ++group) {
    if (clock_timers_.groups() > 0 &&
        clock_timers_.first_due(group, kNoTimer - 1) < clock_timers_.names()) {
      kept.push_back(group);
      continue;
    }
    SnapshotWriter one;
    snapshot_group(group, event_now, one);
    if (one.bytes() == nothing) continue;
    const std::string key = key_bytes(group);
    spilled_->put(key_entry(key), one.bytes());
    for (size_t t = 0; t < program_.timers.size(); ++t) {
      if (program_.timers[t].event_time && event_timers_.at(t, group) != kNoTimer)
        spilled_->put(timer_entry(event_timers_.at(t, group), key), "");
    }
  }
  spilled_->flush();
  keep_groups({kept.data(), kept.size()});
  check_dead_at_ = std::max<size_t>(4096, groups_ * 3);
  spill_at_ = groups_ + kKeysLookedAt;
}

// Of the groups from `known` on, new in memory, those that are on the disk.
void ProcessState::load_groups(size_t known) {
  std::vector<std::string> keys;
  for (size_t begin = known; begin < groups_; begin += kKeysAtOnce) {
    keys.clear();
    const size_t end = std::min(groups_, begin + kKeysAtOnce);
    for (size_t g = begin; g < end; ++g)
      keys.push_back(key_entry(key_bytes(static_cast<uint32_t>(g))));
    const auto found = spilled_->get(keys);
    for (size_t g = begin; g < end; ++g) {
      if (!found[g - begin]) continue;
      const auto group = static_cast<uint32_t>(g);
      const std::string& entry = keys[g - begin];
      SnapshotReader reader(*found[g - begin]);
      if (!restore_group(group, reader)) throw unreadable_spill();
      spilled_->erase(entry);
      for (size_t t = 0; t < program_.timers.size(); ++t) {
        if (program_.timers[t].event_time && event_timers_.at(t, group) != kNoTimer)
          spilled_->erase(
              timer_entry(event_timers_.at(t, group), std::string_view(entry).substr(1)));
      }
    }
  }
}

int64_t ProcessState::load_due(int64_t until, size_t limit) {
  if (!spilled_) return until;
  std::vector<std::string> keys;
  int64_t reached = until;
  {
    SpillStore::Cursor cursor(*spilled_, std::string(1, kTimer));
    int64_t last = kMinTime;
    for (; cursor.valid() && cursor.key().front() == kTimer; cursor.next()) {
      const int64_t time = time_of(cursor.key());
      if (time > until) break;
      if (keys.size() >= limit && time > last) {
        reached = last;
        break;
      }
      last = time;
      keys.emplace_back(cursor.key().substr(1 + kTimeBytes));
    }
  }
  for (size_t begin = 0; begin < keys.size(); begin += kKeysAtOnce) {
    Batch rows;
    rows.rows = std::min(kKeysAtOnce, keys.size() - begin);
    for (const auto& type : program_.key_types) rows.columns.push_back(make_column(type));
    for (size_t i = 0; i < rows.rows; ++i) {
      std::string_view bytes = keys[begin + i];
      for (auto& column : rows.columns) decode_value(bytes, *column, rows.arena());
    }
    Vec<uint32_t> groups;
    find_in_memory(rows.columns, rows.rows, groups);
  }
  return reached;
}

}  // namespace weir
