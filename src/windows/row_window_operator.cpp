#include <algorithm>

#include "windows/pane_contents.h"
#include "windows/pane_updates.h"
#include "windows/panes.h"
#include "windows/row_window_rules.h"
#include "windows/window_keys.h"
#include "windows/window_results.h"
#include "windows/window_timers.h"

namespace weir {

namespace {

std::unique_ptr<PaneContents> make_contents(const RowWindowRules& rules) {
  const WindowBinding& binding = *rules.binding;
  const bool reduces = binding.reduction && binding.reduction->general;
  auto contents = reduces ? make_reduced_contents(*binding.reduction)
                          : make_aggregate_contents(*binding.program);
  if (!rules.evictor) return contents;
  std::vector<bool> used(binding.input.size(), false);
  if (reduces) {
    for (const auto& column : binding.reduction->columns) used[column.input] = true;
  } else {
    binding.program->collect_columns(used);
  }
  std::vector<size_t> columns;
  for (size_t c = 0; c < used.size(); ++c) {
    if (used[c]) columns.push_back(c);
  }
  return make_evicting_contents(std::move(contents), reduces ? nullptr : binding.program.get(),
                                binding.input, std::move(columns), *rules.evictor);
}

// Rows go into panes in two steps: at once into the pane's trigger, and together with others, before
// anything is done with a pane's contents, into the contents. Results are likewise collected as long as
// nobody could tell: until a pane with a due result changes, or the watermark does.
class RowWindow final : public Ordered {
 public:
  RowWindow(const RowWindowRules& rules, const OperatorContext& context)
      : rules_(rules),
        binding_(*rules.binding),
        context_(context),
        eval_(context.eval_context()),
        keys_(binding_.key_columns, binding_.key_types),
        panes_(*rules.trigger, rules.assigner->merges()),
        contents_(make_contents(rules)),
        updates_(binding_, context),
        late_(binding_),
        now_(*this) {}

  void process(Batch batch, Emitter& out) override {
    if (!batch.rejects.empty()) {
      Batch rejected;
      rejected.rejects = std::move(batch.rejects);
      batch.rejects.clear();
      out.emit(std::move(rejected));
    }
    if (batch.rows == 0) return;
    begin(batch);
    for (uint32_t i = 0; i < batch.rows; ++i) {
      if (rules_.event_time) advance(batch.watermark_at(i), out);
      add_row(i, out);
    }
    flush_results(out);
    flush_rows();
    contents_->end_batch();
    late_.flush(batch, out);
    reject_failed(batch, out);
    arrivals_ += batch.rows;
    batch_ = nullptr;
  }

  void watermark(int64_t w, Emitter& out) override { advance(w, out); }

  void clock(int64_t now_us, Emitter& out) override {
    now_.clock = std::max(now_.clock, now_us);
    run_timers(clock_timers_, now_.clock, out);
    flush_results(out);
  }
  int64_t next_clock() const override {
    return clock_timers_.empty() ? kMaxTime : clock_timers_.first_time();
  }

  void end(Emitter& out) override {
    at_end_ = true;
    advance(kMaxTime, out);
    run_timers(event_timers_, kMaxTime, out);
    run_timers(clock_timers_, kMaxTime, out);
    flush_results(out);
  }

  OperatorStats stats() const override {
    return {late_.total(), panes_.open(), fired_, refired_, late_.first_late_by_us()};
  }

  void snapshot(SnapshotWriter& writer) const override;
  void restore(SnapshotReader& reader) override;

 private:
  enum class Then : uint8_t { kKeep, kClear, kDrop };
  struct Due {
    uint32_t pane;
    Then then;
  };

  // --- rows ---

  void begin(Batch& batch) {
    give_up_keys();
    batch_ = &batch;
    eval_.arena = &batch.arena();
    keys_.find(batch, row_keys_);
    size_t extra = batch.columns.size() - rules_.extra_columns();
    const auto next = [&](const ExprPtr& expr) {
      return expr ? batch.columns[extra++].get() : nullptr;
    };
    gaps_ = next(rules_.gap);
    trigger_values_ = next(rules_.trigger_value);
    evict_values_ = next(rules_.evict_value);
    if (batch.event_time.empty()) clock_times_.assign(batch.rows, now_.clock);
  }

