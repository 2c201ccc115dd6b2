// What a step keeps by key: in memory or, once there is too much of it, on the disk.
//
// Keys are bytes (expr/aggregates/row_codec.h). All of them go to the disk together, but for those that the batch at
// hand has; one comes back as a whole when a record has it, or when the first of its moments is due. A key without state is forgotten.
// `State` has empty(), snapshot(SnapshotWriter&) and restore(SnapshotReader&), of an empty one.
// Errors:  throws SpillError, as state/spill.h.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "expr/aggregates/row_codec.h"
#include "operators/group_table.h"
#include "operators/join.h"
#include "operators/state_limit.h"
#include "state/hash.h"
#include "state/spilled_keys.h"

namespace weir {

// About what a string takes beside the object itself.
inline uint64_t heap_bytes(const std::string& text) {
  return text.capacity() > 15 ? text.capacity() + 17 : 0;
}

template <class State>
class KeyedStates {
 public:
  struct Kept {
    State state;
    bool is_held = false;     // a row of the batch at hand has it
    bool is_emptied = false;  // stands in emptied_
  };
  // A key and what is kept for it. Stays where it is until settle() finds it empty, or spill().
  using Entry = std::pair<const std::string, Kept>;

  // `step` is for messages: "the join". Without `keyed` there is one key, which stays in memory.
  KeyedStates(std::string step, const OperatorContext& context, bool keyed)
      : spilled_(std::move(step), context.spill), limit_(context, keyed) {}

  // The entries of the rows' keys, made where there are none and held until release(); without `nulls` nullptr for a
  // key with a NULL. Calls back(entry) for each that comes from the disk.
  template <class Back>
  void find(std::span<const ColumnPtr> keys, size_t rows, bool nulls, std::vector<Entry*>& entries,
            Back back) {
    entries.assign(rows, nullptr);
    std::vector<std::string> unknown;
    std::vector<Entry*> made;
    std::string key;
    for (size_t i = 0; i < rows; ++i) {
      if (!nulls && has_null_key(keys, i)) continue;
      key.clear();
      for (const auto& column : keys) encode_value(*column, i, key);
      const auto [at, fresh] = map_.try_emplace(key);
      entries[i] = &*at;
      at->second.is_held = true;
      if (!fresh) continue;
      bytes_ += cost(key);
      if (!spilled_.any()) continue;
      unknown.push_back(key);
      made.push_back(&*at);
    }
    spilled_.take(unknown, [&](size_t i, SnapshotReader& value) {
      made[i]->second.state.restore(value);
      back(*made[i]);
    });
  }

  // When the first key on the disk is due by event time, or earlier.
  bool is_due(int64_t until) const {
    const auto first = spilled_.first_due(SpilledKeys::Axis::kEventTime);
    return spilled_.any() && first && *first <= until;
  }
  // Brings back some of the keys on the disk that are due, as SpilledKeys::take_due.
  template <class Back>
  std::optional<SpilledKeys::Moment> take_due(int64_t until, Back back) {
    return spilled_.take_due(SpilledKeys::Axis::kEventTime, until,
                             [&](std::string_view key, SnapshotReader& value) {
                               Entry& entry = *map_.try_emplace(std::string(key)).first;
                               bytes_ += cost(entry.first);
                               entry.second.state.restore(value);
                               back(entry);
                             });
  }

  // The owner says how much its states grow and shrink.
  void add_bytes(uint64_t bytes) { bytes_ += bytes; }
  void remove_bytes(uint64_t bytes) { bytes_ -= bytes; }
  uint64_t memory_bytes() const { return bytes_ + map_.bucket_count() * sizeof(void*); }

  // For an entry that has lost something.
  void look_at(Entry& entry) {
    Kept& kept = entry.second;
    if (kept.is_held || kept.is_emptied || !kept.state.empty()) return;
    kept.is_emptied = true;
    emptied_.push_back(&entry);
  }
  // Forgets keys without state, but for those that are held.
  void settle() {
    for (Entry* entry : emptied_) {
      entry->second.is_emptied = false;
      if (entry->second.is_held || !entry->second.state.empty()) continue;
      bytes_ -= cost(entry->first);
      map_.erase(map_.find(entry->first));
    }
    emptied_.clear();
  }
  // Behind the batch whose entries these are.
  void release(std::span<Entry* const> entries) {
    for (Entry* entry : entries) {
      if (entry == nullptr || !entry->second.is_held) continue;
      entry->second.is_held = false;
      look_at(*entry);
    }
    settle();
  }

  // Behind a batch of so many rows: true if all keys should go to the disk.
  bool is_full(size_t rows) {
    return limit_.is_passed(rows, [] { return 0; }, [this] { return memory_bytes(); });
  }
  bool is_over_limit() const { return limit_.is_below(memory_bytes()); }
  // All keys go to the disk but those that are held. `due`: the moments of a state. Calls back(entry) for each
  // that stays; what it takes is to be said anew.
  template <class DueOf, class Back>
  void spill(DueOf due, Back back) {
    Map staying;
    for (auto at = map_.begin(); at != map_.end();) {
      const auto next = std::next(at);
      const auto& [key, kept] = *at;
      if (kept.is_held) {
        staying.insert(map_.extract(at));
      } else if (!kept.state.empty()) {
        SnapshotWriter value;
        kept.state.snapshot(value);
        spilled_.put(key, due(kept.state), value.bytes());
      }
      at = next;
    }
    map_ = std::move(staying);
    emptied_.clear();
    bytes_ = 0;
    for (auto& entry : map_) {
      bytes_ += cost(entry.first);
      back(entry);
    }
  }

  void snapshot(SnapshotWriter& writer) const {
    writer.put_u64(map_.size());
    for (const auto& [key, kept] : map_) {
      writer.put_text(key);
      kept.state.snapshot(writer);
    }
    spilled_.snapshot(writer);
  }
  // Calls back(entry) for each in memory.
  template <class Back>
  void restore(SnapshotReader& reader, Back back) {
    const uint64_t keys = reader.get_u64();
    for (uint64_t i = 0; i < keys && reader.ok(); ++i) {
      const auto [at, fresh] = map_.try_emplace(std::string(reader.get_text()));
      if (!fresh) return reader.refuse();
      bytes_ += cost(at->first);
      at->second.state.restore(reader);
      if (reader.ok()) back(*at);
    }
    spilled_.restore(reader);
  }

 private:
  struct Hash {
    uint64_t seed = run_hash_seed();
    size_t operator()(const std::string& key) const { return hash_key(key, seed); }
  };
  using Map = std::unordered_map<std::string, Kept, Hash>;

  static uint64_t cost(const std::string& key) {
    constexpr uint64_t kNode = 4 * sizeof(void*) + sizeof(Entry);
    return kNode + heap_bytes(key);
  }

  Map map_;
  std::vector<Entry*> emptied_;
  uint64_t bytes_ = 0;
  SpilledKeys spilled_;
  StateLimit limit_;
};

}  // namespace weir
