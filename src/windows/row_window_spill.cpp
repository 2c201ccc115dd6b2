// Keys of windows of single records on the disk.

#include <algorithm>

#include "windows/row_window_operator.h"

namespace weir {

namespace {

constexpr size_t kSpilledPanesAtOnce = 8192;

// The timers of the panes, those of one side by side.
class TimersByPane {
 public:
  TimersByPane(const WindowTimers& timers, const Panes& panes) {
    for (const auto& timer : timers.all()) {
      const Pane& pane = panes[timer.pane];
      if (pane.open && pane.serial == timer.serial) timers_.push_back(timer);
    }
    std::sort(timers_.begin(), timers_.end(),
              [](const auto& a, const auto& b) { return a.pane < b.pane; });
  }

  // Writes those of a pane, whose rank this is; `first` becomes the earliest moment.
  void write(uint32_t pane, const std::string& rank, SnapshotWriter& writer,
             std::optional<SpilledKeys::Moment>& first) const {
    const auto* begin =
        std::lower_bound(timers_.begin(), timers_.end(), pane,
                         [](const auto& timer, uint32_t number) { return timer.pane < number; });
    const auto* end = begin;
    while (end != timers_.end() && end->pane == pane) ++end;
    writer.put_u32(static_cast<uint32_t>(end - begin));
    for (const auto* timer = begin; timer != end; ++timer) {
      writer.put_i64(timer->time);
      writer.put_u8(static_cast<uint8_t>(timer->kind));
      const SpilledKeys::Moment moment{timer->time, rank};
      if (!first || moment < *first) first = moment;
    }
  }

 private:
  Vec<WindowTimer> timers_;
};

void read_timers(uint32_t pane, uint32_t serial, WindowTimers& timers, SnapshotReader& reader) {
  const uint32_t total = reader.get_u32();
  for (uint32_t i = 0; i < total && reader.ok(); ++i) {
    WindowTimer timer{reader.get_i64(), pane, serial, WindowTimer::Kind::kWindow};
    timer.kind = static_cast<WindowTimer::Kind>(reader.get_u8());
    timers.push(timer);
  }
}

}  // namespace

uint64_t RowWindow::state_bytes() const {
  return keys_.memory_bytes() + panes_.memory_bytes() + contents_->memory_bytes() +
         updates_.memory_bytes() + event_timers_.memory_bytes() + clock_timers_.memory_bytes();
}

void RowWindow::spill() {
  const TimersByPane event_timers(event_timers_, panes_);
  const TimersByPane clock_timers(clock_timers_, panes_);
  Vec<uint32_t> panes;
  for (uint32_t pane = 0; pane < panes_.numbers(); ++pane) {
    if (panes_[pane].open) panes.push_back(pane);
  }
  const auto key_of = [this](uint32_t pane) { return panes_[pane].key; };
  std::sort(panes.begin(), panes.end(),
            [&](uint32_t a, uint32_t b) { return key_of(a) < key_of(b); });
  Vec<uint32_t> keys;
  for (size_t next = 0; next < panes.size();) {
    keys.clear();
    for (size_t i = next; i < panes.size() && keys.size() < kSpilledPanesAtOnce; ++i) {
      if (keys.empty() || keys.back() != key_of(panes[i])) keys.push_back(key_of(panes[i]));
    }
    const auto encoded = keys_.encoded({keys.data(), keys.size()});
    for (size_t k = 0; k < keys.size(); ++k) {
      SnapshotWriter value;
      SpilledKeys::Due due;
      for (; next < panes.size() && key_of(panes[next]) == keys[k]; ++next) {
        const uint32_t pane = panes[next];
        panes_.snapshot_pane(pane, value);
        contents_->snapshot(pane, value);
        updates_.snapshot(pane, value);
        const std::string rank = rank_of(pane);
        event_timers.write(pane, rank, value, due[0]);
        clock_timers.write(pane, rank, value, due[1]);
      }
      spilled_.put(encoded[k], due, value.bytes());
    }
  }
  spilled_open_ += panes_.open();
  keys_.clear();
  panes_.clear();
  contents_ = make_row_contents(rules_);
  updates_.clear();
  event_timers_.clear();
  clock_timers_.clear();
}

void RowWindow::take_back(uint32_t known) {
  Vec<uint32_t> keys;
  for (auto key = known; key < keys_.size(); ++key) keys.push_back(key);
  spilled_.take(keys_.encoded({keys.data(), keys.size()}),
                [&](size_t i, SnapshotReader& value) { take_key(keys[i], value); });
}

void RowWindow::take_key(uint32_t key, SnapshotReader& value) {
  while (value.ok() && !value.at_end()) {
    const uint32_t pane = panes_.restore_pane(value, key);
    contents_->grow(panes_.numbers());
    updates_.grow(panes_.numbers());
    contents_->restore(pane, value);
    updates_.restore(pane, value);
    read_timers(pane, panes_[pane].serial, event_timers_, value);
    read_timers(pane, panes_[pane].serial, clock_timers_, value);
    --spilled_open_;
  }
}

}  // namespace weir
