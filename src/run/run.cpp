#include "run/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <thread>

#include "run/output.h"
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

// Watches the stop signal and reports progress, a few times a second.
class Monitor {
 public:
  Monitor(RunState& state, SourceFeed& feed, const RunOptions& options)
      : state_(state), feed_(feed), options_(options) {
    if (options.stop_signal != nullptr || options.progress)
      thread_ = std::thread([this] { loop(); });
  }
  ~Monitor() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void loop() {
    take_role("weir-monitor", -1);
    const auto start = SteadyClock::now();
    auto reported = start;
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, std::chrono::milliseconds(50), [&] { return done_; })) {
      if (options_.stop_signal != nullptr && options_.stop_signal->load() != 0 &&
          !state_.stopping) {
        state_.stopping = true;
        feed_.stop();
      }
      if (options_.progress && SteadyClock::now() - reported >= std::chrono::milliseconds(250)) {
        reported = SteadyClock::now();
        options_.progress({state_.records.load(std::memory_order_relaxed), feed_.bytes_done(),
                           feed_.bytes_total(), seconds_since(start)});
      }
    }
  }

  RunState& state_;
  SourceFeed& feed_;
  const RunOptions& options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

// Says in one sentence why nothing came out.
std::string explain_silence(const RunStats& stats) {
  if (stats.rows_out > 0) return {};
  if (stats.records_in == 0) return "no output: the input holds no records";
  if (stats.bad == stats.records_in) return "no output: every record was bad";
  for (const auto& step : stats.steps) {
    if (step.rows_in > 0 && step.rows_out == 0) {
      if (stats.late > 0)
        return fmt::format("no output: {} of {} rows that reached {} were late", stats.late,
                           step.rows_in, step.label);
      return fmt::format("no output: none of the {} rows that reached {} passed it", step.rows_in,
                         step.label);
    }
  }
  return {};
}

}  // namespace

RunResult run_plan(const Plan& plan, const RunOptions& options) {
  const auto start = SteadyClock::now();
  RunResult result;
  Output output(plan);
  RejectHandler rejects(plan, options.message);

  RunState state{.plan = plan,
                 .options = options,
                 .operators = {},
                 .cores = usable_cores(),
                 .output = output,
                 .rejects = rejects,
                 .error = {},
                 .steps = {}};
  state.operators.zone = plan.zone;
  state.operators.now_us = plan.now_us;
  state.operators.fail_fast = !plan.errors.skip && plan.dead_letter == nullptr;
  state.operators.wrap_overflow = plan.runtime.overflow == "wrap";
  state.operators.streaming = plan.streaming;
  state.operators.workers = plan.workers;
  for (const auto& step : plan.steps) state.steps.push_back({step.label, 0, 0});

  const auto finish = [&](std::optional<Error> error) {
    result.stats.records_in = state.records_in;
    result.stats.bytes_in = state.bytes_in;
    result.stats.rows_out = output.rows();
    result.stats.bytes_out = output.bytes();
    result.stats.late = state.late;
    result.stats.bad = rejects.count();
    result.stats.steps = state.steps;
    result.stats.seconds = seconds_since(start);
    if (error) {
      result.exit_code = state.closed_pipe ? 141 : exit_code(error->kind);
      if (!state.closed_pipe) result.error = std::move(error);
    } else if (plan.errors.strict && rejects.count() > 0) {
      result.exit_code = exit_code(ErrorKind::kData);
    }
    return result;
  };

  // The input first: a missing file must not leave an output behind.
  const PlannedSource& planned = plan.sources.front();
  FeedOptions feed_options;
  if (plan.runtime.block_size.bytes > 0) feed_options.block_bytes = plan.runtime.block_size.bytes;
  auto source = planned.source->open(feed_options);
  if (!source) return finish(source.error());
  if (auto r = output.open(); !r) {
    if (output.closed_pipe()) state.closed_pipe = true;
    return finish(r.error());
  }
  if (auto r = rejects.open(); !r) {
    output.abort();
    return finish(r.error());
  }

  SourceFeed feed(planned, std::move(*source));
  {
    Monitor monitor(state, feed, options);
    StageLayout layout = lay_out_stage(plan, 0);
    // Threads for an input of a few blocks cost more than they give.
    int workers = plan.workers;
    if (const uint64_t total = feed.bytes_total(); total > 0) {
      const uint64_t blocks = total / feed_options.block_bytes + 1;
      workers = static_cast<int>(std::min<uint64_t>(static_cast<uint64_t>(workers), blocks));
    }
    auto batches = run_stage(state, layout, feed, workers);
    while (layout.collects && batches != nullptr && !state.error && !state.stopping) {
      ResultFeed results(*batches);
      layout = lay_out_stage(plan, layout.end + 1);
      auto next = run_stage(state, layout, results, plan.workers);
      batches = std::move(next);
    }
  }
  // Rows out of a collector are those that the next step, or the sink, got.
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    if (plan.steps[i].op->placement() == Placement::kCollector)
      state.steps[i].rows_out =
          i + 1 < plan.steps.size() ? state.steps[i + 1].rows_in : output.rows();
  }

  const int signal = options.stop_signal != nullptr ? options.stop_signal->load() : 0;
  if (!state.error && signal == 0) {
    if (auto r = output.commit(); !r) {
      if (output.closed_pipe()) state.closed_pipe = true;
      state.error = r.error();
    }
  }
  if (!state.error && signal == 0) {
    if (auto r = rejects.commit(); !r) state.error = r.error();
  }
  if (state.error || signal != 0) {
    // Rows that precede a bad record are delivered where the sink cannot take them back anyway.
    if (!state.closed_pipe) {
      if (auto r = output.flush(); !r && !state.error) state.error = r.error();
    }
    output.abort();
    rejects.abort();
  }
  finish(std::move(state.error));
  if (signal != 0 && !result.error) result.exit_code = 128 + signal;
  if (!result.error && signal == 0) result.stats.silence = explain_silence(result.stats);
  return result;
}

}  // namespace weir
