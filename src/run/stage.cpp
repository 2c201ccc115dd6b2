#include "run/stage.h"

#include <exception>
#include <system_error>
#include <thread>

#include "run/lane_state.h"
#include "run/lane_worker.h"
#include "run/sequencer.h"
#include "run/threads.h"
#include "state/spill.h"

namespace weir {

namespace {

Error error_of(const std::exception& e) {
  if (const auto* spill = dynamic_cast<const SpillError*>(&e)) return spill->error();
  if (const auto* system = dynamic_cast<const std::system_error*>(&e))
    return Error{ErrorKind::kIo,
                 std::string("a thread cannot be started: ") + system->what(),
                 {},
                 "fewer of them: -p 1",
                 {}};
  const bool memory = dynamic_cast<const std::bad_alloc*>(&e) != nullptr;
  return Error{memory ? ErrorKind::kDiskFull : ErrorKind::kInternal,
               memory ? "out of memory" : std::string("internal error: ") + e.what(),
               {},
               {},
               {}};
}

class Stage {
 public:
  Stage(RunState& state, std::vector<StageLane> lanes, MergeOrder order, int workers)
      : state_(state),
        workers_(workers),
        bytes_before_(state.bytes_in),
        merge_(lanes.size(), order),
        sequencer_(lanes.size(), static_cast<size_t>(workers) * 4 + 4) {
    for (auto& l : lanes) add_lane(std::move(l), order);
    if (makes_checkpoints()) restore();
    std::lock_guard lock(state_.tick_mutex);
    state_.tick = [this] { tick(); };
  }
  ~Stage() {
    std::lock_guard lock(state_.tick_mutex);
    state_.tick = nullptr;
  }

  void run() {
    std::vector<std::thread> threads;
    if (workers_ > 1)
      state_.graph.encoding().start(static_cast<size_t>(workers_) * 2 + 2,
                                    [this] { sequencer_.ask_errand(); });
    try {
      for (int w = 1; w < workers_; ++w) threads.emplace_back([this, w] { work(w); });
    } catch (const std::exception& e) {
      fail_worker(error_of(e));
    }
    work(0);
    for (auto& t : threads) t.join();
    {
      std::lock_guard lock(state_.tick_mutex);
      state_.tick = nullptr;
    }
    finish_encoding();
    if (worker_failure_ && !state_.error) state_.error = std::move(worker_failure_);
    if (makes_checkpoints() && !state_.error) make_checkpoint(true);
    for (auto& lane : lanes_) note_source(*lane);
    if (state_.board != nullptr) post_metrics();
  }

 private:
  void finish_encoding() {
    try {
      check(state_.graph.encoding().stop());
    } catch (const std::exception& e) {
      stop_with(error_of(e));
    }
  }

  void add_lane(StageLane from, MergeOrder order) {
    auto lane = std::make_unique<LaneState>();
    lane->lane = std::move(from.lane);
    lane->feed = from.feed;
    lane->source = from.feed->source();
    lane->sequence_base = from.first_sequence;
    lane->next_sequence = from.first_sequence;
    if (lane->source == nullptr) {
      const PlannedStep& step = state_.plan.steps[lane->lane.origin.index];
      if (step.op->keeps_event_time()) lane->delay_us = step.out_of_orderness_us + 1000;
    }
    if (lane->source != nullptr) {
      lane->delay_us = lane->source->out_of_orderness_us + 1000;
      lane->last_seen_us = state_.options.clock->now_us();
      lane->partitioned = lane->source->source->partitioned() && lane->source->has_event_time;
    }
    const auto& readers = lane->lane.readers;
    // A piece that is taken in parts cannot be prepared as a whole.
    const bool whole = order != MergeOrder::kByTime;
    if (readers.size() == 1 && whole) {
      if (readers[0].is_sink) {
        lane->encode = state_.graph.output(readers[0].index).encodes_in_parallel();
      } else {
        const PlannedStep& step = state_.plan.steps[readers[0].index];
        // A checkpoint must find in the collector what comes before it, and nothing else.
        const bool collects = state_.plan.collects(readers[0]);
        lane->collect = collects && (state_.checkpointer == nullptr || is_table(*lane));
        lane->prepare = step.inputs.size() == 1 && !lane->collect &&
                        (collects || step.op->placement() == Placement::kOrdered);
        if (lane->collect)
          lane->collectors = state_.graph.make_collectors(readers[0].index, workers_);
      }
    }
    lanes_.push_back(std::move(lane));
  }

