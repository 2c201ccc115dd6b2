#include "windows/panes.h"

#include <algorithm>

namespace weir {

void Panes::touching(uint32_t key, WindowBounds window, Vec<uint32_t>& panes) const {
  panes.clear();
  // They lie apart, so their ends are in the order of their starts.
  auto it = sessions_.upper_bound({key, window.end});
  while (it != sessions_.begin()) {
    --it;
    if (it->first.first != key || panes_[it->second].window.end < window.start) break;
    panes.push_back(it->second);
  }
  std::reverse(panes.begin(), panes.end());
}

uint32_t Panes::add(uint32_t key, WindowBounds window, uint64_t arrival) {
  uint32_t pane = 0;
  if (free_.empty()) {
    pane = static_cast<uint32_t>(panes_.size());
    panes_.emplace_back();
    states_.extend(words_);
  } else {
    pane = free_.back();
    free_.pop_back();
  }
  Pane& p = panes_[pane];
  p = Pane();
  p.window = window;
  p.key = key;
  p.serial = ++serial_;
  p.first_arrival = arrival;
  p.open = true;
  ++open_;
  trigger_.init(state(pane));
  insert(pane);
  return pane;
}

void Panes::insert(uint32_t pane) {
  const Pane& p = panes_[pane];
  if (merging_) {
    sessions_[{p.key, p.window.start}] = pane;
  } else {
    index_.add(p.key, p.window, pane);
  }
}

void Panes::move(uint32_t pane, WindowBounds window) {
  Pane& p = panes_[pane];
  if (p.window.start != window.start) {
    sessions_.erase({p.key, p.window.start});
    sessions_[{p.key, window.start}] = pane;
  }
  p.window = window;
}

void Panes::close(uint32_t pane) {
  Pane& p = panes_[pane];
  if (merging_) {
    sessions_.erase({p.key, p.window.start});
  } else {
    index_.remove(p.key, p.window);
  }
  p.open = false;
  --open_;
}

Vec<uint32_t> Panes::users(size_t keys) const {
  Vec<uint32_t> users(keys, 0);
  for (const auto& p : panes_) {
    if (p.open) ++users[p.key];
  }
  return users;
}

void Panes::renumber(std::span<const uint32_t> numbers) {
  index_.clear();
  sessions_.clear();
  for (uint32_t pane = 0; pane < panes_.size(); ++pane) {
    if (!panes_[pane].open) continue;
    panes_[pane].key = numbers[panes_[pane].key];
    insert(pane);
  }
}

void Panes::clear() {
  panes_.clear();
  free_.clear();
  states_.clear();
  open_ = 0;
  index_ = PaneIndex();
  sessions_.clear();
}

size_t Panes::memory_bytes() const {
  constexpr size_t kNodeBytes = 64;  // of a map, about
  return panes_.size() * sizeof(Pane) + states_.size() * sizeof(int64_t) + index_.memory_bytes() +
         sessions_.size() * kNodeBytes;
}

void Panes::snapshot(SnapshotWriter& writer) const {
  writer.put_u64(open_);
  for (uint32_t pane = 0; pane < panes_.size(); ++pane) {
    if (panes_[pane].open) snapshot_pane(pane, writer);
  }
}

void Panes::snapshot_pane(uint32_t pane, SnapshotWriter& writer) const {
  const Pane& p = panes_[pane];
  writer.put_u32(p.key);
  writer.put_i64(p.window.start);
  writer.put_i64(p.window.end);
  writer.put_u64(p.first_arrival);
  writer.put_i64(p.window_timer);
  writer.put_i64(p.last_event_timer);
  writer.put_i64(p.last_clock_timer);
  writer.put_u8(static_cast<uint8_t>((p.filled ? 1 : 0) | (p.changed ? 2 : 0) | (p.fired ? 4 : 0)));
  for (size_t w = 0; w < words_; ++w) writer.put_i64(states_[pane * words_ + w]);
}

void Panes::restore(SnapshotReader& reader) {
  const uint64_t total = reader.get_u64();
  for (uint64_t i = 0; i < total && reader.ok(); ++i) restore_pane(reader, std::nullopt);
}

uint32_t Panes::restore_pane(SnapshotReader& reader, std::optional<uint32_t> known_key) {
  const uint32_t key = known_key.value_or(reader.get_u32());
  WindowBounds window;
  window.start = reader.get_i64();
  window.end = reader.get_i64();
  const uint32_t pane = add(key, window, reader.get_u64());
  Pane& p = panes_[pane];
  p.window_timer = reader.get_i64();
  p.last_event_timer = reader.get_i64();
  p.last_clock_timer = reader.get_i64();
  const uint8_t flags = reader.get_u8();
  p.filled = (flags & 1) != 0;
  p.changed = (flags & 2) != 0;
  p.fired = (flags & 4) != 0;
  for (size_t w = 0; w < words_; ++w) states_[pane * words_ + w] = reader.get_i64();
  return pane;
}

}  // namespace weir
