#include "run/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <new>
#include <thread>

#include "base/units.h"
#include "io/metrics_server.h"
#include "run/graph.h"
#include "run/memory_budget.h"
#include "run/merge.h"
#include "run/metrics.h"
#include "run/reject_handler.h"
#include "run/run_stats.h"
#include "run/stage.h"
#include "run/threads.h"
#include "state/spill.h"

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
  std::vector<uint32_t> awaited() const override { return source_->awaited(); }
  uint64_t bytes_done() const { return source_->bytes_done(); }
  uint64_t bytes_total() const { return source_->bytes_total(); }
  std::string summary() const { return source_->summary(); }
  std::string warning() const { return source_->warning(); }

 private:
  const PlannedSource& planned_;
  std::unique_ptr<Source> source_;
};

// A collector's result, for the stages after it.
class ResultFeed : public PieceFeed {
 public:
  explicit ResultFeed(std::unique_ptr<BatchSource> batches) : batches_(std::move(batches)) {}
  bool claim(Piece& piece) override { return !stopped_ && batches_->claim(piece.batch); }
  void stop() override { stopped_ = true; }

 private:
  const std::unique_ptr<BatchSource> batches_;
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
        clock_(uses_clock(state)),
        ticks_(clock_ || (state.plan.streaming && state.checkpointer != nullptr)),
        failure_(failure),
        budget_(memory_budget(state.plan.runtime.memory_limit)) {
    thread_ = std::thread([this] { watch(); });
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
  static bool uses_clock(const RunState& state) {
    if (state.board != nullptr) return true;
    for (const auto& source : state.plan.sources)
      if (source.idle_timeout_us) return true;
    return state.graph.uses_clock();
  }

  void watch() {
    try {
      loop();
    } catch (const std::bad_alloc&) {
      if (!failure_) failure_ = Error{ErrorKind::kDiskFull, "out of memory", {}, {}, {}};
      stop();
    }
  }

  void loop() {
    take_role("weir-monitor", -1);
    const auto start = SteadyClock::now();
    auto reported = start;
    const auto period = std::chrono::milliseconds(clock_ ? 10 : 50);
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, period, [&] { return done_; })) {
      if (options_.stop_signal != nullptr && options_.stop_signal->load() != 0) interrupt();
      look_at_requests();
      if (!failure_ && needs_too_much()) {
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

  // What was freed and is only kept by the allocator does not count: it is given back first.
  bool needs_too_much() const {
    if (used_memory() <= budget_) return false;
    give_back_free_memory();
    return used_memory() > budget_;
  }

  Error over_budget() const {
    return {
        ErrorKind::kDiskFull,
        "the run needs more memory than " + format_byte_size(budget_),
        {},
        state_.plan.runtime.spill
            ? "raise runtime.memory_limit, or let fewer keys or rows be kept"
            : "raise runtime.memory_limit, let fewer keys or rows be kept, or let state go to the "
              "disk: runtime.spill = true",
        {}};
  }

  void stop() {
    state_.stopping = true;
    for (const auto& feed : feeds_) feed->stop();
  }

  // What has been read is finished; a result that is given out is not worth it.
  void interrupt() {
    if (!state_.reading) state_.stopping = true;
    if (state_.interrupted.exchange(true)) return;
    for (const auto& feed : feeds_) feed->stop();
  }

  // Usually the ordered stage sees requests by itself; here for a run that waits for input.
  void look_at_requests() {
    const auto count = [](const std::atomic<unsigned>* requests) {
      return requests != nullptr ? requests->load() : 0;
    };
    const unsigned asked = count(options_.reopen_requests) + count(options_.statistics_requests);
    if (asked == asked_before_) return;
    asked_before_ = asked;
    if (count(options_.reopen_requests) > 0 && !state_.graph.can_reopen() &&
        !state_.rejects.can_reopen()) {
      state_.hung_up = true;
      interrupt();
    }
    const std::lock_guard tick_lock(state_.tick_mutex);
    if (state_.tick) state_.tick();
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
  const bool clock_;  // something goes by processing time
  const bool ticks_;
  std::optional<Error>& failure_;
  const uint64_t budget_;
  unsigned asked_before_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

MergeOrder merge_order(const Plan& plan) {
  for (const auto& source : plan.sources)
    if (!source.source->bounded()) return MergeOrder::kAsItComes;
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

// The lanes that can go now, taken out of `waiting`: what collectors give goes before the sources, because
// only sources are merged by time. Tables before all: the checkpoints begin behind them.
std::vector<StageLane> take_ready(const Plan& plan, const Graph& graph,
                                  std::vector<StageLane>& waiting) {
  enum class Rank { kTable, kResult, kSource };
  const auto rank_of = [&](PlanNode origin) {
    if (origin.kind == PlanNode::Kind::kStep) return Rank::kResult;
    return plan.sources[origin.index].is_table ? Rank::kTable : Rank::kSource;
  };
  std::vector<StageLane> ready;
  for (const auto rank : {Rank::kTable, Rank::kResult, Rank::kSource}) {
    std::vector<StageLane> others;
    for (auto& lane : waiting) {
      const PlanNode origin = lane.lane.origin;
      (rank_of(origin) == rank && graph.ready(origin) ? ready : others).push_back(std::move(lane));
    }
    waiting = std::move(others);
    if (!ready.empty()) break;
  }
  return ready;
}

void run_stages(RunState& state, std::vector<std::unique_ptr<SourceFeed>>& feeds,
                size_t block_bytes) {
  const Plan& plan = state.plan;
  std::vector<StageLane> waiting;
  std::vector<std::unique_ptr<ResultFeed>> results;
  for (size_t s = 0; s < feeds.size(); ++s)
    waiting.push_back({lay_out_lane(plan, {PlanNode::Kind::kSource, s}), feeds[s].get()});
  bool gave_results = false;
  while (!state.error && !state.stopping && !state.interrupted) {
    for (auto& c : state.graph.take_collected()) {
      results.push_back(std::make_unique<ResultFeed>(std::move(c.result)));
      waiting.push_back({lay_out_lane(plan, {PlanNode::Kind::kStep, c.step}), results.back().get(),
                         c.first_sequence});
    }
    std::vector<StageLane> lanes = take_ready(plan, state.graph, waiting);
    if (lanes.empty()) break;
    const bool sources = lanes[0].lane.origin.kind == PlanNode::Kind::kSource;
    state.reading = sources;
    gave_results = gave_results || !sources;
    const int workers = sources ? workers_for(plan, feeds, block_bytes) : plan.workers;
    run_stage(state, std::move(lanes), sources ? merge_order(plan) : MergeOrder::kOneAfterTheOther,
              workers);
    if (!sources)  // their memory is not needed any more
      std::erase_if(results, [&](const auto& feed) {
        return std::none_of(waiting.begin(), waiting.end(),
                            [&](const StageLane& lane) { return lane.feed == feed.get(); });
      });
  }
  WEIR_CHECK(waiting.empty() || state.error || state.stopping || state.interrupted);
  if (!gave_results || state.checkpointer == nullptr || state.error || state.stopping ||
      state.interrupted)
    return;
  if (auto r = save_checkpoint(state, true); !r) state.error = r.error();
}

// A quarter of a core's second-level cache: there a block is read, decoded and evaluated. Against blocks of 128 KiB
// in 2 MiB of it 4 to 11 % less time for logs, JSON and sessions.
size_t usual_block_bytes() {
  const long cache = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
  return std::clamp(static_cast<size_t>(std::max(cache, 0L)) / 4, size_t{128} << 10,
                    size_t{512} << 10);
}

OperatorContext operator_context(const Plan& plan) {
  OperatorContext context;
  context.zone = plan.zone;
  context.now_us = plan.now_us;
  context.fail_fast = !plan.errors.skip && plan.dead_letter == nullptr;
  context.wrap_overflow = plan.runtime.overflow == "wrap";
  context.streaming = plan.streaming;
  context.workers = plan.workers;
  context.checkpointed = plan.checkpoint.has_value();
  // A third for state: the rest is for blocks on their way, and for the disk's own buffers.
  const auto keeping = std::count_if(plan.steps.begin(), plan.steps.end(), [](const auto& step) {
    return step.op->placement() != Placement::kTransform || step.op->builds();
  });
  context.state_limit_bytes = memory_budget(plan.runtime.memory_limit) / 3 /
                              static_cast<uint64_t>(std::max<ptrdiff_t>(keeping, 1));
  if (plan.runtime.state_limit.bytes > 0)
    context.state_limit_bytes = plan.runtime.state_limit.bytes;
  if (plan.runtime.spill) {
    const char* const folder = std::getenv("TMPDIR");
    context.spill = std::make_shared<SpillSpace>(plan.checkpoint     ? plan.checkpoint->dir
                                                 : folder != nullptr ? folder
                                                                     : "/tmp");
  }
  return context;
}

Result<std::unique_ptr<Source>> open_source(const Plan& plan, size_t index,
                                            const FeedOptions& feed_options,
                                            const Checkpointer* checkpointer,
                                            const RunOptions& options) {
  const PlannedSource& planned = plan.sources[index];
  if (checkpointer == nullptr) return planned.source->open(feed_options);
  if (planned.is_table) {
    FeedOptions whole = feed_options;
    whole.hold_partial = false;
    return planned.source->open(whole);
  }
  std::vector<std::string> warnings;
  const auto position = checkpointer->find("source " + planned.name);
  auto source = planned.source->resume(feed_options, position ? &*position : nullptr, warnings);
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
  const bool fresh = state.options.fresh;
  if (auto r = state.graph.find_places(checkpointer->last(), first, fresh); !r) return r;
  const auto known = checkpointer->find("dead_letter");
  auto place = state.rejects.find(known ? &*known : nullptr, fresh);
  if (!place) return fail(place.error());
  if (checkpointer->last() == nullptr) {
    first.add("dead_letter", std::move(*place));
    for (const auto& feed : feeds) {
      if (feed->source()->is_table) continue;
      auto position = feed->position();
      if (!position) return fail(position.error());
      first.add("source " + feed->source()->name, std::move(*position));
    }
    if (auto r = checkpointer->save(std::move(first), state.graph.snapshot(),
                                    state.options.clock->now_us());
        !r)
      return r;
  }
  if (auto r = state.rejects.resume(); !r) return r;  // takes what a sink refuses when it goes on
  if (auto r = state.graph.resume(); !r) return r;
  if (!state.graph.moved() && !state.rejects.moved()) return {};
  // An output was rotated away: the file that took its place is known before anything is in it.
  CheckpointFile moved = *checkpointer->last();
  CheckpointFile places;
  if (auto r = state.graph.checkpoint(places, nullptr); !r) return r;
  auto rejects = state.rejects.checkpoint(nullptr);
  if (!rejects) return fail(rejects.error());
  places.add("dead_letter", std::move(*rejects));
  for (const auto& place_now : places.sections)
    moved.replace(place_now.name, std::string(place_now.bytes));
  return checkpointer->save(
      std::move(moved), [](CheckpointWriter&) {}, state.options.clock->now_us());
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

RunStats current_stats(const RunState& state) {
  RunStats stats;
  stats.steps = state.steps;
  state.graph.add_stats(stats.steps);
  stats.records_in = state.records_in;
  stats.bytes_in = state.bytes_in;
  stats.rows_out = state.graph.rows_out();
  stats.bytes_out = state.graph.bytes_out();
  for (const auto& step : stats.steps) stats.late += step.operator_stats.late;
  stats.bad = state.rejects.count();
  stats.sources = state.sources;
  mark_holder(stats.sources);
  stats.seconds = seconds_since(state.started);
  return stats;
}

RunResult run_plan(const Plan& plan, const RunOptions& options) {
  const auto start = SteadyClock::now();
  RunResult result;
  RejectHandler rejects(plan, options.message);
  OperatorContext context = operator_context(plan);
  if (options.state_limit_bytes) context.state_limit_bytes = *options.state_limit_bytes;
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
                 .started = start,
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
    result.stats = current_stats(state);
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
    auto opened = Checkpointer::open(plan, options);
    if (!opened) return finish(opened.error());
    checkpointer = std::move(*opened);
    state.checkpointer = checkpointer.get();
    for (const auto& warning : checkpointer->warnings())
      if (options.message) options.message("weir: warning: " + warning);
  }
  MetricsBoard board;
  std::unique_ptr<MetricsServer> metrics;
  if (!options.metrics.empty()) {
    auto server = serve_metrics(options.metrics, [&board] { return board.text(); });
    if (!server) return finish(server.error());
    metrics = std::move(*server);
    state.board = &board;
    if (options.message)
      options.message("weir: metrics at port " + std::to_string(metrics->port()));
  }
  // The input first: a missing file must not leave an output behind.
  std::vector<std::unique_ptr<SourceFeed>> feeds;
  FeedOptions feed_options;
  feed_options.block_bytes =
      plan.runtime.block_size.bytes > 0 ? plan.runtime.block_size.bytes : usual_block_bytes();
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
  for (size_t s = 0; s < feeds.size(); ++s) state.sources[s].summary = feeds[s]->summary();
  for (const auto& feed : feeds) {
    const std::string warning = feed->warning();
    if (!warning.empty() && options.message) options.message("weir: warning: " + warning);
  }
  if (over_budget && !state.error) state.error = std::move(over_budget);
  int signal = options.stop_signal != nullptr ? options.stop_signal->load() : 0;
  if (signal == 0 && state.hung_up) signal = SIGHUP;
  close_outputs(state, signal);
  finish(std::move(state.error));
  // Being stopped is how a run with checkpoints ends in good order.
  if (signal != 0 && !result.error)
    result.exit_code = checkpointer && signal != SIGINT ? 0 : 128 + signal;
  if (!result.error)
    result.stats.silence =
        explain_silence(result.stats, signal != 0, plan.checkpoint && !options.drain);
  return result;
}

}  // namespace weir
