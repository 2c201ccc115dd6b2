#include "run/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <thread>

#include "base/units.h"
#include "run/graph.h"
#include "run/memory_budget.h"
#include "run/merge.h"
#include "run/reject_handler.h"
#include "run/stage.h"
#include "run/threads.h"

namespace weir {

namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// The source, for the first stage.
class SourceFeed : public PieceFeed {
 public:
  SourceFeed(const PlannedSource& planned, std::unique_ptr<Source> source)
      : planned_(planned), source_(std::move(source)) {}

  bool claim(Piece& piece) override {
    SourceItem item;
    if (!source_->claim(item)) return false;
    piece.error = std::move(item.error);
    if (item.batch) {
      piece.batch = std::move(*item.batch);
    } else {
      piece.block = std::move(item.block);
      piece.has_block = true;
    }
    return true;
  }
  void stop() override { source_->stop(); }
  const PlannedSource* source() const override { return &planned_; }
  void consumed(const BlockOrigin& block) override { source_->consumed(block); }
  Result<std::string> position() const override { return source_->position(); }
  uint64_t bytes_done() const { return source_->bytes_done(); }
  uint64_t bytes_total() const { return source_->bytes_total(); }

 private:
  const PlannedSource& planned_;
  std::unique_ptr<Source> source_;
};

// A collector's result, for the stages after it.
class ResultFeed : public PieceFeed {
 public:
  explicit ResultFeed(BatchSource& batches) : batches_(batches) {}
  bool claim(Piece& piece) override { return !stopped_ && batches_.claim(piece.batch); }
  void stop() override { stopped_ = true; }

 private:
  BatchSource& batches_;
  std::atomic<bool> stopped_{false};
};

// Watches the stop signal and the memory, and reports progress, a few times a second; tells the pass that
// runs that time goes by.
class Monitor {
 public:
  // `failure` gets the error of a run that needs too much memory; it may be read when the monitor has gone.
  Monitor(RunState& state, const std::vector<std::unique_ptr<SourceFeed>>& feeds,
          const RunOptions& options, std::optional<Error>& failure)
      : state_(state),
        feeds_(feeds),
        options_(options),
        ticks_(needs_ticks(state)),
        failure_(failure),
        budget_(memory_budget(state.plan.runtime.memory_limit)) {
    thread_ = std::thread([this] { loop(); });
  }
  ~Monitor() {
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  static bool needs_ticks(const RunState& state) {
    for (const auto& source : state.plan.sources)
      if (source.idle_timeout_us) return true;
    return state.graph.uses_clock();
  }

  void loop() {
    take_role("weir-monitor", -1);
    const auto start = SteadyClock::now();
    auto reported = start;
    const auto period = std::chrono::milliseconds(ticks_ ? 10 : 50);
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, period, [&] { return done_; })) {
      if (options_.stop_signal != nullptr && options_.stop_signal->load() != 0 && !state_.stopping)
        stop();
      if (!failure_ && used_memory() > budget_) {
        failure_ = over_budget();
        stop();
      }
      if (ticks_) {
        std::lock_guard tick_lock(state_.tick_mutex);
        if (state_.tick) state_.tick();
      }
      if (options_.progress && SteadyClock::now() - reported >= std::chrono::milliseconds(250)) {
        reported = SteadyClock::now();
        options_.progress(progress(seconds_since(start)));
      }
    }
  }

  Error over_budget() const {
    return {ErrorKind::kDiskFull,
            "the run needs more memory than " + format_byte_size(budget_),
            {},
            "raise runtime.memory_limit, or let fewer keys or rows be kept",
            {}};
  }

  void stop() {
    state_.stopping = true;
    for (const auto& feed : feeds_) feed->stop();
  }

  RunProgress progress(double seconds) const {
    RunProgress p{state_.records.load(std::memory_order_relaxed), 0, 0, seconds};
    bool known = true;
    for (const auto& feed : feeds_) {
      p.bytes_done += feed->bytes_done();
      p.bytes_total += feed->bytes_total();
      known = known && feed->bytes_total() > 0;
    }
    if (!known) p.bytes_total = 0;
    return p;
  }

