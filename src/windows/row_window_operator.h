// The operator of windows of single records, for row_window_*.cpp alone.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "operators/state_limit.h"
#include "state/spilled_keys.h"
#include "windows/pane_contents.h"
#include "windows/pane_updates.h"
#include "windows/panes.h"
#include "windows/row_window_rules.h"
#include "windows/window_keys.h"
#include "windows/window_results.h"
#include "windows/window_timers.h"

namespace weir {

// Rows go into panes in two steps: at once into the pane's trigger, and together with others, before
// anything is done with a pane's contents, into the contents. Results are likewise collected as long as
// nobody could tell: until a pane with a due result changes, or the watermark does.
class RowWindow final : public Ordered {
 public:
  RowWindow(const RowWindowRules& rules, const OperatorContext& context);

  void process(Batch batch, Emitter& out) override;

  void watermark(int64_t w, Emitter& out) override { advance(w, out); }

  void clock(int64_t now_us, Emitter& out) override;
  int64_t next_clock() const override {
    const int64_t next = clock_timers_.empty() ? kMaxTime : clock_timers_.first_time();
    return std::min(next, spilled_.first_due(SpilledKeys::Axis::kClock).value_or(kMaxTime));
  }

  void end(Emitter& out) override;

  OperatorStats stats() const override {
    return {late_.total(), panes_.open() + spilled_open_, fired_, refired_,
            late_.first_late_by_us()};
  }
  uint64_t state_bytes() const override;

  void snapshot(SnapshotWriter& writer) const override;
  void restore(SnapshotReader& reader) override;

 private:
  enum class Then : uint8_t { kKeep, kClear, kDrop };
  struct Due {
    uint32_t pane;
    Then then;
  };

  // --- rows: row_window_operator.cpp ---
  void begin(Batch& batch);
  int64_t time_of(uint32_t i) const {
    return rules_.event_time ? batch_->event_time[i] : now_.clock;
  }

  void add_row(uint32_t i, Emitter& out);

  bool is_over(const WindowBounds& window) const {
    return rules_.event_time && cleanup_of(window) <= now_.watermark;
  }
  int64_t cleanup_of(const WindowBounds& window) const {
    return cleanup_time(window.end, binding_.allowed_lateness_us);
  }

  uint32_t pane_of(uint32_t i, const WindowBounds& window) {
    if (is_over(window)) return Panes::kNone;
    const uint32_t pane = panes_.find(row_keys_[i], window);
    return pane == Panes::kNone ? open_pane(i, window) : pane;
  }

  uint32_t open_pane(uint32_t i, const WindowBounds& window);

  // The session that the row's window merges into. The merged window is what may be over, not the row's.
  uint32_t session_of(uint32_t i, WindowBounds window, Emitter& out);
  void absorb(uint32_t pane, uint32_t other);
  void add_to(uint32_t pane, uint32_t i, int64_t time, Emitter& out);

  void flush_rows();

  // Rows that could not be reduced.
  void reject_failed(const Batch& batch, Emitter& out);

  struct Now final : TriggerContext {
    explicit Now(RowWindow& operator_of) : owner(operator_of) {}
    void at_event_time(int64_t time) override;
    void at_clock(int64_t time) override;
    RowWindow& owner;
    uint32_t pane = 0;
  };

  void select(uint32_t pane) {
    now_.pane = pane;
    now_.window = panes_[pane].window;
  }
  void push_clock_timer(uint32_t pane, int64_t time, WindowTimer::Kind kind) {
    clock_timers_.push({time, pane, panes_[pane].serial, kind});
  }

  void apply(uint32_t pane, TriggerResult result, Emitter& out);

  // --- results: row_window_results.cpp ---

  void add_due(uint32_t pane, Emitter& out);

  // Empties a pane, or gives it up: at once, or once its due result has been given.
  void finish(uint32_t pane, Then then);
  void drop(uint32_t pane);
  void flush_results(Emitter& out);

  void give_results(Emitter& out);