  // --- in the workers ---

  // Nothing may leave a thread: what a worker meets outside of its pieces (no memory, no thread) ends the run.
  void work(int index) {
    try {
      work_through(index);
    } catch (const std::exception& e) {
      fail_worker(error_of(e));
    }
  }

  void fail_worker(Error error) {
    {
      const std::lock_guard lock(totals_mutex_);
      if (!worker_failure_) worker_failure_ = std::move(error);
    }
    stop();
  }

  void work_through(int index) {
    const auto& cores = state_.cores;
    const bool pin =
        state_.plan.runtime.pin && static_cast<size_t>(workers_) <= cores.size() && workers_ > 1;
    const int core = pin ? cores[static_cast<size_t>(index)] : -1;
    if (index > 0) {
      take_role("weir-" + std::to_string(index), core);
    } else if (pin) {
      pin_thread({core});
    }
    std::vector<LaneWorker> workers;
    for (auto& lane : lanes_) workers.emplace_back(state_, *lane, index);

    while (!state_.stopping.load(std::memory_order_relaxed)) {
      const size_t lane = sequencer_.reserve();
      if (lane == sequencer_.kNone) break;
      if (lane == sequencer_.kErrand) {
        state_.graph.encoding().help();
        sequencer_.end_errand(*this);
        continue;
      }
      Piece piece;
      if (!lanes_[lane]->feed->claim(piece)) {
        sequencer_.finish(lane, *this);
        continue;
      }
      sequencer_.enter(lane);
      const uint64_t sequence = piece.has_block ? piece.block.sequence : piece.batch.sequence;
      const bool wanted = !lanes_[lane]->satisfied.load(std::memory_order_relaxed) &&
                          !state_.stopping.load(std::memory_order_relaxed);
      if (!piece.error && wanted) {
        try {
          workers[lane].carry(piece);
        } catch (const std::exception& e) {
          piece.error = error_of(e);
        }
      }
      {
        const std::lock_guard lock(totals_mutex_);
        workers[lane].add_counts(state_.steps);
      }
      sequencer_.complete(lane, sequence, std::move(piece), *this);
    }
    if (index == 0 && pin) pin_thread(cores);
  }

  // --- in the ordered stage: one owner at a time ---

 public:
  // For the sequencer: the next piece of a lane, its end, and when there is nothing to do.
  void take(size_t lane, Piece&& piece) {
    if (!going()) return sequencer_.release(lane);
    guard([&] {
      if (lanes_.size() == 1) {
        const uint64_t behind = piece.batch.sequence + 1;
        const BlockOrigin origin = piece.batch.origin;
        for (auto& part : piece.before)
          if (going()) process(*lanes_[0], std::move(part));
        if (going()) process(*lanes_[0], std::move(piece));
        use_up(0, origin, behind);
      } else {
        for (auto& part : piece.before) merge_.add(lane, std::move(part));
        piece.before.clear();
        skip_rows(*lanes_[lane], piece.batch);
        merge_.add(lane, std::move(piece));
        take_merged();
      }
      if (state_.board != nullptr && state_.board->is_due()) post_metrics();
    });
  }
  void pause() {
    guard([&] {
      check(state_.graph.flush());
      if (going()) serve_requests();  // the monitor has not, while somebody wrote
    });
  }
  void end(size_t lane) {
    guard([&] {
      if (lanes_.size() == 1) {
        end_lane(*lanes_[0]);
      } else if (!state_.interrupted) {  // else the next run goes on there, before other sources
        merge_.end(lane);
        take_merged();
      }
    });
  }

 private:
  template <class Action>
  void guard(Action&& action) {
    if (!going()) return;
    try {
      action();
    } catch (const std::exception& e) {
      stop_with(error_of(e));
    }
    if (state_.graph.error() && !state_.error) stop_with(*state_.graph.error());
  }

