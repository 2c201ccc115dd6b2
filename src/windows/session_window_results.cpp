// Sessions that are due: their results, and keys that have no sessions left.

#include "windows/session_window_operator.h"

namespace weir {

namespace {

constexpr size_t kFewKeys = 4096;  // not worth forgetting

}  // namespace

void SessionWindow::advance(int64_t watermark, Emitter& out) {
  while (spilled_.any()) {
    const auto reached = spilled_.take_due(SpilledKeys::Axis::kEventTime, watermark,
                                           [&](std::string_view bytes, SnapshotReader& value) {
                                             const uint32_t key = keys_.find_encoded(bytes);
                                             grow_heads();
                                             take_key(key, value);
                                           });
    if (!reached) break;
    fire_through(reached->time, &*reached, out);
    if (!in_batch_) forget_keys();
  }
  fire_through(watermark, nullptr, out);
}

void SessionWindow::fire_through(int64_t watermark, const SpilledKeys::Moment* last, Emitter& out) {
  firing_.clear();
  gone_.clear();
  later_.clear();
  timers_.take_through(
      watermark, [this](uint32_t s) { fetch(s); },
      [this](int64_t at, uint32_t s) {
        Session& session = sessions_[s];
        if (session.timer != at) return kMaxTime;
        session.timer = time_of(session);
        return session.timer;
      },
      [&](uint32_t s) {
        Session& session = sessions_[s];
        if (last != nullptr && is_behind(s, *last)) return later_.push_back(s);
        if (session.due) firing_.push_back(s);
        if (is_forgotten(session.end, watermark)) {
          session.timer = kMaxTime;
          gone_.push_back(s);
        } else {
          settle(s);
          set_timer(s);
        }
      });
  for (const uint32_t s : later_) set_timer(s);
  if (last == nullptr) watermark_ = watermark;
  if (!firing_.empty()) {
    sort_firing();
    for (size_t begin = 0; begin < firing_.size(); begin += kResultRows)
      give({firing_.data() + begin, std::min(kResultRows, firing_.size() - begin)}, out);
  }
  for (size_t i = 0; i < gone_.size(); ++i) {
    if (i + kAhead < gone_.size())
      __builtin_prefetch(heads_.data() + sessions_[gone_[i + kAhead]].key);
    const uint32_t s = gone_[i];
    unlink(s);
    states_.reset(s);
    free(s);
  }
}

void SessionWindow::sort_firing() {
  // What they are sorted by lies side by side: a session is a cache miss.
  to_sort_.clear();
  for (const uint32_t s : firing_) {
    const Session& session = sessions_[s];
    to_sort_.push_back({session.end, session.start, arrivals_.empty() ? 0 : arrivals_[s], s});
  }
  std::sort(to_sort_.begin(), to_sort_.end());
  for (size_t i = 0; i < firing_.size(); ++i) firing_[i] = to_sort_[i].slot;
  if (binding_.order != GroupOrder::kKey) return;
  for (size_t begin = 0; begin < firing_.size();) {
    size_t end = begin + 1;
    while (end < firing_.size() && !(to_sort_[begin] < to_sort_[end])) ++end;
    keys_.sort(std::span(firing_.data() + begin, end - begin),
               [this](uint32_t s) { return sessions_[s].key; });
    begin = end;
  }
}

void SessionWindow::give(std::span<const uint32_t> slots, Emitter& out) {
  auto arena = std::make_shared<Arena>();
  row_keys_of_results_.clear();
  bounds_.clear();
  bool updates = false;
  for (const uint32_t s : slots) {
    row_keys_of_results_.push_back(sessions_[s].key);
    bounds_.push_back({sessions_[s].start, sessions_[s].end});
    updates = updates || sessions_[s].fired;
  }
  std::vector<ColumnPtr> keys =
      keys_.columns({row_keys_of_results_.data(), row_keys_of_results_.size()}, *arena);
  Batch rows = states_.result(std::move(keys), slots, results_.eval());
  rows.keep(std::move(arena));
  if (updates) {
    for (const uint32_t s : slots)
      rows.kinds.push_back(sessions_[s].fired ? RowKind::kUpdateAfter : RowKind::kInsert);
  }
  for (const uint32_t s : slots) {
    if (sessions_[s].fired) ++refired_;
    sessions_[s].fired = true;
    settle(s);
  }
  fired_ += slots.size();
  out.emit(results_.complete(std::move(rows), {bounds_.data(), bounds_.size()}, "aggregate"));
}

void SessionWindow::forget_keys() {
  if (keys_.size() <= kFewKeys || keys_.size() / 4 <= live_keys_) return;
  keep_keys_with_sessions(keys_, heads_, sessions_, kNone);
  grow_heads();
}

}  // namespace weir
