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
  parts_.clear();
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
      },
      [this] {
        if (firing_.size() > (parts_.empty() ? 0 : parts_.back())) parts_.push_back(firing_.size());
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
  // What they are sorted by lies side by side: a session is a cache miss, and so is its key.
  const bool by_key = binding_.order == GroupOrder::kKey;
  to_sort_.resize(firing_.size());
  for (size_t i = 0; i < firing_.size(); ++i) {
    const Session& session = sessions_[firing_[i]];
    to_sort_[i] = {session.end, session.start, 0, firing_[i], session.key};
    if (by_key) keys_.fetch(session.key);
    if (!arrivals_.empty()) to_sort_[i].rank = arrivals_[firing_[i]];
  }
  if (by_key) {
    for (Sortable& item : to_sort_) item.rank = keys_.prefix(item.key);
  }
  size_t begin = 0;
  for (const size_t end : parts_) {
    sort_part({to_sort_.data() + begin, end - begin});
    begin = end;
  }
  for (size_t i = 0; i < firing_.size(); ++i) firing_[i] = to_sort_[i].slot;
}

void SessionWindow::sort_part(std::span<Sortable> part) const {
  const bool by_key = binding_.order == GroupOrder::kKey;
  std::sort(part.begin(), part.end(), [&](const Sortable& a, const Sortable& b) {
    if (a.end != b.end) return a.end < b.end;
    if (a.start != b.start) return a.start < b.start;
    if (a.rank != b.rank) return a.rank < b.rank;
    return by_key && keys_.is_before(a.key, b.key);
  });
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
