// Watermarks, the clock, and the timers of windows.

#include <algorithm>

#include "windows/row_window_operator.h"

namespace weir {

void RowWindow::Now::at_event_time(int64_t time) {
  Pane& p = owner.panes_[pane];
  if (p.last_event_timer == time) p.last_event_timer = kMinTime;
  owner.event_timers_.push({time, pane, p.serial, WindowTimer::Kind::kTrigger});
}

void RowWindow::Now::at_clock(int64_t time) {
  Pane& p = owner.panes_[pane];
  if (p.last_clock_timer == time) p.last_clock_timer = kMinTime;
  owner.push_clock_timer(pane, time, WindowTimer::Kind::kTrigger);
}

void RowWindow::clock(int64_t now_us, Emitter& out) {
  now_.clock = std::max(now_.clock, now_us);
  run_due(SpilledKeys::Axis::kClock, now_.clock, out);
  flush_results(out);
}

void RowWindow::end(Emitter& out) {
  at_end_ = true;
  advance(kMaxTime, out);
  run_due(SpilledKeys::Axis::kEventTime, kMaxTime, out);
  run_due(SpilledKeys::Axis::kClock, kMaxTime, out);
  flush_results(out);
}

void RowWindow::move_watermark(int64_t to, Emitter& out) {
  now_.watermark = to;
  at_end_ = at_end_ || to == kMaxTime;
  run_due(SpilledKeys::Axis::kEventTime, to, out);
  // The steps behind hear of the watermark only with results: between them nobody can tell.
  flush_results(out);
  shown_ = to;
}

void RowWindow::set_window_timer(uint32_t pane) {
  Pane& p = panes_[pane];
  int64_t time = last_instant(p.window.end);
  if (rules_.event_time && time <= now_.watermark) time = cleanup_of(p.window);
  if (p.window_timer != kMinTime && p.window_timer <= time) return;
  p.window_timer = time;
  WindowTimers& timers = rules_.event_time ? event_timers_ : clock_timers_;
  timers.push({time, pane, p.serial, WindowTimer::Kind::kWindow});
}

void RowWindow::run_due(SpilledKeys::Axis axis, int64_t until, Emitter& out) {
  WindowTimers& timers = axis == SpilledKeys::Axis::kClock ? clock_timers_ : event_timers_;
  while (spilled_.any()) {
    const auto reached = spilled_.take_due(axis, until, [&](std::string_view key, auto& value) {
      take_key(keys_.find_encoded(key), value);
    });
    if (!reached) break;
    run_timers(timers, reached->time, &*reached, out);
    if (batch_ != nullptr) continue;
    flush_results(out);
    give_up_keys();
  }
  run_timers(timers, until, nullptr, out);
}

void RowWindow::run_timers(WindowTimers& timers, int64_t until, const SpilledKeys::Moment* last,
                           Emitter& out) {
  while (timers.due(until)) {
    const int64_t time = timers.first_time();
    together_.clear();
    while (timers.due(time)) {
      const WindowTimer timer = timers.pop();
      if (is_wanted(timer)) together_.push_back(timer);
    }
    put_in_order();
    const bool some = last != nullptr && time == last->time;
    if (some) put_off(timers, *last);
    const bool event = &timers == &event_timers_;
    for (const auto& timer : together_) {
      if (is_wanted(timer)) on_timer(timer, event, out);
    }
    if (some) return;
  }
}

void RowWindow::put_off(WindowTimers& timers, const SpilledKeys::Moment& last) {
  const auto is_behind = [&](const WindowTimer& timer) {
    const std::string rank = rank_of(timer.pane);
    const std::string_view head = std::string_view(last.rank).substr(0, rank.size());
    if (rank != head) return rank > head;
    return keys_.encoded({&panes_[timer.pane].key, 1})[0] > last.rank.substr(rank.size());
  };
  const auto* first = std::partition_point(together_.begin(), together_.end(),
                                           [&](const auto& timer) { return !is_behind(timer); });
  for (const auto* timer = first; timer != together_.end(); ++timer) timers.push(*timer);
  together_.resize(static_cast<size_t>(first - together_.begin()));
}

void RowWindow::put_in_order() {
  if (together_.size() < 2) return;
  std::sort(together_.begin(), together_.end(), [&](const auto& a, const auto& b) {
    const Pane& p = panes_[a.pane];
    const Pane& q = panes_[b.pane];
    if (p.window.end != q.window.end) return p.window.end < q.window.end;
    if (p.window.start != q.window.start) return p.window.start < q.window.start;
    if (p.first_arrival != q.first_arrival) return p.first_arrival < q.first_arrival;
    if (a.pane != b.pane) return p.key < q.key;
    return a.kind < b.kind;
  });
  if (binding_.order == GroupOrder::kArrival) return;
  for (size_t begin = 0; begin < together_.size();) {
    size_t end = begin + 1;
    while (end < together_.size() &&
           panes_[together_[end].pane].window == panes_[together_[begin].pane].window)
      ++end;
    keys_.sort(std::span(together_.data() + begin, end - begin),
               [&](const WindowTimer& timer) { return panes_[timer.pane].key; });
    begin = end;
  }
}

void RowWindow::on_timer(const WindowTimer& timer, bool event, Emitter& out) {
  switch (timer.kind) {
    case WindowTimer::Kind::kWindow: on_window_timer(timer, event, out); break;
    case WindowTimer::Kind::kTrigger:
      // Those of the clock that are left at the end are too early; see Trigger::on_end.
      if (event || !at_end_) tell_trigger(timer, event, out);
      break;
    case WindowTimer::Kind::kEarly:
      if (!at_end_) on_early_timer(timer, out);
      break;
  }
}

void RowWindow::on_window_timer(const WindowTimer& timer, bool event, Emitter& out) {
  Pane& p = panes_[timer.pane];
  if (p.window_timer != timer.time) return;
  const int64_t last = last_instant(p.window.end);
  if (timer.time == last) tell_trigger(timer, event, out);
  if (timer.time >= (event ? cleanup_of(p.window) : last)) {
    if (at_end_ && p.changed) {
      select(timer.pane);
      apply(timer.pane, rules_.trigger->on_end(panes_.state(timer.pane)), out);
    }
    drop(timer.pane);
    return;
  }
  p.window_timer = timer.time < last ? last : cleanup_of(p.window);
  WindowTimers& timers = event ? event_timers_ : clock_timers_;
  timers.push({p.window_timer, timer.pane, p.serial, WindowTimer::Kind::kWindow});
}

void RowWindow::tell_trigger(const WindowTimer& timer, bool event, Emitter& out) {
  Pane& p = panes_[timer.pane];
  int64_t& told = event ? p.last_event_timer : p.last_clock_timer;
  if (told == timer.time) return;
  told = timer.time;
  select(timer.pane);
  int64_t* state = panes_.state(timer.pane);
  apply(timer.pane,
        event ? rules_.trigger->on_event_time(state, timer.time, now_)
              : rules_.trigger->on_clock(state, timer.time, now_),
        out);
}

void RowWindow::on_early_timer(const WindowTimer& timer, Emitter& out) {
  Pane& p = panes_[timer.pane];
  const int64_t now = rules_.event_time ? now_.watermark : now_.clock;
  if (last_instant(p.window.end) <= now) return;  // it has fired for good
  if (p.filled && p.changed) add_due(timer.pane, out);
  // Firings that were missed are not made up for.
  const int64_t missed = std::max<int64_t>(0, now_.clock - timer.time) / rules_.early_us;
  push_clock_timer(timer.pane, timer.time + (missed + 1) * rules_.early_us,
                   WindowTimer::Kind::kEarly);
}

}  // namespace weir
