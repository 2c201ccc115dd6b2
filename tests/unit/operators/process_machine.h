// A process step fed by hand: records with event times, watermarks, a clock that is told what time it is.
#pragma once

#include <algorithm>

#include "operators/process_run.h"
#include "step_runner.h"

namespace weir {

// A record of the tests: key, value, event time in milliseconds.
struct Event {
  std::string k;
  int64_t v = 0;
  int64_t ms = 0;
};

class ProcessMachine {
 public:
  explicit ProcessMachine(const std::string& options, int64_t delay_ms = 0)
      : delay_us_(delay_ms * 1000 + 1000),
        step_("op = 'process'\n" + options, schema(), context(delay_ms)),
        out_(outcome) {
    REQUIRE(step_.plan != nullptr);
    ordered_ = step_.plan->make_ordered(step_.context);
  }

  static Schema schema() {
    Schema s;
    s.add("k", Type::string());
    s.add("v", Type::bigint());
    s.add("time", Type::timestamp(3));
    return s;
  }
  static BindContext context(int64_t delay_ms) {
    BindContext c;
    c.has_event_time = true;
    c.out_of_orderness_us = delay_ms * 1000;
    return c;
  }

  // One batch, and the watermark that it leaves behind. As the runtime does, the step's own transform
  // comes first.
  ProcessMachine& feed(const std::vector<Event>& events) {
    Batch batch = make(events);
    const int64_t watermark = largest_ == kMinTime ? kMinTime : largest_ - delay_us_;
    if (auto transform = step_.plan->make_transform(step_.context)) transform->apply(batch);
    ordered_->process(std::move(batch), out_);
    if (watermark > watermark_) {
      watermark_ = watermark;
      ordered_->watermark(watermark_, out_);
    }
    return *this;
  }
  ProcessMachine& clock(int64_t ms) {
    ordered_->clock(ms * 1000, out_);
    return *this;
  }
  ProcessMachine& watermark(int64_t ms) {
    watermark_ = std::max(watermark_, ms * 1000);
    ordered_->watermark(ms * 1000, out_);
    return *this;
  }
  ProcessMachine& end() {
    ordered_->end(out_);
    return *this;
  }
  std::string snapshot() const {
    SnapshotWriter writer;
    ordered_->snapshot(writer);
    return writer.take();
  }
  // Goes on as another run would. False when the bytes are refused.
  bool restore(const std::string& bytes) {
    ordered_ = step_.plan->make_ordered(step_.context);
    SnapshotReader reader(bytes);
    ordered_->restore(reader);
    return reader.ok() && reader.at_end();
  }
  std::vector<std::string> take() { return std::exchange(outcome.rows, {}); }

  Ordered& ordered() { return *ordered_; }
  std::string explain() const { return step_.plan->explain(); }
  size_t state_bytes() const { return dynamic_cast<const Process&>(*ordered_).state_bytes(); }
  Outcome outcome;

 private:
  Batch make(const std::vector<Event>& events) {
    Batch batch;
    batch.rows = events.size();
    for (const auto& c : schema()) batch.columns.push_back(make_column(c.type));
    int64_t largest = largest_;
    for (const Event& e : events) {
      if (e.k.empty()) {
        batch.columns[0]->push_null();
      } else {
        batch.columns[0]->push<StringRef>(StringRef(batch.arena().copy(e.k)));
      }
      batch.columns[1]->push<int64_t>(e.v);
      batch.columns[2]->push<int64_t>(e.ms * 1000);
      batch.event_time.push_back(e.ms * 1000);
      batch.running_max.push_back(largest);
      largest = std::max(largest, e.ms * 1000);
    }
    largest_ = largest;
    batch.max_event_time = largest;
    batch.watermark = watermark_;
    batch.watermark_delay = delay_us_;
    return batch;
  }

  int64_t delay_us_;
  Step step_;
  std::unique_ptr<Ordered> ordered_;
  CollectingEmitter out_;
  int64_t watermark_ = kMinTime;
  int64_t largest_ = kMinTime;
};

}  // namespace weir
