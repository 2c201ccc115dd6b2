// A lane at work: what its workers do with a piece, and how far its time has come.
#pragma once

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "run/stage.h"
#include "state/snapshot.h"

namespace weir {

// The times of a source's partitions that come side by side (connections, topics). A partition counts from its
// first record on until it ends, or, where records of it are sure to come, from the start: the others' time waits for
// it. A new one that is behind holds the others' time where it is, as in Flink. One that has caught up, as a followed file
// read to its end, holds nothing back until more of it comes.
class PartitionTimes {
 public:
  // Records are sure to come of these, unless they are in the list no longer.
  void await(const std::vector<uint32_t>& partitions, int64_t now_us) {
    for (auto at = times_.begin(); at != times_.end();) {
      const bool listed =
          std::find(partitions.begin(), partitions.end(), at->first) != partitions.end();
      at->second.awaited = at->second.awaited && listed;
      at = !listed && at->second.caught_up ? times_.erase(at) : std::next(at);
    }
    for (const uint32_t partition : partitions) {
      const auto [at, added] = times_.try_emplace(partition);
      if (added) at->second = {kMinTime, now_us, false, true, false};
    }
  }
  // Some have come.
  void begin(uint32_t partition) {
    if (const auto at = times_.find(partition); at != times_.end()) at->second.awaited = false;
  }
  // The partition has come so far.
  void see(uint32_t partition, int64_t max_event_time, int64_t now_us) {
    auto [at, added] = times_.try_emplace(partition);
    at->second.max = std::max(at->second.max, max_event_time);
    at->second.seen_us = now_us;
    at->second.idle = false;
    at->second.awaited = false;
    at->second.caught_up = false;
  }
  // The partition has nothing more for now.
  void catch_up(uint32_t partition) {
    Time& time = times_[partition];
    time.awaited = false;
    time.caught_up = true;
  }
  void end(uint32_t partition) { times_.erase(partition); }
  void mark_idle(int64_t now_us, int64_t timeout_us) {
    for (auto& [partition, time] : times_) time.idle = now_us - time.seen_us > timeout_us;
  }
  // The time of the last of them, `but` not counted; kMaxTime if there is none, kMinTime if one is waited for.
  int64_t last(std::optional<uint32_t> but = {}) const {
    int64_t active = kMaxTime;
    for (const auto& [partition, time] : times_)
      if (!time.idle && !time.caught_up && (time.max > kMinTime || time.awaited) &&
          but != partition)
        active = std::min(active, time.max);
    return active;
  }
  // How far those have come that have caught up; kMinTime if there are none.
  int64_t caught_up() const {
    int64_t latest = kMinTime;
    for (const auto& [partition, time] : times_)
      if (time.caught_up) latest = std::max(latest, time.max);
    return latest;
  }
  void snapshot(SnapshotWriter& writer) const {
    writer.put_u64(times_.size());
    for (const auto& [partition, time] : times_) {
      writer.put_u32(partition);
      writer.put_i64(time.max);
    }
  }
  void restore(SnapshotReader& reader, int64_t now_us) {
    for (uint64_t n = reader.get_u64(); n > 0 && reader.ok(); --n) {
      const uint32_t partition = reader.get_u32();
      const int64_t max_event_time = reader.get_i64();
      if (max_event_time > kMinTime) see(partition, max_event_time, now_us);
    }
  }

 private:
  struct Time {
    int64_t max = kMinTime;
    int64_t seen_us = 0;
    bool idle = false;
    bool awaited = false;
    bool caught_up = false;
  };
  std::map<uint32_t, Time> times_;
};

struct LaneState {
  Lane lane;
  PieceFeed* feed = nullptr;
  const PlannedSource* source = nullptr;  // nullptr: a collector's result
  // What the workers do besides the chain.
  bool encode = false;   // the only reader is a sink whose format allows it
  bool collect = false;  // the only reader is a collector, filled by every worker
  bool prepare = false;  // the only reader is an ordered step with a transform of its own
  std::vector<std::unique_ptr<Collector>> collectors;  // one per worker
  std::atomic<bool> satisfied{false};                  // nothing more is wanted
  // --- ordered stage ---
  int64_t max_event_time = kMinTime;
  int64_t delay_us = 0;
  int64_t last_seen_us = 0;
  bool idle = false;
  uint64_t sequence_base = 0;  // blocks of earlier runs
  uint64_t next_sequence = 0;  // behind the last block used up
  uint64_t rows_to_skip = 0;   // of the next block: an earlier run has given them
  bool partitioned = false;
  PartitionTimes partitions;  // max_event_time is that of the last of them

  // Whether the next run knows the partitions by the same numbers.
  bool partitions_last() const { return partitioned && source->source->partitions_last(); }
  int64_t watermark() const {
    return max_event_time < kMinTime + delay_us ? kMinTime : max_event_time - delay_us;
  }
};

}  // namespace weir
