#include "run/graph.h"

#include <catch2/catch.hpp>
#include <string>

#include "plan/plan.h"

namespace weir {

namespace {

// What the last step of a plan was told, in order: "w5 r1@4 c7 end".
struct Notes {
  std::string text;
  int64_t next_clock = kMaxTime;
  bool done = false;
  void add(const std::string& word) { text += (text.empty() ? "" : " ") + word; }
  std::string take() {
    std::string t;
    t.swap(text);
    return t;
  }
};

class Recorder : public Ordered {
 public:
  explicit Recorder(Notes& notes) : notes_(notes) {}
  void process(Batch batch, Emitter& out) override { process_input(0, std::move(batch), out); }
  void process_input(size_t input, Batch batch, Emitter& out) override {
    std::string word = "r" + std::to_string(input);
    for (size_t i = 0; i < batch.rows; ++i) {
      const int64_t w = batch.watermark_at(i);
      word += "@" + (w == kMinTime ? std::string("-") : std::to_string(w));
    }
    notes_.add(word);
    out.emit(std::move(batch));
  }
  void watermark(int64_t watermark, Emitter&) override {
    notes_.add("w" + std::to_string(watermark));
  }
  void end_input(size_t input, Emitter&) override { notes_.add("end" + std::to_string(input)); }
  void end(Emitter&) override { notes_.add("end"); }
  void clock(int64_t now_us, Emitter&) override { notes_.add("c" + std::to_string(now_us)); }
  int64_t next_clock() const override { return notes_.next_clock; }
  bool done() const override { return notes_.done; }

 private:
  Notes& notes_;
};

class RecorderPlan : public OperatorPlan {
 public:
  RecorderPlan(Notes& notes, bool clock)
      : OperatorPlan("note", {}, {}), notes_(notes), clock_(clock) {}
  Placement placement() const override { return Placement::kOrdered; }
  std::vector<bool> columns_needed(const std::vector<bool>& needed) const override {
    return needed;
  }
  std::string explain() const override { return "note"; }
  bool uses_clock() const override { return clock_; }
  std::unique_ptr<Ordered> make_ordered(const OperatorContext&) const override {
    return std::make_unique<Recorder>(notes_);
  }

 private:
  Notes& notes_;
  bool clock_;
};

class FixedClock : public Clock {
 public:
  int64_t now = 100;
  int64_t now_us() const override { return now; }
};

PlanNode source(size_t i) { return {PlanNode::Kind::kSource, i}; }
PlanNode step(size_t i) { return {PlanNode::Kind::kStep, i}; }

// Two sources into one step, and that into another.
struct Two {
  explicit Two(bool clock = false, bool sink = false) {
    plan.sources.resize(2);
    plan.steps.push_back(
        {"both", std::make_unique<RecorderPlan>(both, clock), {source(0), source(1)}});
    plan.steps.push_back({"after", std::make_unique<RecorderPlan>(after, false), {step(0)}});
    if (sink) plan.sinks.push_back({"sink", nullptr, {}, step(1)});
    graph.emplace(plan, OperatorContext{}, time, rejects);
    for (size_t s = 0; s < 2; ++s) lanes.push_back(lay_out_lane(plan, source(s)));
  }
  // A batch of a lane with one row, at `watermark` so far and the block's largest time `max`.
  void take(size_t lane, int64_t watermark, int64_t max) {
    Batch batch;
    batch.rows = 1;
    batch.event_time.push_back(max);
    batch.running_max.push_back(max);
    batch.watermark = watermark;
    batch.watermark_delay = 1;
    graph->take(lanes[lane], std::move(batch), nullptr, false);
  }

  Plan plan;
  Notes both;
  Notes after;
  FixedClock time;
  RejectHandler rejects{plan, {}};
  std::optional<Graph> graph;
  std::vector<Lane> lanes;
};

}  // namespace

TEST_CASE("the watermark of a step is the smallest of its inputs', and goes on to the next") {
  Two two;
  two.graph->advance(two.lanes[0], 10);
  CHECK(two.both.take().empty());
  two.graph->advance(two.lanes[1], 5);
  CHECK(two.both.take() == "w5");
  CHECK(two.after.take() == "w5");
  two.graph->advance(two.lanes[1], 30);
  CHECK(two.both.take() == "w10");
  two.graph->end(two.lanes[0]);
  CHECK(two.both.take() == "end0 w30");
  CHECK(two.after.take() == "w10 w30");
  two.graph->end(two.lanes[1]);
  CHECK(two.both.take() == "end1 end");
  CHECK(two.after.take() == "end");
}

TEST_CASE("a row's watermark is held back by the other input") {
  Two two;
  two.take(0, 9, 50);  // nothing is known of the other input yet
  CHECK(two.both.take() == "r0@-");
  two.graph->advance(two.lanes[0], 49);
  two.graph->advance(two.lanes[1], 20);
  two.take(1, 20, 31);  // its own block takes it to 30, and the other input stands at 49
  CHECK(two.both.take() == "w20 r1@30");
  two.take(1, 20, 90);
  CHECK(two.both.take() == "r1@49");
}

TEST_CASE("idle inputs do not count, and one that comes back has to catch up") {
  Two two;
  two.graph->advance(two.lanes[0], 10);
  two.graph->advance(two.lanes[1], 5);
  CHECK(two.both.take() == "w5");
  two.graph->set_idle(two.lanes[1], true);
  CHECK(two.both.take() == "w10");
  two.graph->advance(two.lanes[0], 20);
  CHECK(two.both.take() == "w20");
  two.graph->set_idle(two.lanes[1], false);
  two.graph->advance(two.lanes[1], 7);
  two.graph->advance(two.lanes[0], 30);  // lane 1, at 7, is not back among them
  CHECK(two.both.take() == "w30");
  two.graph->advance(two.lanes[1], 35);
  two.graph->advance(two.lanes[0], 40);
  CHECK(two.both.take() == "w35");
  two.graph->set_idle(two.lanes[0], true);
  two.graph->set_idle(two.lanes[1], true);
  CHECK(two.both.take() == "w40");  // all are idle: as far as any has come
}

TEST_CASE("the clock is told before every batch, and when it is due") {
  Two two(true);
  two.take(0, 1, 2);
  CHECK(two.both.take() == "c100 r0@-");
  two.both.next_clock = 200;
  CHECK(two.graph->next_clock() == 200);
  two.graph->tick(150);
  CHECK(two.both.take().empty());
  two.graph->tick(250);
  CHECK(two.both.take() == "c250");
}

TEST_CASE("a lane is satisfied when all that reads it is done") {
  Two two(false, true);
  CHECK_FALSE(two.graph->satisfied(two.lanes[0]));
  two.after.done = true;
  CHECK(two.graph->satisfied(two.lanes[0]));
}

}  // namespace weir
