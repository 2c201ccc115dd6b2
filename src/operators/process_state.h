// All that a process step keeps: its keys, the declared state of each, and timers.
//
// Keys have dense group numbers. Writes take effect at once; while journaling, what they replaced is kept so that
// the writes of a record that turns out bad can be taken back. A key whose state is all empty and which has no
// timer is forgotten when such keys are the majority: group numbers are valid between two calls of clean_up().
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/batch.h"
#include "operators/group_table.h"
#include "operators/process_program.h"
#include "operators/process_values.h"
#include "state/keyed_lists.h"
#include "state/keyed_maps.h"
#include "state/snapshot.h"
#include "state/spill.h"
#include "state/timers.h"

namespace weir {

class ProcessState {
 public:
  explicit ProcessState(const ProcessProgram& program);

  // Writes the group number of each row's key; new keys get the next numbers.
  void find_groups(const Batch& batch, Vec<uint32_t>& groups);
  size_t groups() const { return groups_; }
  std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const;
  // The group's key as bytes that sort as keys do.
  std::string key_bytes(uint32_t group) const;
  std::string key_text(uint32_t group) const;  // for messages; empty without keys

  // The time by which a state expires, given the event time.
  int64_t now(size_t state, int64_t event_now) const {
    return program_.states[state].event_ttl ? event_now : clock_us_;
  }
  void set_clock(int64_t now_us) { clock_us_ = std::max(clock_us_, now_us); }
  int64_t clock_us() const { return clock_us_; }

  // The column of a state for some groups, each at its own event time.
  ColumnPtr gather(size_t state, std::span<const uint32_t> groups,
                   std::span<const int64_t> event_now, Arena& arena);
  ProcessValues& values(size_t state) { return *stores_[state].values; }
  const ProcessValues& values(size_t state) const { return *stores_[state].values; }
  KeyedLists& lists(size_t state) { return *stores_[state].lists; }
  KeyedMaps& maps(size_t state) { return *stores_[state].maps; }
  size_t count(size_t state, uint32_t group, int64_t now) const;

  // --- writes: row i of flat columns of the declared types ---
  void set(size_t state, uint32_t group, int64_t event_now, const Column& values, size_t i);
  void append(size_t state, uint32_t group, int64_t event_now, const Column& values, size_t i);
  void put(size_t state, uint32_t group, int64_t event_now, const Column& keys,
           const Column& values, size_t i);
  void remove(size_t state, uint32_t group, const Column& keys, size_t i);
  void clear(size_t state, uint32_t group);
  void set_timer(size_t timer, uint32_t group, int64_t time_us);
  void cancel_timer(size_t timer, uint32_t group);

  void start_journal() { journaling_ = true; }
  // Takes back what was written since start_journal() for a group.
  void undo(uint32_t group);
  void end_journal() {
    journaling_ = false;
    journal_.clear();
  }

  // Timers by event time and by processing time; both know all names.
  Timers& event_timers() { return event_timers_; }
  Timers& clock_timers() { return clock_timers_; }
  const Timers& clock_timers() const { return clock_timers_; }
  Timers& timers_of(size_t timer) {
    return program_.timers[timer].event_time ? event_timers_ : clock_timers_;
  }

  // Keys beyond `limit_bytes` go to the disk, where they stay until a record or an event-time timer needs them.
  void allow_spilling(std::shared_ptr<SpillSpace> space, uint64_t limit_bytes);
  // Reads back the keys on the disk with event-time timers up to `until`, about `limit` of them but never between
  // timers of one time, and gives the time up to which no timer is on the disk.
  int64_t load_due(int64_t until, size_t limit);

  // Frees expired state, a little on every call, and forgotten keys; `work` is about as many rows as
  // came since the last call.
  void clean_up(int64_t event_now, size_t work);

  // Live keys in key order, so that equal state gives equal bytes.
  void snapshot(int64_t event_now, SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);
  size_t memory_bytes() const;

 private:
  // One of these three.
  struct Store {
    std::unique_ptr<ProcessValues> values;
    std::unique_ptr<KeyedLists> lists;
    std::unique_ptr<KeyedMaps> maps;
  };
  // What a write replaced.
  struct Undo {
    enum class Kind { kValue, kAppend, kList, kEntry, kMap, kTimer };
    Kind kind;
    size_t index;  // of the state or timer
    uint32_t group;
    std::optional<ProcessValues::Saved> value;
    std::optional<KeyedLists::Element> element;
    KeyedLists::List list;
    std::string key;
    std::optional<KeyedMaps::Entry> entry;
    KeyedMaps::MapPtr map;
    int64_t time = 0;
  };

  void resize(size_t groups);
  bool is_live(uint32_t group) const;
  void forget_dead_keys();
  void keep_groups(std::span<const uint32_t> kept);
  void find_in_memory(std::span<const ColumnPtr> keys, size_t rows, Vec<uint32_t>& groups);
  void load_groups(size_t known);
  void spill(int64_t event_now);
  std::string empty_group(int64_t event_now) const;
  void restore_key(std::string_view key, std::string_view group, SnapshotReader& reader);
  Undo* journal(Undo::Kind kind, size_t index, uint32_t group);
  void snapshot_group(uint32_t group, int64_t event_now, SnapshotWriter& writer) const;
  bool restore_group(uint32_t group, SnapshotReader& reader);
  bool restore_list(size_t state, uint32_t group, SnapshotReader& reader);
  bool restore_map(size_t state, uint32_t group, SnapshotReader& reader);

  const ProcessProgram& program_;
  std::unique_ptr<GroupTable> table_;  // null: one group for all records
  std::vector<Store> stores_;          // by state
  Timers event_timers_;
  Timers clock_timers_;
  size_t groups_ = 0;
  int64_t clock_us_ = kMinTime;

  bool journaling_ = false;
  std::vector<Undo> journal_;

  std::shared_ptr<SpillSpace> space_;
  uint64_t limit_bytes_ = UINT64_MAX;
  size_t spill_at_ = 0;  // number of groups at which memory is looked at
  std::unique_ptr<SpillStore>
      spilled_;  // keys ('k', key: a group's snapshot), timers ('e', time, key)

  size_t sweep_group_ = 0;       // where the search for expired state goes on
  size_t sweep_credit_ = 0;      // work that it has not done yet
  size_t check_dead_at_ = 4096;  // number of groups at which dead keys are counted
};

}  // namespace weir