  RunState& state_;
  const std::vector<std::unique_ptr<SourceFeed>>& feeds_;
  const RunOptions& options_;
  const bool ticks_;
  std::optional<Error>& failure_;
  const uint64_t budget_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

std::string counted(uint64_t n, const char* what) {
  return fmt::format("{} {}{}", format_count(n), what, n == 1 ? "" : "s");
}

// Why a step gave nothing of the rows it got.
std::string explain_step(const StepStats& step, bool interrupted) {
  const OperatorStats& s = step.operator_stats;
  const std::string rows = counted(step.rows_in, "row");
  if (s.late > 0 && s.late >= step.rows_in)
    return fmt::format("no output: all {} that reached {} were late, the first by {}", rows,
                       step.label, format_duration({std::max<int64_t>(s.first_late_by_us, 0)}));
  if (interrupted && s.open > 0)
    return fmt::format("no output: {} still open in {} when the run was stopped",
                       counted(s.open, "window") + (s.open == 1 ? " was" : " were"), step.label);
  if (s.fired > 0)
    return fmt::format("no output: `having` dropped all results of the {} that {} fired",
                       counted(s.fired, "window"), step.label);
  if (s.late > 0)
    return fmt::format("no output: {} of {} that reached {} were late", format_count(s.late), rows,
                       step.label);
  return fmt::format("no output: none of the {} that reached {} passed it", rows, step.label);
}

// Says in one sentence why nothing came out.
std::string explain_silence(const RunStats& stats, bool interrupted, bool goes_on) {
  if (stats.rows_out > 0) return {};
  if (stats.records_in == 0 && goes_on) return "no output: nothing new in the input";
  if (stats.records_in == 0)
    return interrupted ? "no output: no record had come" : "no output: the input holds no records";
  if (stats.bad == stats.records_in) return "no output: every record was bad";
  for (const auto& step : stats.steps) {
    if (step.rows_in == 0 || step.rows_out > 0) continue;
    if (goes_on && step.operator_stats.open > 0)
      return fmt::format("no output yet: {} open in {}; later input closes them, or --drain",
                         counted(step.operator_stats.open, "window") +
                             (step.operator_stats.open == 1 ? " is" : " are"),
                         step.label);
    std::string why = explain_step(step, interrupted);
    if (interrupted && step.operator_stats.open > 0) {
      for (const auto& source : stats.sources)
        if (source.holds_back) why += fmt::format("; `{}` holds the watermark back", source.name);
    }
    return why;
  }
  return {};
}

// The source whose watermark is behind those of the others.
void mark_holder(std::vector<SourceStats>& sources) {
  SourceStats* slowest = nullptr;
  bool differ = false;
  for (auto& source : sources) {
    if (!source.has_event_time || source.idle) continue;
    if (slowest != nullptr) differ = differ || source.watermark != slowest->watermark;
    if (slowest == nullptr || source.watermark < slowest->watermark) slowest = &source;
  }
  if (differ) slowest->holds_back = true;
}

MergeOrder merge_order(const Plan& plan) {
  if (plan.streaming) return MergeOrder::kAsItComes;
  for (const auto& source : plan.sources)
    if (!source.has_event_time) return MergeOrder::kOneAfterTheOther;
  return MergeOrder::kByTime;
}

// Threads for an input of a few blocks cost more than they give; sources that are waited for take one each.
int workers_for(const Plan& plan, const std::vector<std::unique_ptr<SourceFeed>>& feeds,
                size_t block_bytes) {
  uint64_t total = 0;
  for (const auto& feed : feeds) {
    if (feed->bytes_total() == 0) {
      const int waiting = feeds.size() > 1 ? static_cast<int>(feeds.size()) + 1 : 1;
      return std::max(plan.workers, waiting);
    }
    total += feed->bytes_total();
  }
  return static_cast<int>(
      std::min<uint64_t>(static_cast<uint64_t>(plan.workers), total / block_bytes + 1));
}

void run_stages(RunState& state, std::vector<std::unique_ptr<SourceFeed>>& feeds,
                size_t block_bytes) {
  const Plan& plan = state.plan;
  std::vector<StageLane> lanes;
  for (size_t s = 0; s < feeds.size(); ++s)
    lanes.push_back({lay_out_lane(plan, {PlanNode::Kind::kSource, s}), feeds[s].get()});
  run_stage(state, std::move(lanes), merge_order(plan), workers_for(plan, feeds, block_bytes));

  while (!state.error && !state.stopping) {
    const std::vector<Graph::Collected> collected = state.graph.take_collected();
    if (collected.empty()) return;
    std::vector<std::unique_ptr<ResultFeed>> results;
    lanes.clear();
    for (const auto& c : collected) {
      results.push_back(std::make_unique<ResultFeed>(*c.result));
      lanes.push_back({lay_out_lane(plan, {PlanNode::Kind::kStep, c.step}), results.back().get()});
    }
    run_stage(state, std::move(lanes), MergeOrder::kOneAfterTheOther, plan.workers);
  }
}

OperatorContext operator_context(const Plan& plan) {
  OperatorContext context;
  context.zone = plan.zone;
  context.now_us = plan.now_us;
  context.fail_fast = !plan.errors.skip && plan.dead_letter == nullptr;
  context.wrap_overflow = plan.runtime.overflow == "wrap";
  context.streaming = plan.streaming;
  context.workers = plan.workers;
  return context;
}

Result<std::unique_ptr<Source>> open_source(const Plan& plan, size_t index,
                                            const FeedOptions& feed_options,
                                            const Checkpointer* checkpointer,
                                            const RunOptions& options) {
  const PlannedSource& planned = plan.sources[index];
  if (checkpointer == nullptr) return planned.source->open(feed_options);
  std::vector<std::string> warnings;
  auto source =
      planned.source->resume(feed_options, checkpointer->find("source " + planned.name), warnings);
  if (options.message)
    for (const auto& warning : warnings) options.message("weir: warning: " + warning);
  return source;
}

// With checkpoints the first of them stands before the first block and before any output is touched: from
// then on every output is known.
Result<void> open_outputs(RunState& state, const std::vector<std::unique_ptr<SourceFeed>>& feeds) {
  Checkpointer* checkpointer = state.checkpointer;
  if (checkpointer == nullptr) {
    if (auto r = state.graph.open(); !r) return r;
    return state.rejects.open();
  }
  CheckpointFile first;
  if (auto r = state.graph.find_places(checkpointer->last(), first); !r) return r;
  auto place = state.rejects.find(checkpointer->find("dead_letter"));
  if (!place) return fail(place.error());
  if (checkpointer->last() == nullptr) {
    first.sections.emplace_back("dead_letter", std::move(*place));
    state.graph.snapshot(first);
    for (const auto& feed : feeds) {
      auto position = feed->position();
      if (!position) return fail(position.error());
      first.sections.emplace_back("source " + feed->source()->name, std::move(*position));
    }
    if (auto r = checkpointer->save(std::move(first), state.options.clock->now_us()); !r) return r;
  }
  if (auto r = state.graph.resume(); !r) return r;
  return state.rejects.resume();
}

// The last of a run: outputs appear under their names, or are taken back.
void close_outputs(RunState& state, int signal) {
  // With checkpoints everything up to the last of them stays, whatever ended the run.
  if (state.checkpointer != nullptr && !state.error) {
    if (auto r = state.graph.close(); !r) state.error = r.error();
    if (auto r = state.rejects.close(); !r && !state.error) state.error = r.error();
    return;
  }
  if (!state.error && signal == 0) {
    if (auto r = state.graph.commit(); !r) state.error = r.error();
  }
  if (!state.error && signal == 0) {
    if (auto r = state.rejects.commit(); !r) state.error = r.error();
  }
  if (!state.error && signal == 0) return;
  // Rows that precede a bad record are delivered where the sink cannot take them back anyway.
  if (!state.graph.closed_pipe()) {
    if (auto r = state.graph.flush(); !r && !state.error) state.error = r.error();
  }
  state.graph.abort();
  state.rejects.abort();
}

}  // namespace

