// Runs one window over hand-made rows with a clock and watermarks of the test's choosing.
#pragma once

#include <string>
#include <vector>

#include "../operators/step_runner.h"
#include "windows/window.h"

namespace weir {

struct Event {
  int64_t ms = 0;
  std::string k;
  int64_t v = 0;
};

class WindowTester {
 public:
  // `window`: the keys of [window]. Rows have the columns t (milliseconds), k and v.
  explicit WindowTester(const std::string& window, bool streaming = false,
                        bool has_event_time = true) {
    schema_.add("t", Type::bigint());
    schema_.add("k", Type::string());
    schema_.add("v", Type::bigint());
    PipelineText text;
    text.fragments = {"[window]\n" + window};
    auto spec = read_pipeline(text);
    REQUIRE(spec.has_value());
    REQUIRE(spec->window.has_value());
    const OperatorDescriptor* descriptor = find_window(spec->window->kind);
    REQUIRE(descriptor != nullptr);
    BindContext bind;
    bind.has_event_time = has_event_time;
    bind.streaming = streaming;
    context_.fail_fast = false;
    context_.streaming = streaming;
    plan = descriptor->bind(*spec->window, schema_, bind, errors);
    if (!plan) return;
    transform_ = plan->make_transform(context_);
    window_ = plan->make_ordered(context_);
  }

  // What came out since the last call: "a|1" for +I, "+U a|1", "late a|1", "bad field: reason".
  using Lines = std::vector<std::string>;

  Lines rows(const std::vector<Event>& events, int64_t watermark_ms = INT64_MIN) {
    Batch batch;
    batch.sequence = sequence_++;
    auto t = make_column(Type::bigint());
    auto k = make_column(Type::string());
    auto v = make_column(Type::bigint());
    for (const auto& e : events) {
      t->push<int64_t>(e.ms);
      k->push<StringRef>(StringRef(batch.arena().copy(e.k)));
      v->push<int64_t>(e.v);
      batch.event_time.push_back(e.ms * 1000);
    }
    batch.columns = {t, k, v};
    batch.rows = batch.records = events.size();
    if (watermark_ms != INT64_MIN) batch.watermark = watermark_ms * 1000;
    if (transform_) transform_->apply(batch);
    window_->process(std::move(batch), out_);
    return take();
  }
  Lines watermark(int64_t ms) {
    window_->watermark(ms * 1000, out_);
    return take();
  }
  Lines clock(int64_t ms) {
    window_->clock(ms * 1000, out_);
    return take();
  }
  Lines end() {
    window_->end(out_);
    return take();
  }
  int64_t next_clock_ms() const { return window_->next_clock() / 1000; }
  OperatorStats stats() const { return window_->stats(); }

  // From now on everything goes through a snapshot and a new object after every call.
  void keep_snapshotting() { snapshotting_ = true; }

  std::unique_ptr<OperatorPlan> plan;
  Errors errors;

 private:
  struct Out : Emitter {
    Lines lines;
    void emit(Batch batch) override { add(batch, ""); }
    void emit_late(Batch batch) override { add(batch, "late "); }
    void advance(int64_t watermark) override {
      lines.push_back("@" + std::to_string(watermark / 1000));
    }
    void add(const Batch& batch, const std::string& prefix) {
      for (const auto& reject : batch.rejects)
        lines.push_back("bad " + reject.field + ": " + reject.reason);
      for (size_t i = 0; i < batch.rows; ++i) {
        std::string row;
        for (const auto& column : batch.columns)
          row += (row.empty() ? "" : "|") + (column ? cell(*column, i) : "-");
        const bool insert = batch.kinds.empty() || batch.kinds[i] == RowKind::kInsert;
        lines.push_back(prefix + (insert ? "" : std::string(row_kind_text(batch.kinds[i])) + " ") +
                        row);
      }
    }
  };

  Lines take() {
    if (snapshotting_) {
      SnapshotWriter writer;
      window_->snapshot(writer);
      window_ = plan->make_ordered(context_);
      SnapshotReader reader(writer.bytes());
      window_->restore(reader);
      CHECK(reader.ok());
      CHECK(reader.at_end());
    }
    Lines lines;
    for (auto& line : out_.lines) {
      // The watermark matters only where the test looks at it.
      if (line[0] != '@' || show_watermarks) lines.push_back(std::move(line));
    }
    out_.lines.clear();
    return lines;
  }

 public:
  bool show_watermarks = false;

 private:
  Schema schema_;
  OperatorContext context_;
  std::unique_ptr<Transform> transform_;
  std::unique_ptr<Ordered> window_;
  Out out_;
  uint64_t sequence_ = 0;
  bool snapshotting_ = false;
};

}  // namespace weir