  bool going() const { return !state_.stopping.load(std::memory_order_relaxed) && !state_.error; }

  void take_merged() {
    while (going()) {
      Merge::Next next = merge_.next();
      LaneState& lane = *lanes_[next.lane];
      if (next.kind == Merge::Next::Kind::kNothing) return;
      if (next.kind == Merge::Next::Kind::kEnd) {
        end_lane(lane);
        continue;
      }
      const uint64_t behind = next.piece.batch.sequence + 1;
      const BlockOrigin origin = next.piece.batch.origin;
      const bool last = next.last && next.piece.ends_block;
      process(lane, std::move(next.piece));
      if (last) use_up(next.lane, origin, behind);
    }
  }

  // A piece is done with: it need not be read again.
  void use_up(size_t index, const BlockOrigin& origin, uint64_t behind) {
    sequencer_.release(index);
    LaneState& lane = *lanes_[index];
    lane.next_sequence = behind;
    if (state_.error || state_.graph.error()) return;
    if (makes_checkpoints()) {
      lane.feed->consumed(origin);
      unsaved_ = true;
      look_at_checkpoint();
      const uint64_t enough = state_.plan.checkpoint->stop_after_bytes;
      if (enough > 0 && state_.bytes_in - bytes_before_ >= enough) {
        state_.interrupted = true;
        stop();
      }
    }
    serve_requests();
  }

  // One is made when it is due, and what the last one has made certain goes out.
  void look_at_checkpoint() {
    check(note_saved(state_, false));
    if (state_.checkpointer->is_due(state_.options.clock->now_us()) ||
        state_.graph.wants_checkpoint() || state_.rejects.wants_checkpoint())
      make_checkpoint(false);
  }

  // What signals have asked for.
  void serve_requests() {
    const RunOptions& options = state_.options;
    if (options.reopen_requests != nullptr &&
        options.reopen_requests->load() != state_.reopens_served) {
      state_.reopens_served = options.reopen_requests->load();
      // Everything written so far belongs to the old files, and a checkpoint knows the new ones before
      // anything is in them.
      if (makes_checkpoints() && going()) make_checkpoint(true);
      if (going()) check(state_.graph.reopen());
      if (going()) check(state_.rejects.reopen());
      if (makes_checkpoints() && going()) make_checkpoint(true);
    }
    if (options.statistics_requests != nullptr &&
        options.statistics_requests->load() != state_.statistics_served) {
      state_.statistics_served = options.statistics_requests->load();
      if (makes_checkpoints() && going()) make_checkpoint(true);
      if (options.statistics) options.statistics(stats_so_far());
    }
  }

  // Rows that an earlier run has taken of a block that it did not use up.
  static void skip_rows(LaneState& lane, Batch& batch) {
    const size_t n = std::min<uint64_t>(lane.rows_to_skip, batch.rows);
    if (n == 0) return;
    lane.rows_to_skip -= n;
    Batch rest = batch.slice(n, batch.rows);
    rest.records = batch.records;
    rest.rejects = std::move(batch.rejects);
    rest.stopped = batch.stopped;
    batch = std::move(rest);
  }

  // --- checkpoints: between two pieces ---

  // Where results of collectors are given out there is no place to go on from; tables are read anew.
  bool makes_checkpoints() const {
    return state_.checkpointer != nullptr && lanes_[0]->source != nullptr && !is_table(*lanes_[0]);
  }
  static bool is_table(const LaneState& lane) {
    return lane.source != nullptr && lane.source->is_table;
  }

  void make_checkpoint(bool at_once) {
    unsaved_ = false;
    std::vector<std::pair<std::string, std::string>> sections;
    for (size_t i = 0; i < lanes_.size() && !state_.error; ++i) {
      const LaneState& lane = *lanes_[i];
      auto position = lane.feed->position();
      if (!position) return stop_with(std::move(position.error()));
      sections.emplace_back("source " + lane.source->name, std::move(*position));
      SnapshotWriter writer;
      writer.put_i64(lane.max_event_time);
      writer.put_u64(lane.next_sequence);
      writer.put_u64(merge_.rows_given(i) + lane.rows_to_skip);
      merge_.snapshot(i, writer);
      if (lane.partitions_last()) lane.partitions.snapshot(writer);
      sections.emplace_back("lane " + lane.source->name, writer.take());
    }
    state_.source_sections = std::move(sections);
    if (!state_.error) check(save_checkpoint(state_, at_once));
  }