RunResult run_plan(const Plan& plan, const RunOptions& options) {
  const auto start = SteadyClock::now();
  RunResult result;
  RejectHandler rejects(plan, options.message);
  OperatorContext context = operator_context(plan);
  context.clock = options.clock;
  Graph graph(plan, context, *options.clock, rejects);
  RunState state{.plan = plan,
                 .options = options,
                 .operators = context,
                 .cores = usable_cores(),
                 .tick_mutex = {},
                 .tick = {},
                 .graph = graph,
                 .rejects = rejects,
                 .error = {},
                 .sources = {},
                 .steps = {}};
  for (const auto& source : plan.sources) {
    SourceStats stats;
    stats.name = source.name;
    stats.has_event_time = source.has_event_time;
    state.sources.push_back(std::move(stats));
  }
  for (const auto& step : plan.steps) {
    StepStats stats;
    stats.label = step.label;
    state.steps.push_back(std::move(stats));
  }

  const auto finish = [&](std::optional<Error> error) {
    graph.add_stats(state.steps);
    RunStats& stats = result.stats;
    stats.records_in = state.records_in;
    stats.bytes_in = state.bytes_in;
    stats.rows_out = graph.rows_out();
    stats.bytes_out = graph.bytes_out();
    for (const auto& step : state.steps) stats.late += step.operator_stats.late;
    stats.bad = rejects.count();
    stats.sources = state.sources;
    mark_holder(stats.sources);
    stats.steps = state.steps;
    stats.seconds = seconds_since(start);
    if (error) {
      result.exit_code = graph.closed_pipe() ? 141 : exit_code(error->kind);
      if (!graph.closed_pipe()) result.error = std::move(error);
    } else if (plan.errors.strict && rejects.count() > 0) {
      result.exit_code = exit_code(ErrorKind::kData);
    }
    return result;
  };

  std::unique_ptr<Checkpointer> checkpointer;
  if (plan.checkpoint) {
    auto opened = Checkpointer::open(plan, options.fresh);
    if (!opened) return finish(opened.error());
    checkpointer = std::move(*opened);
    state.checkpointer = checkpointer.get();
    for (const auto& warning : checkpointer->warnings())
      if (options.message) options.message("weir: warning: " + warning);
  }
  // The input first: a missing file must not leave an output behind.
  std::vector<std::unique_ptr<SourceFeed>> feeds;
  FeedOptions feed_options;
  if (plan.runtime.block_size.bytes > 0) feed_options.block_bytes = plan.runtime.block_size.bytes;
  feed_options.hold_partial = plan.checkpoint && !options.drain;
  for (size_t s = 0; s < plan.sources.size(); ++s) {
    feed_options.source = static_cast<uint32_t>(s);
    auto source = open_source(plan, s, feed_options, checkpointer.get(), options);
    if (!source) return finish(source.error());
    feeds.push_back(std::make_unique<SourceFeed>(plan.sources[s], std::move(*source)));
  }
  auto opened = open_outputs(state, feeds);
  if (!opened) {
    graph.abort();
    return finish(opened.error());
  }

  std::optional<Error> over_budget;
  {
    Monitor monitor(state, feeds, options, over_budget);
    run_stages(state, feeds, feed_options.block_bytes);
  }
  if (over_budget && !state.error) state.error = std::move(over_budget);
  const int signal = options.stop_signal != nullptr ? options.stop_signal->load() : 0;
  close_outputs(state, signal);
  finish(std::move(state.error));
  if (signal != 0 && !result.error) result.exit_code = 128 + signal;
  if (!result.error)
    result.stats.silence =
        explain_silence(result.stats, signal != 0, plan.checkpoint && !options.drain);
  return result;
}

}  // namespace weir