  int64_t time_of(uint32_t i) const {
    return rules_.event_time ? batch_->event_time[i] : now_.clock;
  }

  void add_row(uint32_t i, Emitter& out) {
    const int64_t time = time_of(i);
    windows_.clear();
    rules_.assigner->assign(time, gaps_ != nullptr ? gaps_->at<int64_t>(i) : rules_.gap_us,
                            windows_);
    bool taken = false;
    for (const WindowBounds& window : windows_) {
      const uint32_t pane =
          rules_.assigner->merges() ? session_of(i, window, out) : pane_of(i, window);
      if (pane == Panes::kNone) continue;
      taken = true;
      add_to(pane, i, time, out);
    }
    if (taken || !rules_.event_time) return;
    // Times count in milliseconds where they meet a watermark.
    const int64_t ms = saturating_sub(time, floor_mod(time, kMillisecond));
    if (saturating_add(ms, binding_.allowed_lateness_us) <= now_.watermark)
      late_.add(*batch_, i, now_.watermark);
  }

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

  uint32_t open_pane(uint32_t i, const WindowBounds& window) {
    const uint32_t pane = panes_.add(row_keys_[i], window, arrivals_ + i);
    contents_->grow(panes_.numbers());
    updates_.grow(panes_.numbers());
    set_window_timer(pane);
    if (rules_.early_us > 0)
      push_clock_timer(pane, saturating_add(now_.clock, rules_.early_us),
                       WindowTimer::Kind::kEarly);
    return pane;
  }

  // The session that the row's window merges into. The merged window is what may be over, not the row's.
  uint32_t session_of(uint32_t i, WindowBounds window, Emitter& out) {
    panes_.touching(row_keys_[i], window, touching_);
    if (touching_.empty()) return is_over(window) ? Panes::kNone : open_pane(i, window);
    if (touching_.size() > 1) {
      std::sort(touching_.begin(), touching_.end(), [&](uint32_t a, uint32_t b) {
        return panes_[a].first_arrival < panes_[b].first_arrival;
      });
      flush_results(out);
      flush_rows();
    }
    const uint32_t pane = touching_[0];
    for (const uint32_t other : touching_) {
      window.start = std::min(window.start, panes_[other].window.start);
      window.end = std::max(window.end, panes_[other].window.end);
    }
    if (window == panes_[pane].window) return pane;
    if (panes_[pane].due) flush_results(out);
    for (size_t k = 1; k < touching_.size(); ++k) {
      const uint32_t other = touching_[k];
      if (rules_.early_us > 0) retract(other, out);
      panes_.close(other);
    }
    panes_.move(pane, window);
    select(pane);
    for (size_t k = 1; k < touching_.size(); ++k) absorb(pane, touching_[k]);
    rules_.trigger->grown(panes_.state(pane), now_);
    set_window_timer(pane);
    return pane;
  }

  void absorb(uint32_t pane, uint32_t other) {
    contents_->merge(pane, other);
    rules_.trigger->merge(panes_.state(pane), panes_.state(other), now_);
    Pane& p = panes_[pane];
    const Pane& o = panes_[other];
    p.filled = p.filled || o.filled;
    p.changed = p.changed || o.changed;
    p.fired = p.fired || o.fired;
    updates_.forget(other);
    panes_.release(other);
  }

  void add_to(uint32_t pane, uint32_t i, int64_t time, Emitter& out) {
    if (panes_[pane].due) flush_results(out);
    pending_rows_.push_back(i);
    pending_panes_.push_back(pane);
    panes_[pane].filled = true;
    panes_[pane].changed = true;
    select(pane);
    now_.has_value = trigger_values_ != nullptr && !trigger_values_->is_null(i);
    if (now_.has_value) now_.value = trigger_values_->at<double>(i);
    apply(pane, rules_.trigger->on_row(panes_.state(pane), time, now_), out);
  }

  void flush_rows() {
    if (pending_rows_.empty()) return;
    contents_->add({*batch_,
                    {pending_rows_.data(), pending_rows_.size()},
                    pending_panes_.data(),
                    batch_->event_time.empty() ? clock_times_.data() : batch_->event_time.data(),
                    evict_values_,
                    arrivals_},
                   eval_);
    pending_rows_.clear();
    pending_panes_.clear();
  }