  void restore() {
    if (state_.checkpointer->last() == nullptr) return;
    std::vector<Lane> lanes;
    std::vector<int64_t> watermarks;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      LaneState& lane = *lanes_[i];
      if (const auto section = state_.checkpointer->find("lane " + lane.source->name)) {
        SnapshotReader reader(*section);
        lane.max_event_time = reader.get_i64();
        lane.sequence_base = reader.get_u64();
        lane.next_sequence = lane.sequence_base;
        lane.rows_to_skip = reader.get_u64();
        merge_.restore(i, reader);
        if (lane.partitions_last()) lane.partitions.restore(reader, state_.options.clock->now_us());
      }
      lanes.push_back(lane.lane);
      watermarks.push_back(lane.watermark());
    }
    try {
      check(state_.graph.restore(*state_.checkpointer->last(), lanes, watermarks));
    } catch (const std::exception& e) {
      stop_with(error_of(e));
    }
    state_.checkpointer->let_go();
  }

  void process(LaneState& lane, Piece&& piece) {
    if (piece.error) return stop_with(std::move(*piece.error));
    if (lane.satisfied) return;
    Batch& batch = piece.batch;
    if (lane.source != nullptr) {
      state_.records_in += batch.records;
      if (batch.records > 0) state_.bytes_in += batch.origin.end - batch.origin.begin;
      state_.sources[lane.lane.origin.index].records += batch.records;
      wake(lane);
    } else {
      state_.steps[lane.lane.origin.index].rows_out += batch.rows;
    }
    batch.watermark = lane.watermark();
    batch.watermark_delay = lane.delay_us;
    const bool stopped = batch.stopped;
    const int64_t max_event_time = batch.max_event_time;
    const uint32_t partition = batch.origin.partition;
    const bool ends = piece.block.ends_partition;
    const bool catches_up = piece.block.catches_up;
    if (lane.partitioned) {
      lane.partitions.await(lane.feed->awaited(), state_.options.clock->now_us());
      const int64_t others = lane.partitions.last(partition);
      if (others < kMaxTime)
        batch.watermark_cap = others == kMinTime ? kMinTime : others - lane.delay_us;
      lane.partitions.begin(partition);
    }
    // Good rows before a bad one are delivered first.
    const Batch with_rejects = split_rejects(batch);
    if (!lane.collect)
      state_.graph.take(lane.lane, std::move(batch), piece.is_encoded ? &piece.encoded : nullptr,
                        lane.prepare);
    if (!state_.graph.error() && !with_rejects.rejects.empty())
      check(state_.rejects.take(with_rejects));
    if (stopped || state_.error || state_.graph.error()) return;
    if (lane.partitioned) {
      if (max_event_time > kMinTime)
        lane.partitions.see(partition, max_event_time, state_.options.clock->now_us());
      if (ends) lane.partitions.end(partition);
      // With a timeout they hold the others back until it has passed.
      if (catches_up && !lane.source->idle_timeout_us) lane.partitions.catch_up(partition);
      const int64_t last = lane.partitions.last();
      advance(lane, last == kMaxTime ? lane.partitions.caught_up() : last);
    } else {
      advance(lane, max_event_time);
    }
    stop_satisfied();
  }

  void advance(LaneState& lane, int64_t max_event_time) {
    if (max_event_time <= lane.max_event_time) return;
    lane.max_event_time = max_event_time;
    state_.graph.advance(lane.lane, lane.watermark());
  }

  static Batch split_rejects(Batch& batch) {
    Batch with_rejects;
    if (batch.rejects.empty()) return with_rejects;
    with_rejects.rejects = std::move(batch.rejects);
    with_rejects.origin = batch.origin;
    with_rejects.block_begin = batch.block_begin;
    with_rejects.first_line = batch.first_line;
    with_rejects.owners = batch.owners;
    batch.rejects.clear();
    return with_rejects;
  }

