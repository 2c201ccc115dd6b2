#include "run/stage.h"

#include <exception>
#include <thread>

#include "run/sequencer.h"
#include "run/threads.h"

namespace weir {

namespace {

struct Counts {
  uint64_t in = 0;
  uint64_t out = 0;
};

Error error_of(const std::exception& e) {
  const bool memory = dynamic_cast<const std::bad_alloc*>(&e) != nullptr;
  return Error{memory ? ErrorKind::kDiskFull : ErrorKind::kInternal,
               memory ? "out of memory" : std::string("internal error: ") + e.what(),
               {},
               {},
               {}};
}

// A lane's way through the workers and its time.
struct LaneState {
  Lane lane;
  PieceFeed* feed = nullptr;
  const PlannedSource* source = nullptr;  // nullptr: a collector's result
  // What the workers do besides the chain.
  bool encode = false;   // the only reader is a sink whose format allows it
  bool collect = false;  // the only reader is a collector, filled by every worker
  bool prepare = false;  // the only reader is an ordered step with a transform of its own
  std::vector<std::unique_ptr<Collector>> collectors;  // one per worker
  std::atomic<bool> satisfied{false};                  // nothing more is wanted
  // --- ordered stage ---
  int64_t max_event_time = kMinTime;
  int64_t delay_us = 0;
  int64_t last_seen_us = 0;
  bool idle = false;
  uint64_t sequence_base = 0;  // blocks of earlier runs
  uint64_t next_sequence = 0;  // behind the last block used up
  uint64_t rows_to_skip = 0;   // of the next block: an earlier run has given them

  int64_t watermark() const {
    return max_event_time < kMinTime + delay_us ? kMinTime : max_event_time - delay_us;
  }
};

class Stage {
 public:
  Stage(RunState& state, std::vector<StageLane> lanes, MergeOrder order, int workers)
      : state_(state),
        workers_(workers),
        merge_(lanes.size(), order),
        sequencer_(lanes.size(), static_cast<size_t>(workers) * 4 + 4) {
    for (auto& l : lanes) add_lane(std::move(l), order);
    if (state_.checkpointer != nullptr) restore();
    std::lock_guard lock(state_.tick_mutex);
    state_.tick = [this] { tick(); };
  }
  ~Stage() {
    std::lock_guard lock(state_.tick_mutex);
    state_.tick = nullptr;
  }

  void run() {
    std::vector<std::thread> threads;
    for (int w = 1; w < workers_; ++w) threads.emplace_back([this, w] { work(w); });
    work(0);
    for (auto& t : threads) t.join();
    if (state_.checkpointer != nullptr && !state_.error) make_checkpoint();
    for (auto& lane : lanes_) note_source(*lane);
  }

 private:
  void add_lane(StageLane from, MergeOrder order) {
    auto lane = std::make_unique<LaneState>();
    lane->lane = std::move(from.lane);
    lane->feed = from.feed;
    lane->source = from.feed->source();
    if (lane->source != nullptr) {
      lane->delay_us = lane->source->out_of_orderness_us + 1000;
      lane->last_seen_us = state_.options.clock->now_us();
    }
    const auto& readers = lane->lane.readers;
    // A piece that is taken in parts cannot be prepared as a whole.
    const bool whole = order != MergeOrder::kByTime;
    if (readers.size() == 1 && whole) {
      if (readers[0].is_sink) {
        lane->encode = state_.graph.output(readers[0].index).encodes_in_parallel();
      } else {
        const PlannedStep& step = state_.plan.steps[readers[0].index];
        const bool alone = step.inputs.size() == 1;
        lane->collect = alone && step.op->placement() == Placement::kCollector;
        lane->prepare = alone && step.op->placement() == Placement::kOrdered;
        if (lane->collect)
          lane->collectors = state_.graph.make_collectors(readers[0].index, workers_);
      }
    }
    lanes_.push_back(std::move(lane));
  }

  // --- in the workers ---

  // What one worker needs for one lane.
  struct Tools {
    std::unique_ptr<Decoder> decoder;
    std::vector<std::unique_ptr<Transform>> chain;
    std::unique_ptr<Transform> preparation;
    std::unique_ptr<Encoder> encoder;
    std::vector<Counts> counts;
    uint64_t collected = 0;
    size_t last_encoded = 0;
  };

  Tools make_tools(const LaneState& lane) const {
    Tools tools;
    if (lane.source != nullptr && lane.source->source->format() != nullptr)
      tools.decoder = lane.source->source->format()->make_decoder(lane.source->decode);
    for (const size_t step : lane.lane.chain)
      tools.chain.push_back(state_.plan.steps[step].op->make_transform(state_.operators));
    tools.counts.resize(tools.chain.size());
    if (lane.prepare || lane.collect)
      tools.preparation =
          state_.plan.steps[lane.lane.readers[0].index].op->make_transform(state_.operators);
    if (lane.encode) tools.encoder = state_.graph.output(lane.lane.readers[0].index).make_encoder();
    return tools;
  }

