#include <algorithm>

#include "windows/row_window_operator.h"

namespace weir {

namespace {

constexpr uint64_t kPanesAreSpilled = ~uint64_t{0};  // in place of the number of panes

}  // namespace

void RowWindow::snapshot(SnapshotWriter& writer) const {
  writer.put_i64(now_.watermark);
  writer.put_i64(now_.clock);
  writer.put_i64(shown_);
  writer.put_u64(arrivals_);
  writer.put_u64(fired_);
  writer.put_u64(refired_);
  late_.snapshot(writer);
  keys_.snapshot(writer);
  if (spilled_.any()) {
    writer.put_u64(kPanesAreSpilled);
    writer.put_u64(spilled_open_);
    spilled_.snapshot(writer);
  }
  panes_.snapshot(writer);
  // Panes get new numbers: those that are open, counted.
  Vec<uint32_t> numbers(panes_.numbers(), Panes::kNone);
  uint32_t open = 0;
  for (uint32_t pane = 0; pane < panes_.numbers(); ++pane) {
    if (!panes_[pane].open) continue;
    numbers[pane] = open++;
    contents_->snapshot(pane, writer);
    updates_.snapshot(pane, writer);
  }
  snapshot_timers(event_timers_, {numbers.data(), numbers.size()}, writer);
  snapshot_timers(clock_timers_, {numbers.data(), numbers.size()}, writer);
}

void RowWindow::restore(SnapshotReader& reader) {
  now_.watermark = reader.get_i64();
  now_.clock = reader.get_i64();
  shown_ = reader.get_i64();
  arrivals_ = reader.get_u64();
  fired_ = reader.get_u64();
  refired_ = reader.get_u64();
  late_.restore(reader);
  if (!keys_.restore(reader)) return;
  SnapshotReader head = reader;
  if (head.get_u64() == kPanesAreSpilled) {
    reader = head;
    spilled_open_ = reader.get_u64();
    spilled_.restore(reader);
  }
  panes_.restore(reader);
  contents_->grow(panes_.numbers());
  updates_.grow(panes_.numbers());
  for (uint32_t pane = 0; pane < panes_.numbers() && reader.ok(); ++pane) {
    contents_->restore(pane, reader);
    updates_.restore(pane, reader);
  }
  restore_timers(event_timers_, reader);
  restore_timers(clock_timers_, reader);
}

void RowWindow::snapshot_timers(const WindowTimers& timers, std::span<const uint32_t> numbers,
                                SnapshotWriter& writer) const {
  const auto wanted = [this](const WindowTimer& timer) { return is_wanted(timer); };
  writer.put_u64(
      static_cast<uint64_t>(std::count_if(timers.all().begin(), timers.all().end(), wanted)));
  for (const auto& timer : timers.all()) {
    if (!is_wanted(timer)) continue;
    writer.put_i64(timer.time);
    writer.put_u32(numbers[timer.pane]);
    writer.put_u8(static_cast<uint8_t>(timer.kind));
  }
}

void RowWindow::restore_timers(WindowTimers& timers, SnapshotReader& reader) {
  const uint64_t total = reader.get_u64();
  for (uint64_t i = 0; i < total && reader.ok(); ++i) {
    WindowTimer timer;
    timer.time = reader.get_i64();
    timer.pane = reader.get_u32();
    timer.kind = static_cast<WindowTimer::Kind>(reader.get_u8());
    if (timer.pane >= panes_.numbers()) return;
    timer.serial = panes_[timer.pane].serial;
    timers.push(timer);
  }
}

}  // namespace weir
