// Sessions in snapshots and on the disk.

#include "windows/session_window_operator.h"

namespace weir {

namespace {

constexpr uint64_t kSessionsAreSpilled =
    ~uint64_t{0};  // in a snapshot, before the number of sessions in memory

}  // namespace

void SessionWindow::snapshot(SnapshotWriter& writer) const {
  writer.put_i64(watermark_);
  writer.put_u64(fired_);
  writer.put_u64(refired_);
  late_.snapshot(writer);
  keys_.snapshot(writer);
  if (spilled_.any()) {
    writer.put_u64(kSessionsAreSpilled);
    writer.put_u64(spilled_due_);
    spilled_.snapshot(writer);
  }
  writer.put_u64(sessions_.size() - free_.size());
  for (uint32_t s = 0; s < sessions_.size(); ++s) {
    if (sessions_[s].timer != kMaxTime) snapshot_session(s, writer);
  }
}

void SessionWindow::restore(SnapshotReader& reader) {
  watermark_ = reader.get_i64();
  fired_ = reader.get_u64();
  refired_ = reader.get_u64();
  late_.restore(reader);
  if (!keys_.restore(reader)) return;
  grow_heads();
  uint64_t sessions = reader.get_u64();
  if (sessions == kSessionsAreSpilled) {
    spilled_due_ = reader.get_u64();
    spilled_.restore(reader);
    sessions = reader.get_u64();
  }
  for (uint64_t i = 0; i < sessions && reader.ok(); ++i) restore_session(reader, std::nullopt);
}

void SessionWindow::snapshot_session(uint32_t s, SnapshotWriter& writer) const {
  const Session& session = sessions_[s];
  writer.put_i64(session.start);
  writer.put_i64(session.end);
  writer.put_u64(arrivals_.empty() ? 0 : arrivals_[s]);
  writer.put_u32(session.key);
  writer.put_u8(static_cast<uint8_t>((session.due ? 1 : 0) | (session.fired ? 2 : 0)));
  states_.snapshot(s, writer);
}

void SessionWindow::restore_session(SnapshotReader& reader, std::optional<uint32_t> known_key) {
  WindowBounds bounds;
  bounds.start = reader.get_i64();
  bounds.end = reader.get_i64();
  const uint64_t arrival = reader.get_u64();
  const uint32_t key = known_key.value_or(reader.get_u32());
  const uint8_t flags = reader.get_u8();
  if (key >= heads_.size()) return reader.refuse();
  const uint32_t s = open(key, bounds, arrival);
  sessions_[s].fired = (flags & 2) != 0;
  if ((flags & 1) == 0) {
    settle(s);
    set_timer(s);
  }
  states_.grow(sessions_.size());
  states_.restore(s, reader);
}

void SessionWindow::spill() {
  Vec<uint32_t> keys;
  for (uint32_t key = 0; key < heads_.size();) {
    keys.clear();
    for (; key < heads_.size() && keys.size() < kResultRows; ++key) {
      if (heads_[key] != kNone) keys.push_back(key);
    }
    const auto encoded = keys_.encoded({keys.data(), keys.size()});
    for (size_t i = 0; i < keys.size(); ++i) {
      SnapshotWriter value;
      SpilledKeys::Due due;
      for (uint32_t s = heads_[keys[i]]; s != kNone; s = sessions_[s].next) {
        auto moment = moment_of(s);
        if (!due[0] || moment < *due[0]) due[0] = std::move(moment);
        snapshot_session(s, value);
      }
      spilled_.put(encoded[i], due, value.bytes());
    }
  }
  spilled_due_ += due_;
  due_ = 0;
  live_keys_ = 0;
  keys_.clear();
  heads_.clear();
  sessions_.clear();
  arrivals_.clear();
  free_.clear();
  timers_ = SessionTimers(gap_);
  AggregateStates none(*binding_.program);
  states_.swap(none);
  grow_heads();
}

SpilledKeys::Moment SessionWindow::moment_of(uint32_t s) const {
  const Session& session = sessions_[s];
  return {time_of(session),
          window_rank({session.start, session.end}, binding_.track_arrival() ? arrivals_[s] : 0)};
}

bool SessionWindow::is_behind(uint32_t s, const SpilledKeys::Moment& moment) const {
  if (time_of(sessions_[s]) != moment.time) return time_of(sessions_[s]) > moment.time;
  return moment.rank < moment_of(s).rank + keys_.encoded({&sessions_[s].key, 1})[0];
}

void SessionWindow::take_back(uint32_t known) {
  grow_heads();
  if (!spilled_.any() || known >= keys_.size()) return;
  Vec<uint32_t> keys;
  for (uint32_t key = known; key < keys_.size(); ++key) keys.push_back(key);
  spilled_.take(keys_.encoded({keys.data(), keys.size()}),
                [&](size_t i, SnapshotReader& value) { take_key(keys[i], value); });
}

void SessionWindow::take_key(uint32_t key, SnapshotReader& value) {
  const uint64_t due = due_;
  while (value.ok() && !value.at_end()) restore_session(value, key);
  spilled_due_ -= due_ - due;
}

}  // namespace weir