  // Rows that could not be reduced.
  void reject_failed(const Batch& batch, Emitter& out) {
    if (eval_.errors.empty()) return;
    Batch faulty = batch;
    reject_failed_rows(faulty, eval_, "reduce", context_);
    Batch rejected;
    rejected.rejects = std::move(faulty.rejects);
    out.emit(std::move(rejected));
  }

  // --- what triggers say ---

  struct Now final : TriggerContext {
    explicit Now(RowWindow& operator_of) : owner(operator_of) {}
    void at_event_time(int64_t time) override {
      Pane& p = owner.panes_[pane];
      if (p.last_event_timer == time) p.last_event_timer = kMinTime;
      owner.event_timers_.push({time, pane, p.serial, WindowTimer::Kind::kTrigger});
    }
    void at_clock(int64_t time) override {
      Pane& p = owner.panes_[pane];
      if (p.last_clock_timer == time) p.last_clock_timer = kMinTime;
      owner.push_clock_timer(pane, time, WindowTimer::Kind::kTrigger);
    }
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

  void apply(uint32_t pane, TriggerResult result, Emitter& out) {
    if (fires(result) && panes_[pane].filled) add_due(pane, out);
    if (purges(result)) {
      finish(pane, Then::kClear);
      panes_[pane].filled = false;
      panes_[pane].changed = false;
      panes_[pane].fired = false;
    }
  }

  // --- results ---

  void add_due(uint32_t pane, Emitter& out) {
    if (panes_[pane].due) flush_results(out);
    due_.push_back({pane, Then::kKeep});
    panes_[pane].due = true;
    panes_[pane].changed = false;
  }

  // Empties a pane, or gives it up: at once, or once its due result has been given.
  void finish(uint32_t pane, Then then) {
    if (panes_[pane].due) {
      // Nearly always it is the last one.
      size_t i = due_.size() - 1;
      while (due_[i].pane != pane) --i;
      due_[i].then = std::max(due_[i].then, then);
      return;
    }
    flush_rows();
    contents_->clear(pane);
    if (then == Then::kDrop) {
      updates_.forget(pane);
      panes_.release(pane);
    }
  }

  void drop(uint32_t pane) {
    panes_.close(pane);
    finish(pane, Then::kDrop);
  }

  void flush_results(Emitter& out) {
    if (due_.empty()) return;
    flush_rows();
    given_.clear();
    given_keys_.clear();
    for (const auto& due : due_) {
      panes_[due.pane].due = false;
      if (!contents_->prepare(due.pane)) continue;
      given_.push_back(due.pane);
      given_keys_.push_back(panes_[due.pane].key);
    }
    if (!given_.empty()) give_results(out);
    for (const auto& due : due_) {
      if (due.then == Then::kKeep) {
        panes_[due.pane].filled = contents_->fired(due.pane);
      } else {
        contents_->clear(due.pane);
      }
      if (due.then != Then::kDrop) continue;
      updates_.forget(due.pane);
      panes_.release(due.pane);
    }
    due_.clear();
  }

  void give_results(Emitter& out) {
    auto arena = std::make_shared<Arena>();
    Batch rows = contents_->result(keys_.columns({given_keys_.data(), given_keys_.size()}, *arena),
                                   {given_.data(), given_.size()}, updates_.eval());
    rows.keep(std::move(arena));
    windows_given_.clear();
    updates_given_.clear();
    for (const uint32_t pane : given_) {
      Pane& p = panes_[pane];
      windows_given_.push_back(p.window);
      updates_given_.push_back(p.fired ? 1 : 0);
      ++fired_;
      refired_ += p.fired ? 1 : 0;
    }
    // A purged pane's next result updates nothing.
    for (const auto& due : due_) panes_[due.pane].fired = due.then == Then::kKeep;
    const std::span<const WindowBounds> windows(windows_given_.data(), windows_given_.size());
    Batch given = rules_.early_us > 0
                      ? updates_.changes(std::move(rows), {given_.data(), given_.size()}, windows)
                      : updates_.results(std::move(rows), windows,
                                         {updates_given_.data(), updates_given_.size()});
    if (shown_ != kMinTime) out.advance(shown_);
    out.emit(std::move(given));
  }