  void work(int index) {
    const auto& cores = state_.cores;
    const bool pin =
        state_.plan.runtime.pin && static_cast<size_t>(workers_) <= cores.size() && workers_ > 1;
    const int core = pin ? cores[static_cast<size_t>(index)] : -1;
    if (index > 0) {
      take_role("weir-" + std::to_string(index), core);
    } else if (pin) {
      pin_thread({core});
    }
    std::vector<Tools> tools;
    for (const auto& lane : lanes_) tools.push_back(make_tools(*lane));

    while (!state_.stopping.load(std::memory_order_relaxed)) {
      const size_t lane = sequencer_.reserve();
      if (lane == sequencer_.kNone) break;
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
          carry(*lanes_[lane], tools[lane], piece, index);
        } catch (const std::exception& e) {
          piece.error = error_of(e);
        }
      }
      sequencer_.complete(lane, sequence, std::move(piece), *this);
    }
    if (index == 0 && pin) pin_thread(cores);
    std::lock_guard lock(totals_mutex_);
    for (size_t l = 0; l < lanes_.size(); ++l) add_counts(lanes_[l]->lane, tools[l]);
  }

  void add_counts(const Lane& lane, const Tools& tools) {
    for (size_t i = 0; i < tools.counts.size(); ++i) {
      state_.steps[lane.chain[i]].rows_in += tools.counts[i].in;
      state_.steps[lane.chain[i]].rows_out += tools.counts[i].out;
    }
    if (tools.collected > 0) state_.steps[lane.readers[0].index].rows_in += tools.collected;
  }

  void carry(LaneState& lane, Tools& tools, Piece& piece, int worker) {
    Batch& batch = piece.batch;
    if (piece.has_block) decode(tools, piece);
    batch.sequence += lane.sequence_base;
    for (size_t i = 0; i < tools.chain.size(); ++i) {
      tools.counts[i].in += batch.rows;
      if (piece.skipped > 0) add_skipped(lane, tools, i, piece.skipped);
      tools.chain[i]->apply(batch);
      tools.counts[i].out += batch.rows;
    }
    if (tools.preparation) tools.preparation->apply(batch);
    if (lane.collect) {
      collect(lane, tools, batch, worker);
    } else if (tools.encoder && batch.rows > 0) {
      encode(tools, piece);
    }
  }

  void decode(Tools& tools, Piece& piece) {
    Batch& batch = piece.batch;
    const Block& block = piece.block;
    batch.sequence = block.sequence;
    batch.origin = block.origin;
    batch.first_line = block.first_line;
    batch.block_begin = block.bytes.data();
    tools.decoder->decode(block, batch);
    batch.keep(block.buffer);
    piece.skipped = batch.records - batch.rejects.size() - batch.rows;
    if (batch.stopped) piece.skipped = 0;
    state_.records.fetch_add(batch.records, std::memory_order_relaxed);
  }

  // Records that the decoder skipped count as the pushed filter's doing.
  static void add_skipped(const LaneState& lane, Tools& tools, size_t i, uint64_t skipped) {
    const size_t filter = lane.source->pushed_from;
    if (lane.lane.chain[i] <= filter) tools.counts[i].in += skipped;
    if (lane.lane.chain[i] < filter) tools.counts[i].out += skipped;
  }

  static void collect(LaneState& lane, Tools& tools, Batch& batch, int worker) {
    tools.collected += batch.rows;
    if (batch.rows == 0) return;
    Batch shell;  // what the ordered stage still needs to know
    shell.rejects = std::move(batch.rejects);
    shell.sequence = batch.sequence;
    shell.origin = batch.origin;
    shell.records = batch.records;
    shell.stopped = batch.stopped;
    shell.max_event_time = batch.max_event_time;
    shell.block_begin = batch.block_begin;
    shell.first_line = batch.first_line;
    if (!shell.rejects.empty()) shell.owners = batch.owners;
    batch.rejects.clear();
    lane.collectors[static_cast<size_t>(worker)]->consume(std::move(batch));
    batch = std::move(shell);
  }

  static void encode(Tools& tools, Piece& piece) {
    piece.encoded.reserve(tools.last_encoded + tools.last_encoded / 8);
    tools.encoder->encode(piece.batch, piece.encoded);
    tools.last_encoded = piece.encoded.size();
    piece.is_encoded = true;
    // The text is all that is left to write.
    if (!piece.batch.rejects.empty()) return;
    piece.batch.columns.clear();
    piece.batch.owners.clear();
    piece.block = Block{};
  }

  // --- in the ordered stage: one owner at a time ---