  // Lanes whose rows nobody wants any more stop reading (LIMIT).
  void stop_satisfied() {
    for (auto& lane : lanes_) {
      if (lane->satisfied || !state_.graph.satisfied(lane->lane)) continue;
      lane->satisfied = true;
      lane->feed->stop();
    }
  }

  void end_lane(LaneState& lane) {
    if (lane.collect)
      state_.graph.give_collectors(lane.lane.readers[0].index, std::move(lane.collectors));
    if (state_.interrupted) return;
    // With checkpoints the input may go on in the next run: what is open stays open.
    if (state_.checkpointer != nullptr && !state_.options.drain && !is_table(lane)) return;
    state_.graph.end(lane.lane, lane.next_sequence);
    if (!state_.graph.error()) stop_satisfied();
  }

  void wake(LaneState& lane) {
    if (!lane.source->idle_timeout_us) return;
    lane.last_seen_us = state_.options.clock->now_us();
    if (!lane.idle) return;
    lane.idle = false;
    state_.graph.set_idle(lane.lane, false);
  }

  // Processing time: the monitor's thread, as owner of the ordered stage.
  void tick() {
    const auto act = [this] {
      // The monitor does not wait for sinks; workers that are busy for them go on with what has come since.
      if (!state_.graph.encoding().is_empty()) return;
      guard([this] {
        const uint64_t before = state_.graph.emitted();
        const int64_t now = state_.options.clock->now_us();
        state_.graph.tick(now);
        for (auto& lane : lanes_) {
          if (lane->partitioned && lane->source->idle_timeout_us) {
            lane->partitions.mark_idle(now, *lane->source->idle_timeout_us);
            const int64_t last = lane->partitions.last();
            if (last < kMaxTime) advance(*lane, last);
          }
          if (lane->source == nullptr || !lane->source->idle_timeout_us || lane->idle ||
              now - lane->last_seen_us <= *lane->source->idle_timeout_us)
            continue;
          lane->idle = true;
          state_.graph.set_idle(lane->lane, true);
        }
        const bool emitted = state_.graph.emitted() != before;
        if (emitted && !state_.graph.error()) check(state_.graph.flush());
        // Rows must not wait for their checkpoint until others come.
        if (makes_checkpoints() && going() && !state_.graph.error()) {
          unsaved_ = unsaved_ || emitted;
          if (unsaved_) {
            look_at_checkpoint();
          } else {
            check(note_saved(state_, false));
          }
        }
        if (state_.board != nullptr && state_.board->is_due()) post_metrics();
        if (!state_.graph.error()) serve_requests();
      });
    };
    sequencer_.try_own(act, *this);
  }

  void post_metrics() { state_.board->post(stats_so_far()); }

  RunStats stats_so_far() {
    for (auto& lane : lanes_) note_source(*lane);
    const std::lock_guard lock(totals_mutex_);
    return current_stats(state_);
  }

  void note_source(const LaneState& lane) {
    if (lane.source == nullptr) return;
    SourceStats& stats = state_.sources[lane.lane.origin.index];
    stats.max_event_time = lane.max_event_time;
    stats.watermark = lane.watermark();
    stats.idle = lane.idle;
  }

  void check(Result<void> result) {
    if (!result) stop_with(std::move(result.error()));
  }

  void stop_with(Error error) {
    if (!state_.error) state_.error = std::move(error);
    stop();
  }

  void stop() {
    state_.stopping = true;
    for (auto& lane : lanes_) lane->feed->stop();
    sequencer_.stop();
  }

  RunState& state_;
  const int workers_;
  const uint64_t bytes_before_;  // read by earlier passes
  bool unsaved_ = false;         // something has come or gone out since the last checkpoint
  std::vector<std::unique_ptr<LaneState>> lanes_;
  Merge merge_;
  Sequencer<Piece> sequencer_;
  std::mutex totals_mutex_;
  std::optional<Error> worker_failure_;  // guarded by it
};

}  // namespace

void run_stage(RunState& state, std::vector<StageLane> lanes, MergeOrder order, int workers) {
  Stage stage(state, std::move(lanes), order, workers);
  stage.run();
}

}  // namespace weir