  // A session whose early result has been given becomes part of another one.
  void retract(uint32_t pane, Emitter& out) {
    const uint32_t key = panes_[pane].key;
    auto arena = std::make_shared<Arena>();
    auto keys = keys_.columns({&key, 1}, *arena);
    Batch gone = updates_.deletion(pane, std::move(keys));
    if (gone.rows == 0) return;
    gone.keep(std::move(arena));
    if (shown_ != kMinTime) out.advance(shown_);
    out.emit(std::move(gone));
  }

  // --- time ---

  void advance(int64_t to, Emitter& out) {
    if (to <= now_.watermark) return;
    now_.watermark = to;
    at_end_ = at_end_ || to == kMaxTime;
    run_timers(event_timers_, to, out);
    // The steps behind hear of the watermark only with results: between them nobody can tell.
    flush_results(out);
    shown_ = to;
  }

  // The window's own timer: at its last instant, then when it is over. A later time is looked up when the
  // timer that is set comes.
  void set_window_timer(uint32_t pane) {
    Pane& p = panes_[pane];
    int64_t time = last_instant(p.window.end);
    if (rules_.event_time && time <= now_.watermark) time = cleanup_of(p.window);
    if (p.window_timer != kMinTime && p.window_timer <= time) return;
    p.window_timer = time;
    WindowTimers& timers = rules_.event_time ? event_timers_ : clock_timers_;
    timers.push({time, pane, p.serial, WindowTimer::Kind::kWindow});
  }

  void run_timers(WindowTimers& timers, int64_t until, Emitter& out) {
    while (timers.due(until)) {
      const int64_t time = timers.first_time();
      together_.clear();
      while (timers.due(time)) {
        const WindowTimer timer = timers.pop();
        if (is_wanted(timer)) together_.push_back(timer);
      }
      put_in_order();
      const bool event = &timers == &event_timers_;
      for (const auto& timer : together_) {
        if (is_wanted(timer)) on_timer(timer, event, out);
      }
    }
  }

  // False once its pane has gone.
  bool is_wanted(const WindowTimer& timer) const {
    const Pane& p = panes_[timer.pane];
    return p.open && p.serial == timer.serial;
  }

  // Timers of one time: by their windows' ends and starts, then by key, or as their windows came; a
  // window's own timer first.
  void put_in_order() {
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

  void on_timer(const WindowTimer& timer, bool event, Emitter& out) {
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

  void on_window_timer(const WindowTimer& timer, bool event, Emitter& out) {
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

  void tell_trigger(const WindowTimer& timer, bool event, Emitter& out) {
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

  void on_early_timer(const WindowTimer& timer, Emitter& out) {
    Pane& p = panes_[timer.pane];
    const int64_t now = rules_.event_time ? now_.watermark : now_.clock;
    if (last_instant(p.window.end) <= now) return;  // it has fired for good
    if (p.filled && p.changed) add_due(timer.pane, out);
    // Firings that were missed are not made up for.
    const int64_t missed = std::max<int64_t>(0, now_.clock - timer.time) / rules_.early_us;
    push_clock_timer(timer.pane, timer.time + (missed + 1) * rules_.early_us,
                     WindowTimer::Kind::kEarly);
  }

  // Keys without windows are forgotten once they are most of them.
  void give_up_keys() {
    constexpr size_t kFew = 4096;
    if (keys_.size() < kFew || keys_.size() < 4 * panes_.open()) return;
    const Vec<uint32_t> users = panes_.users(keys_.size());
    Vec<uint32_t> kept;
    Vec<uint32_t> numbers(users.size(), 0);
    for (uint32_t key = 0; key < users.size(); ++key) {
      if (users[key] == 0) continue;
      numbers[key] = static_cast<uint32_t>(kept.size());
      kept.push_back(key);
    }
    keys_.keep({kept.data(), kept.size()});
    panes_.renumber({numbers.data(), numbers.size()});
  }

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

void RowWindow::snapshot(SnapshotWriter& writer) const {
  writer.put_i64(now_.watermark);
  writer.put_i64(now_.clock);
  writer.put_i64(shown_);
  writer.put_u64(arrivals_);
  writer.put_u64(fired_);
  writer.put_u64(refired_);
  late_.snapshot(writer);
  keys_.snapshot(writer);
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

}  // namespace

std::unique_ptr<Ordered> make_row_operator(const RowWindowRules& rules,
                                           const OperatorContext& context) {
  return std::make_unique<RowWindow>(rules, context);
}

}  // namespace weir