  // A session whose early result has been given becomes part of another one.
  void retract(uint32_t pane, Emitter& out);

  // --- time: row_window_time.cpp ---

  void advance(int64_t to, Emitter& out) {
    if (to > now_.watermark) move_watermark(to, out);
  }
  void move_watermark(int64_t to, Emitter& out);

  // The window's own timer: at its last instant, then when it is over. A later time is looked up when the
  // timer that is set comes.
  void set_window_timer(uint32_t pane);

  // Those of keys on the disk come with the keys.
  void run_due(SpilledKeys::Axis axis, int64_t until, Emitter& out);
  // `last`: of what is due at its time only what comes up to it.
  void run_timers(WindowTimers& timers, int64_t until, const SpilledKeys::Moment* last,
                  Emitter& out);
  // Takes out of together_ what comes behind `last`, and sets it again.
  void put_off(WindowTimers& timers, const SpilledKeys::Moment& last);

  // False once its pane has gone.
  bool is_wanted(const WindowTimer& timer) const {
    const Pane& p = panes_[timer.pane];
    return p.open && p.serial == timer.serial;
  }

  // Timers of one time: by their windows' ends and starts, then by key, or as their windows came; a
  // window's own timer first.
  void put_in_order();
  void on_timer(const WindowTimer& timer, bool event, Emitter& out);
  void on_window_timer(const WindowTimer& timer, bool event, Emitter& out);
  void tell_trigger(const WindowTimer& timer, bool event, Emitter& out);
  void on_early_timer(const WindowTimer& timer, Emitter& out);

  // Keys without windows are forgotten once they are most of them.
  void give_up_keys();

  // --- memory: row_window_spill.cpp ---

  // All keys go to the disk, each with its windows and their timers. Between batches.
  void spill();
  // Of the keys from `known` on, new in memory, those that are on the disk.
  void take_back(uint32_t known);
  void take_key(uint32_t key, SnapshotReader& value);
  // As put_in_order() puts windows in order: without the key, which comes behind.
  std::string rank_of(uint32_t pane) const {
    const Pane& p = panes_[pane];
    return window_rank(p.window, binding_.order == GroupOrder::kArrival ? p.first_arrival : 0);
  }

  // row_window_snapshot.cpp
  void snapshot_timers(const WindowTimers& timers, std::span<const uint32_t> numbers,
                       SnapshotWriter& writer) const;
  void restore_timers(WindowTimers& timers, SnapshotReader& reader);

  const RowWindowRules& rules_;
  const WindowBinding& binding_;
  const OperatorContext context_;
  EvalContext eval_;
  WindowKeys keys_;
  Panes panes_;
  std::unique_ptr<PaneContents> contents_;
  PaneUpdates updates_;
  LateRows late_;
  SpilledKeys spilled_;
  StateLimit limit_;
  uint64_t spilled_open_ = 0;  // panes on the disk
  WindowTimers event_timers_;
  WindowTimers clock_timers_;
  uint64_t arrivals_ = 0;     // rows of the batches before
  int64_t shown_ = kMinTime;  // the watermark that results of now are behind
  bool at_end_ = false;
  uint64_t fired_ = 0;
  uint64_t refired_ = 0;
  Now now_;

  // The batch at hand.
  const Batch* batch_ = nullptr;
  Vec<uint32_t> row_keys_;
  const Column* gaps_ = nullptr;  // BIGINT microseconds
  const Column* trigger_values_ = nullptr;
  const Column* evict_values_ = nullptr;
  Vec<int64_t> clock_times_;  // where rows have no event time
  Vec<uint32_t> pending_rows_;
  Vec<uint32_t> pending_panes_;

  Vec<Due> due_;
  // Scratch.
  Vec<WindowBounds> windows_;
  Vec<uint32_t> touching_;
  Vec<WindowTimer> together_;
  Vec<uint32_t> given_;
  Vec<uint32_t> given_keys_;
  Vec<WindowBounds> windows_given_;
  Vec<uint8_t> updates_given_;
};

}  // namespace weir
