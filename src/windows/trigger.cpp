#include "windows/trigger.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/units.h"

namespace weir {

TriggerResult Trigger::on_event_time(int64_t*, int64_t, TriggerContext&) const {
  return TriggerResult::kContinue;
}
TriggerResult Trigger::on_clock(int64_t*, int64_t, TriggerContext&) const {
  return TriggerResult::kContinue;
}
TriggerResult Trigger::on_end(int64_t*) const { return TriggerResult::kContinue; }
void Trigger::merge(int64_t*, const int64_t*, TriggerContext&) const {}
void Trigger::grown(int64_t*, TriggerContext&) const {}

namespace {

class EventTimeTrigger final : public Trigger {
 public:
  TriggerResult on_row(int64_t*, int64_t, TriggerContext& context) const override {
    return context.last() <= context.watermark ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  TriggerResult on_event_time(int64_t*, int64_t time, TriggerContext& context) const override {
    return time == context.last() ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  std::string text() const override { return "at the end of the window"; }
};

class ProcessingTimeTrigger final : public Trigger {
 public:
  TriggerResult on_row(int64_t*, int64_t, TriggerContext&) const override {
    return TriggerResult::kContinue;
  }
  TriggerResult on_clock(int64_t*, int64_t time, TriggerContext& context) const override {
    return time == context.last() ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  std::string text() const override { return "at the end of the window"; }
};

class CountTrigger final : public Trigger {
 public:
  explicit CountTrigger(int64_t n) : n_(n) {}
  size_t state_words() const override { return 1; }
  void init(int64_t* state) const override { *state = 0; }
  TriggerResult on_row(int64_t* state, int64_t, TriggerContext&) const override {
    if (++*state < n_) return TriggerResult::kContinue;
    *state = 0;
    return TriggerResult::kFire;
  }
  void merge(int64_t* state, const int64_t* from, TriggerContext&) const override {
    *state += *from;
  }
  std::string text() const override {
    return "every " + format_count(static_cast<uint64_t>(n_)) + " records";
  }

 private:
  int64_t n_;
};

// State: the next time it fires; kMinTime: none yet.
class ContinuousTrigger : public Trigger {
 public:
  explicit ContinuousTrigger(int64_t interval) : interval_(interval) {}
  size_t state_words() const override { return 1; }
  void init(int64_t* state) const override { *state = kMinTime; }
  void merge(int64_t* state, const int64_t* from, TriggerContext& context) const override {
    if (*from == kMinTime) return;
    *state = *state == kMinTime ? *from : std::min(*state, *from);
    ask(*state, context);
  }
  void grown(int64_t* state, TriggerContext& context) const override {
    if (*state != kMinTime && *state <= now(context)) ask(*state, context);
  }
  std::string text() const override { return "every " + format_duration({interval_}); }

 protected:
  virtual void ask(int64_t time, TriggerContext& context) const = 0;
  virtual int64_t now(const TriggerContext& context) const = 0;
  void start(int64_t* state, int64_t time, TriggerContext& context) const {
    if (*state == kMinTime) next(state, time - floor_mod(time, interval_), context);
  }
  void next(int64_t* state, int64_t time, TriggerContext& context) const {
    *state = std::min(saturating_add(time, interval_), context.last());
    ask(*state, context);
  }

 private:
  int64_t interval_;
};

class ContinuousEventTimeTrigger final : public ContinuousTrigger {
 public:
  using ContinuousTrigger::ContinuousTrigger;
  TriggerResult on_row(int64_t* state, int64_t time, TriggerContext& context) const override {
    if (context.last() <= context.watermark) return TriggerResult::kFire;
    start(state, time, context);
    return TriggerResult::kContinue;
  }
  TriggerResult on_event_time(int64_t* state, int64_t time,
                              TriggerContext& context) const override {
    if (time == context.last()) return TriggerResult::kFire;
    // At the end of the input, time goes on for ever: only the window's own end is left.
    const bool endless = context.watermark == kMaxTime && context.window.end == kMaxTime;
    if (time != *state || endless) return TriggerResult::kContinue;
    next(state, time, context);
    return TriggerResult::kFire;
  }

 private:
  void ask(int64_t time, TriggerContext& context) const override { context.at_event_time(time); }
  int64_t now(const TriggerContext& context) const override { return context.watermark; }
};

class ContinuousProcessingTimeTrigger final : public ContinuousTrigger {
 public:
  ContinuousProcessingTimeTrigger(int64_t interval, bool event_time_window)
      : ContinuousTrigger(interval), event_time_window_(event_time_window) {}
  TriggerResult on_row(int64_t* state, int64_t, TriggerContext& context) const override {
    if (event_time_window_ && context.last() <= context.watermark) return TriggerResult::kFire;
    start(state, context.clock, context);
    return TriggerResult::kContinue;
  }
  TriggerResult on_event_time(int64_t*, int64_t time, TriggerContext& context) const override {
    return time == context.last() ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  TriggerResult on_clock(int64_t* state, int64_t time, TriggerContext& context) const override {
    if (time != *state) return TriggerResult::kContinue;
    next(state, time, context);
    return TriggerResult::kFire;
  }
  TriggerResult on_end(int64_t* state) const override {
    return *state == kMinTime ? TriggerResult::kContinue : TriggerResult::kFire;
  }
  bool uses_clock() const override { return true; }

 private:
  void ask(int64_t time, TriggerContext& context) const override { context.at_clock(time); }
  int64_t now(const TriggerContext& context) const override { return context.clock; }
  bool event_time_window_;
};

// State: whether there was a value; the value's bits.
class DeltaTrigger final : public Trigger {
 public:
  explicit DeltaTrigger(double threshold) : threshold_(threshold) {}
  size_t state_words() const override { return 2; }
  void init(int64_t* state) const override { state[0] = 0; }
  TriggerResult on_row(int64_t* state, int64_t, TriggerContext& context) const override {
    if (!context.has_value) return TriggerResult::kContinue;
    const bool first = state[0] == 0;
    if (!first && !(std::fabs(context.value - std::bit_cast<double>(state[1])) > threshold_))
      return TriggerResult::kContinue;
    state[0] = 1;
    state[1] = std::bit_cast<int64_t>(context.value);
    return first ? TriggerResult::kContinue : TriggerResult::kFire;
  }
  bool can_merge() const override { return false; }
  std::string text() const override { return "when a value has moved"; }

 private:
  double threshold_;
};

// State: when it times out (kMinTime: nothing waits), then the inner trigger's.
class TimeoutTrigger final : public Trigger {
 public:
  TimeoutTrigger(TriggerPtr inner, int64_t after, bool restart)
      : inner_(std::move(inner)), after_(after), restart_(restart) {}
  size_t state_words() const override { return 1 + inner_->state_words(); }
  void init(int64_t* state) const override {
    *state = kMinTime;
    inner_->init(state + 1);
  }
  TriggerResult on_row(int64_t* state, int64_t time, TriggerContext& context) const override {
    const TriggerResult result = inner_->on_row(state + 1, time, context);
    if (fires(result)) {
      init(state);
    } else if (*state == kMinTime || restart_) {
      *state = saturating_add(context.clock, after_);
      context.at_clock(*state);
    }
    return result;
  }
  TriggerResult on_event_time(int64_t* state, int64_t time,
                              TriggerContext& context) const override {
    return fired(state, inner_->on_event_time(state + 1, time, context));
  }
  TriggerResult on_clock(int64_t* state, int64_t time, TriggerContext& context) const override {
    const TriggerResult result = inner_->on_clock(state + 1, time, context);
    return fired(state, time == *state ? with_fire(result) : result);
  }
  TriggerResult on_end(int64_t* state) const override {
    const TriggerResult result = inner_->on_end(state + 1);
    return fired(state, *state == kMinTime ? result : with_fire(result));
  }
  bool can_merge() const override { return inner_->can_merge(); }
  void merge(int64_t* state, const int64_t* from, TriggerContext& context) const override {
    if (*from != kMinTime) {
      *state = *state == kMinTime ? *from
               : restart_         ? std::max(*state, *from)
                                  : std::min(*state, *from);
      context.at_clock(*state);
    }
    inner_->merge(state + 1, from + 1, context);
  }
  void grown(int64_t* state, TriggerContext& context) const override {
    inner_->grown(state + 1, context);
  }
  std::string text() const override {
    return inner_->text() + ", or " + format_duration({after_}) + " after a record";
  }
  bool uses_clock() const override { return true; }

 private:
  static TriggerResult with_fire(TriggerResult result) {
    return purges(result) ? TriggerResult::kFireAndPurge : TriggerResult::kFire;
  }
  // A firing clears the timeout and the inner trigger.
  TriggerResult fired(int64_t* state, TriggerResult result) const {
    if (fires(result)) init(state);
    return result;
  }

  TriggerPtr inner_;
  int64_t after_;
  bool restart_;
};

class PurgingTrigger final : public Trigger {
 public:
  explicit PurgingTrigger(TriggerPtr inner) : inner_(std::move(inner)) {}
  size_t state_words() const override { return inner_->state_words(); }
  void init(int64_t* state) const override { inner_->init(state); }
  TriggerResult on_row(int64_t* state, int64_t time, TriggerContext& context) const override {
    return purging(inner_->on_row(state, time, context));
  }
  TriggerResult on_event_time(int64_t* state, int64_t time,
                              TriggerContext& context) const override {
    return purging(inner_->on_event_time(state, time, context));
  }
  TriggerResult on_clock(int64_t* state, int64_t time, TriggerContext& context) const override {
    return purging(inner_->on_clock(state, time, context));
  }
  TriggerResult on_end(int64_t* state) const override { return purging(inner_->on_end(state)); }
  bool can_merge() const override { return inner_->can_merge(); }
  void merge(int64_t* state, const int64_t* from, TriggerContext& context) const override {
    inner_->merge(state, from, context);
  }
  void grown(int64_t* state, TriggerContext& context) const override {
    inner_->grown(state, context);
  }
  std::string text() const override { return inner_->text() + ", purging"; }
  bool uses_clock() const override { return inner_->uses_clock(); }

 private:
  static TriggerResult purging(TriggerResult result) {
    return fires(result) ? TriggerResult::kFireAndPurge : result;
  }
  TriggerPtr inner_;
};

class NeverTrigger final : public Trigger {
 public:
  TriggerResult on_row(int64_t*, int64_t, TriggerContext&) const override {
    return TriggerResult::kContinue;
  }
  std::string text() const override { return "never"; }
};

class EndTrigger final : public Trigger {
 public:
  TriggerResult on_row(int64_t*, int64_t, TriggerContext&) const override {
    return TriggerResult::kContinue;
  }
  TriggerResult on_end(int64_t*) const override { return TriggerResult::kFire; }
  std::string text() const override { return "at the end of the input"; }
};

}  // namespace

TriggerPtr make_event_time_trigger() { return std::make_unique<EventTimeTrigger>(); }
TriggerPtr make_processing_time_trigger() { return std::make_unique<ProcessingTimeTrigger>(); }
TriggerPtr make_count_trigger(int64_t n) { return std::make_unique<CountTrigger>(n); }
TriggerPtr make_continuous_trigger(int64_t interval_us, bool event_time, bool event_time_window) {
  if (event_time) return std::make_unique<ContinuousEventTimeTrigger>(interval_us);
  return std::make_unique<ContinuousProcessingTimeTrigger>(interval_us, event_time_window);
}
TriggerPtr make_delta_trigger(double threshold) {
  return std::make_unique<DeltaTrigger>(threshold);
}
TriggerPtr make_timeout_trigger(TriggerPtr inner, int64_t after_us, bool restart) {
  return std::make_unique<TimeoutTrigger>(std::move(inner), after_us, restart);
}
TriggerPtr make_purging_trigger(TriggerPtr inner) {
  return std::make_unique<PurgingTrigger>(std::move(inner));
}
TriggerPtr make_never_trigger() { return std::make_unique<NeverTrigger>(); }
TriggerPtr make_end_trigger() { return std::make_unique<EndTrigger>(); }

}  // namespace weir