 public:
  // For the sequencer: the next piece of a lane, and its end.
  void take(size_t lane, Piece&& piece, bool idle) {
    if (!going()) return sequencer_.release(lane);
    guard([&] {
      if (lanes_.size() == 1) {
        const uint64_t behind = piece.batch.sequence + 1;
        const BlockOrigin origin = piece.batch.origin;
        process(*lanes_[0], std::move(piece));
        use_up(0, origin, behind);
      } else {
        skip_rows(*lanes_[lane], piece.batch);
        merge_.add(lane, std::move(piece));
        take_merged();
      }
      if (idle && going()) check(state_.graph.flush());
    });
  }
  void end(size_t lane) {
    guard([&] {
      if (lanes_.size() == 1) {
        end_lane(*lanes_[0]);
      } else {
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
      process(lane, std::move(next.piece));
      if (next.last) use_up(next.lane, origin, behind);
    }
  }

  // A piece is done with: it need not be read again.
  void use_up(size_t index, const BlockOrigin& origin, uint64_t behind) {
    sequencer_.release(index);
    if (state_.checkpointer == nullptr || state_.error || state_.graph.error()) return;
    LaneState& lane = *lanes_[index];
    lane.feed->consumed(origin);
    lane.next_sequence = behind;
    if (state_.checkpointer->is_due(state_.options.clock->now_us())) make_checkpoint();
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

  void make_checkpoint() {
    CheckpointFile checkpoint;
    check(state_.graph.checkpoint(checkpoint));
    state_.graph.snapshot(checkpoint);
    if (auto place = state_.rejects.checkpoint()) {
      checkpoint.sections.emplace_back("dead_letter", std::move(*place));
    } else {
      check(fail(place.error()));
    }
    for (size_t i = 0; i < lanes_.size() && !state_.error; ++i) {
      const LaneState& lane = *lanes_[i];
      auto position = lane.feed->position();
      if (!position) return stop_with(std::move(position.error()));
      checkpoint.sections.emplace_back("source " + lane.source->name, std::move(*position));
      SnapshotWriter writer;
      writer.put_i64(lane.max_event_time);
      writer.put_u64(lane.next_sequence);
      writer.put_u64(merge_.rows_given(i) + lane.rows_to_skip);
      merge_.snapshot(i, writer);
      checkpoint.sections.emplace_back("lane " + lane.source->name, writer.take());
    }
    if (!state_.error)
      check(state_.checkpointer->save(std::move(checkpoint), state_.options.clock->now_us()));
  }

  void restore() {
    std::vector<Lane> lanes;
    std::vector<int64_t> watermarks;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      LaneState& lane = *lanes_[i];
      if (const std::string* section = state_.checkpointer->find("lane " + lane.source->name)) {
        SnapshotReader reader(*section);
        lane.max_event_time = reader.get_i64();
        lane.sequence_base = reader.get_u64();
        lane.next_sequence = lane.sequence_base;
        lane.rows_to_skip = reader.get_u64();
        merge_.restore(i, reader);
      }
      lanes.push_back(lane.lane);
      watermarks.push_back(lane.watermark());
    }
    check(state_.graph.restore(*state_.checkpointer->last(), lanes, watermarks));
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
    // Good rows before a bad one are delivered first.
    const Batch with_rejects = split_rejects(batch);
    if (!lane.collect)
      state_.graph.take(lane.lane, std::move(batch), piece.is_encoded ? &piece.encoded : nullptr,
                        lane.prepare);
    if (!state_.graph.error() && !with_rejects.rejects.empty())
      check(state_.rejects.take(with_rejects));
    if (stopped || state_.error || state_.graph.error()) return;
    if (max_event_time > lane.max_event_time) {
      lane.max_event_time = max_event_time;
      state_.graph.advance(lane.lane, lane.watermark());
    }
    stop_satisfied();
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
    // With checkpoints the input may go on in the next run: what is open stays open.
    if (state_.checkpointer != nullptr && !state_.options.drain) return;
    state_.graph.end(lane.lane);
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
      guard([this] {
        const uint64_t before = state_.graph.emitted();
        const int64_t now = state_.options.clock->now_us();
        state_.graph.tick(now);
        for (auto& lane : lanes_) {
          if (lane->source == nullptr || !lane->source->idle_timeout_us || lane->idle ||
              now - lane->last_seen_us <= *lane->source->idle_timeout_us)
            continue;
          lane->idle = true;
          state_.graph.set_idle(lane->lane, true);
        }
        if (state_.graph.emitted() != before && !state_.graph.error()) check(state_.graph.flush());
      });
    };
    sequencer_.try_own(act, *this);
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
    state_.stopping = true;
    for (auto& lane : lanes_) lane->feed->stop();
    sequencer_.stop();
  }

  RunState& state_;
  const int workers_;
  std::vector<std::unique_ptr<LaneState>> lanes_;
  Merge merge_;
  Sequencer<Piece> sequencer_;
  std::mutex totals_mutex_;
};

}  // namespace

void run_stage(RunState& state, std::vector<StageLane> lanes, MergeOrder order, int workers) {
  Stage stage(state, std::move(lanes), order, workers);
  stage.run();
}

}  // namespace weir
