// The open windows of all keys: a pane is one window of one key, known by a number that is reused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/vec.h"
#include "state/snapshot.h"
#include "windows/pane_index.h"
#include "windows/time_window.h"
#include "windows/trigger.h"

namespace weir {

struct Pane {
  WindowBounds window;
  uint32_t key = 0;
  uint32_t serial = 0;                  // tells it from those that had its number before
  uint64_t first_arrival = 0;           // of its first row
  int64_t window_timer = kMinTime;      // when the window's own timer is due; kMinTime: not set
  int64_t last_event_timer = kMinTime;  // the last one that its trigger was told
  int64_t last_clock_timer = kMinTime;
  bool open = false;
  bool filled = false;   // has rows
  bool changed = false;  // has rows since its last firing
  bool fired = false;    // has given a result that the next one updates
  bool due = false;      // its result is being given
};

class Panes {
 public:
  static constexpr uint32_t kNone = PaneIndex::kNone;

  // `merging`: windows of a key never overlap, and are looked up by touching().
  Panes(const Trigger& trigger, bool merging)
      : trigger_(trigger), words_(trigger.state_words()), merging_(merging) {}

  Pane& operator[](uint32_t pane) { return panes_[pane]; }
  const Pane& operator[](uint32_t pane) const { return panes_[pane]; }
  int64_t* state(uint32_t pane) { return states_.data() + pane * words_; }
  size_t numbers() const { return panes_.size(); }  // numbers ever given
  size_t open() const { return open_; }

  uint32_t find(uint32_t key, WindowBounds window) const { return index_.find(key, window); }
  // The panes of a key whose windows touch or overlap this one, by their starts.
  void touching(uint32_t key, WindowBounds window, Vec<uint32_t>& panes) const;
  // The trigger's state is a new window's.
  uint32_t add(uint32_t key, WindowBounds window, uint64_t arrival);
  // Another window of the same key in its place.
  void move(uint32_t pane, WindowBounds window);
  // The pane is found no more; its number stays taken until release().
  void close(uint32_t pane);
  void release(uint32_t pane) { free_.push_back(pane); }

  // How many panes a key has, for keys up to `keys`.
  Vec<uint32_t> users(size_t keys) const;
  // Gives keys new numbers.
  void renumber(std::span<const uint32_t> numbers);

  void clear();  // forgets all panes
  size_t memory_bytes() const;

  // Open panes, in the order of the numbers that they get when restored.
  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);
  // One of them; its number. `known_key`: by which number its key goes now.
  void snapshot_pane(uint32_t pane, SnapshotWriter& writer) const;
  uint32_t restore_pane(SnapshotReader& reader, std::optional<uint32_t> known_key);

 private:
  void insert(uint32_t pane);

  const Trigger& trigger_;
  const size_t words_;
  const bool merging_;
  std::vector<Pane> panes_;
  std::vector<uint32_t> free_;
  Vec<int64_t> states_;
  size_t open_ = 0;
  uint32_t serial_ = 0;
  PaneIndex index_;                                            // of windows that do not merge
  std::map<std::pair<uint32_t, int64_t>, uint32_t> sessions_;  // by key and start, else
};

}  // namespace weir
