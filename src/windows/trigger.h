// When a window gives its result: Flink's triggers.
//
// A trigger is immutable and shared by all windows; what it remembers of one window are `state_words()`
// 64-bit words, side by side with those of the other windows. It is asked at every row, at the times it
// asked for, and at the window's last instant on the clock of the window.
//
// Units:  microseconds.
// Source: Flink's EventTimeTrigger, ProcessingTimeTrigger, ContinuousEventTimeTrigger,
//         ContinuousProcessingTimeTrigger, CountTrigger, DeltaTrigger, PurgingTrigger,
//         ProcessingTimeoutTrigger, NeverTrigger, EndOfStreamTrigger.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/node.h"
#include "config/options.h"
#include "data/schema.h"
#include "expr/expr.h"
#include "windows/time_window.h"

namespace weir {

enum class TriggerResult : uint8_t { kContinue = 0, kFire = 1, kPurge = 2, kFireAndPurge = 3 };
inline bool fires(TriggerResult r) { return (static_cast<uint8_t>(r) & 1) != 0; }
inline bool purges(TriggerResult r) { return (static_cast<uint8_t>(r) & 2) != 0; }

// The window that a trigger decides about, and what it may ask for.
class TriggerContext {
 public:
  virtual ~TriggerContext() = default;
  WindowBounds window;
  int64_t watermark = kMinTime;
  int64_t clock = 0;       // processing time
  bool has_value = false;  // the row gives a value to a trigger that reads one
  double value = 0;
  int64_t last() const { return last_instant(window.end); }
  // Asks for on_event_time(time) when the watermark reaches it, and for on_clock(time).
  virtual void at_event_time(int64_t time) = 0;
  virtual void at_clock(int64_t time) = 0;
};

class Trigger {
 public:
  virtual ~Trigger() = default;
  virtual size_t state_words() const { return 0; }
  // Makes the state of a new window.
  virtual void init(int64_t* state) const { (void)state; }

  // A row of event time (or clock) `time` has been added.
  virtual TriggerResult on_row(int64_t* state, int64_t time, TriggerContext& context) const = 0;
  virtual TriggerResult on_event_time(int64_t* state, int64_t time, TriggerContext& context) const;
  virtual TriggerResult on_clock(int64_t* state, int64_t time, TriggerContext& context) const;
  // The input has ended: what still waits for the clock fires now.
  virtual TriggerResult on_end(int64_t* state) const;

  // The window takes in another one, whose state is `from`. context.window is the merged window; the
  // row that touches both comes to on_row afterwards.
  virtual bool can_merge() const { return true; }
  virtual void merge(int64_t* state, const int64_t* from, TriggerContext& context) const;
  // After that, and when the window has only grown: times that have passed are asked for once more.
  virtual void grown(int64_t* state, TriggerContext& context) const;

  // True if it asks for on_clock() where the window's own clock is event time.
  virtual bool uses_clock() const { return false; }

  // "every 100 records": for explain.
  virtual std::string text() const = 0;
};
using TriggerPtr = std::unique_ptr<const Trigger>;

// The defaults: a window fires when its clock reaches its last instant.
TriggerPtr make_event_time_trigger();
TriggerPtr make_processing_time_trigger();
TriggerPtr make_count_trigger(int64_t n);
// At every multiple of `interval_us` on the clock `event_time` from the first row on, and at the end of
// the window, whose own clock is `event_time_window`.
TriggerPtr make_continuous_trigger(int64_t interval_us, bool event_time, bool event_time_window);
// When the value differs by more than `threshold` from the one at the last firing (at first: the
// first row's).
TriggerPtr make_delta_trigger(double threshold);
// Fires like `inner`, and when `after_us` of processing time have passed since the first row after the
// last firing (`restart`: since the last row).
TriggerPtr make_timeout_trigger(TriggerPtr inner, int64_t after_us, bool restart);
TriggerPtr make_purging_trigger(TriggerPtr inner);
TriggerPtr make_never_trigger();
// At the end of the input.
TriggerPtr make_end_trigger();

// What a trigger written in a pipeline is read against.
struct TriggerBinding {
  const Schema* input = nullptr;
  const TimeZone* zone = utc();
  bool event_time = true;  // the window's clock
  bool has_end = true;     // windows end (all but the global window)
};
struct BoundTrigger {
  TriggerPtr trigger;
  ExprPtr value;  // DOUBLE, over the input: what a delta trigger compares; may be null
};
// Reads `trigger = "never"` or `trigger = { type = "count", n = 100 }`. Problems go to `errors`.
BoundTrigger bind_trigger(const Node& node, const TriggerBinding& binding, Errors& errors);

}  // namespace weir
