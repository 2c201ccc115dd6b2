#include "run/stage.h"

#include <exception>
#include <thread>

#include "run/threads.h"

namespace weir {

StageLayout lay_out_stage(const Plan& plan, size_t first) {
  StageLayout layout;
  layout.first = first;
  size_t i = first;
  while (i < plan.steps.size() && plan.steps[i].op->placement() == Placement::kTransform) ++i;
  layout.ordered_begin = i;
  while (i < plan.steps.size() && plan.steps[i].op->placement() != Placement::kCollector) ++i;
  layout.end = i;
  layout.collects = i < plan.steps.size();
  return layout;
}

namespace {

struct Counts {
  uint64_t in = 0;
  uint64_t out = 0;
};

class Stage {
 public:
  Stage(RunState& state, const StageLayout& layout, PieceFeed& feed, int workers)
      : state_(state),
        layout_(layout),
        feed_(feed),
        workers_(workers),
        sequencer_(static_cast<size_t>(workers) * 4 + 4) {
    build_ordered_chain();
    const bool to_sink = !layout.collects;
    encode_in_workers_ =
        to_sink && layout.ordered_begin == layout.end && state.output.encodes_in_parallel();
    collect_in_workers_ = layout.collects && layout.ordered_begin == layout.end;
    for (int w = 0; w < workers; ++w) {
      if (layout.collects && (collect_in_workers_ || w == 0)) {
        collectors_.push_back(state.plan.steps[layout.end].op->make_collector(state.operators));
      }
    }
  }

  std::unique_ptr<BatchSource> run() {
    std::vector<std::thread> threads;
    for (int w = 1; w < workers_; ++w) threads.emplace_back([this, w] { work(w); });
    work(0);
    for (auto& t : threads) t.join();
    finish_ordered_chain();
    if (!layout_.collects || state_.error || state_.stopping) return nullptr;
    return state_.plan.steps[layout_.end].op->finish(std::move(collectors_), state_.operators);
  }

 private:
  // A step of the ordered chain with what it emits into.
  struct Node : Emitter {
    Stage* stage = nullptr;
    size_t step = 0;
    std::unique_ptr<Ordered> ordered;  // one of these two
    std::unique_ptr<Transform> transform;
    std::unique_ptr<Transform>
        preparation;  // of an ordered step that is not first: run right before it
    Counts counts;
    uint64_t emitted = 0;          // batches; their sequence numbers for the next step
    int64_t passed_on = kMinTime;  // the watermark that the next step knows
    Node* next = nullptr;

    void emit(Batch batch) override {
      if (batch.rows == 0 && batch.rejects.empty()) return;
      batch.sequence = emitted++;
      batch.ordinals.clear();
      if (batch.running_max.empty()) batch.watermark = passed_on;
      counts.out += batch.rows;
      stage->pass_on(next, std::move(batch));
    }
    void emit_late(Batch) override {}
    void advance(int64_t watermark) override {
      if (watermark <= passed_on) return;
      passed_on = watermark;
      for (Node* node = next; node != nullptr; node = node->next) {
        if (!node->ordered) continue;
        node->ordered->watermark(watermark, *node);
        return node->advance(watermark);
      }
    }
  };

  void build_ordered_chain() {
    for (size_t i = layout_.ordered_begin; i < layout_.end; ++i) {
      auto node = std::make_unique<Node>();
      node->stage = this;
      node->step = i;
      const OperatorPlan& op = *state_.plan.steps[i].op;
      if (op.placement() == Placement::kOrdered) {
        node->ordered = op.make_ordered(state_.operators);
        if (i > layout_.ordered_begin) node->preparation = op.make_transform(state_.operators);
      } else {
        node->transform = op.make_transform(state_.operators);
      }
      if (!chain_.empty()) chain_.back()->next = node.get();
      chain_.push_back(std::move(node));
    }
  }

  // --- in the workers ---

  struct Worker {
    std::unique_ptr<Decoder> decoder;
    std::vector<std::unique_ptr<Transform>> transforms;
    std::unique_ptr<Encoder> encoder;
    std::vector<Counts> counts;
    size_t last_encoded = 0;
  };

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

    Worker worker;
    if (const PlannedSource* source = feed_.source();
        source != nullptr && source->source->format() != nullptr)
      worker.decoder = source->source->format()->make_decoder(source->decode);
    // Steps of the parallel chain, and the preparation of the first ordered step.
    for (size_t i = layout_.first; i < layout_.ordered_begin; ++i)
      worker.transforms.push_back(state_.plan.steps[i].op->make_transform(state_.operators));
    if (layout_.ordered_begin < layout_.end)
      worker.transforms.push_back(
          state_.plan.steps[layout_.ordered_begin].op->make_transform(state_.operators));
    worker.counts.resize(layout_.ordered_begin - layout_.first);
    if (encode_in_workers_) worker.encoder = state_.output.make_encoder();

    while (!state_.stopping.load(std::memory_order_relaxed)) {
      Piece piece;
      if (!feed_.claim(piece)) break;
      const uint64_t sequence = piece.has_block ? piece.block.sequence : piece.batch.sequence;
      sequencer_.enter(sequence);
      if (!piece.error && !state_.stopping.load(std::memory_order_relaxed)) {
        try {
          carry(worker, piece, index);
        } catch (const std::exception& e) {
          piece.error = out_of_memory(e);
        }
      }
      sequencer_.complete(sequence, std::move(piece),
                          [this](Piece&& p, bool idle) { take_in_order(std::move(p), idle); });
    }
    if (index == 0 && pin) pin_thread(cores);
    std::lock_guard lock(totals_mutex_);
    for (size_t i = 0; i < worker.counts.size(); ++i) {
      state_.steps[layout_.first + i].rows_in += worker.counts[i].in;
      state_.steps[layout_.first + i].rows_out += worker.counts[i].out;
    }
    if (collect_in_workers_) {
      auto& step = state_.steps[layout_.end];
      step.rows_in += collected_[static_cast<size_t>(index)];
    }
  }

  static Error out_of_memory(const std::exception& e) {
    const bool memory = dynamic_cast<const std::bad_alloc*>(&e) != nullptr;
    return Error{memory ? ErrorKind::kDiskFull : ErrorKind::kInternal,
                 memory ? "out of memory" : std::string("internal error: ") + e.what(),
                 {},
                 {},
                 {}};
  }

  void carry(Worker& worker, Piece& piece, int index) {
    Batch& batch = piece.batch;
    if (piece.has_block) {
      const Block& block = piece.block;
      batch.sequence = block.sequence;
      batch.origin = block.origin;
      batch.first_line = block.first_line;
      batch.block_begin = block.bytes.data();
      worker.decoder->decode(block, batch);
      batch.keep(block.buffer);
      piece.skipped = batch.records - batch.rejects.size() - batch.rows;
      if (batch.stopped) piece.skipped = 0;
      state_.records.fetch_add(batch.records, std::memory_order_relaxed);
    }
    for (size_t i = 0; i < worker.transforms.size(); ++i) {
      if (!worker.transforms[i]) continue;
      const bool counted = i < worker.counts.size();
      if (counted) worker.counts[i].in += batch.rows;
      if (piece.skipped > 0 && counted) add_skipped(worker, i, piece.skipped);
      worker.transforms[i]->apply(batch);
      if (counted) worker.counts[i].out += batch.rows;
    }
    if (collect_in_workers_) {
      collected_[static_cast<size_t>(index)] += batch.rows;
      if (batch.rows > 0) {
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
        collectors_[static_cast<size_t>(index)]->consume(std::move(batch));
        batch = std::move(shell);
      }
    } else if (worker.encoder && batch.rows > 0) {
      piece.encoded.reserve(worker.last_encoded + worker.last_encoded / 8);
      worker.encoder->encode(batch, piece.encoded);
      worker.last_encoded = piece.encoded.size();
      piece.is_encoded = true;
      // The text is all that is left to write.
      if (batch.rejects.empty()) {
        batch.columns.clear();
        batch.owners.clear();
        piece.block = Block{};
      }
    }
  }

  // Records that the decoder skipped count as the pushed filter's doing.
  void add_skipped(Worker& worker, size_t i, uint64_t skipped) {
    const size_t filter = feed_.source()->pushed_from;
    const size_t step = layout_.first + i;
    if (step <= filter) worker.counts[i].in += skipped;
    if (step < filter) worker.counts[i].out += skipped;
  }

  // --- in the ordered stage: one owner at a time ---

  void take_in_order(Piece&& piece, bool idle) {
    if (state_.stopping.load(std::memory_order_relaxed)) return;
    try {
      process(std::move(piece));
      if (idle && !state_.error) check(state_.output.flush());
    } catch (const std::exception& e) {
      stop_with(out_of_memory(e));
    }
  }

  void process(Piece&& piece) {
    if (piece.error) {
      stop_with(std::move(*piece.error));
      return;
    }
    Batch& batch = piece.batch;
    if (piece.has_block || feed_.source() != nullptr) {
      state_.records_in += batch.records;
      state_.bytes_in += batch.origin.end - batch.origin.begin;
    }
    batch.watermark = watermark_;
    batch.watermark_delay = state_.plan.out_of_orderness_us + 1000;
    const bool stopped = batch.stopped;
    const int64_t max_event_time = batch.max_event_time;
    // Good rows before a bad one are delivered first.
    Batch with_rejects;
    if (!batch.rejects.empty()) {
      with_rejects.rejects = std::move(batch.rejects);
      with_rejects.origin = batch.origin;
      with_rejects.block_begin = batch.block_begin;
      with_rejects.first_line = batch.first_line;
      with_rejects.owners = batch.owners;
      batch.rejects.clear();
    }
    if (!collect_in_workers_) {
      if (chain_.empty()) {
        deliver(batch, piece.is_encoded ? &piece.encoded : nullptr);
      } else {
        pass_on(chain_.front().get(), std::move(batch));
      }
    }
    if (!with_rejects.rejects.empty()) check(state_.rejects.take(with_rejects));
    if (stopped || state_.error) return;
    if (max_event_time > state_.max_event_time) {
      state_.max_event_time = max_event_time;
      advance(max_event_time);
    }
    for (auto& node : chain_) {
      if (node->ordered && node->ordered->done()) {
        finished_early_ = true;
        stop();
      }
    }
  }

  // Watermark = largest event time - out-of-orderness - 1 ms, in microseconds.
  void advance(int64_t max_event_time) {
    watermark_ = max_event_time - state_.plan.out_of_orderness_us - 1000;
    for (auto& node : chain_) {
      if (!node->ordered) continue;
      node->ordered->watermark(watermark_, *node);
      return node->advance(watermark_);
    }
  }

  void pass_on(Node* node, Batch batch) {
    if (state_.error) return;
    if (!batch.rejects.empty() && node != chain_.front().get()) {
      Batch with_rejects;
      with_rejects.rejects = std::move(batch.rejects);
      batch.rejects.clear();
      check(state_.rejects.take(with_rejects));
      if (state_.error) {
        // Rows before the bad one still go out.
        state_.error.swap(held_error_);
        route(node, std::move(batch));
        state_.error.swap(held_error_);
        return;
      }
    }
    route(node, std::move(batch));
  }

  void route(Node* node, Batch batch) {
    if (node == nullptr) {
      if (layout_.collects) {
        state_.steps[layout_.end].rows_in += batch.rows;
        if (batch.rows > 0) collectors_[0]->consume(std::move(batch));
      } else {
        deliver(batch, nullptr);
      }
      return;
    }
    node->counts.in += batch.rows;
    if (node->ordered) {
      if (node->preparation) node->preparation->apply(batch);
      node->ordered->process(std::move(batch), *node);
      return;
    }
    node->transform->apply(batch);
    node->counts.out += batch.rows;
    if (batch.rows > 0 || !batch.rejects.empty()) pass_on(node->next, std::move(batch));
  }

  void deliver(const Batch& batch, const std::string* encoded) {
    check(state_.output.write(batch, encoded));
  }

  void finish_ordered_chain() {
    const bool to_the_end = !state_.error && (!state_.stopping || finished_early_);
    if (to_the_end) {
      try {
        for (auto& node : chain_) {
          if (node->ordered) node->ordered->end(*node);
        }
      } catch (const std::exception& e) {
        stop_with(out_of_memory(e));
      }
    }
    for (auto& node : chain_) {
      state_.steps[node->step].rows_in += node->counts.in;
      state_.steps[node->step].rows_out += node->counts.out;
      if (node->ordered) state_.late += node->ordered->stats().late;
    }
    // LIMIT ends this stage, not the run.
    if (finished_early_ && !state_.error) state_.stopping = false;
  }

  void check(Result<void> result) {
    if (result) return;
    if (state_.output.closed_pipe()) state_.closed_pipe = true;
    stop_with(std::move(result.error()));
  }

  void stop_with(Error error) {
    if (!state_.error) state_.error = std::move(error);
    stop();
  }

  void stop() {
    state_.stopping = true;
    feed_.stop();
  }

  RunState& state_;
  const StageLayout layout_;
  PieceFeed& feed_;
  const int workers_;
  Sequencer<Piece> sequencer_;
  std::vector<std::unique_ptr<Node>> chain_;
  std::vector<std::unique_ptr<Collector>> collectors_;
  std::vector<uint64_t> collected_ = std::vector<uint64_t>(static_cast<size_t>(workers_), 0);
  std::optional<Error> held_error_;
  int64_t watermark_ = kMinTime;
  bool encode_in_workers_ = false;
  bool collect_in_workers_ = false;
  bool finished_early_ = false;
  std::mutex totals_mutex_;
};

}  // namespace

std::unique_ptr<BatchSource> run_stage(RunState& state, const StageLayout& layout, PieceFeed& feed,
                                       int workers) {
  Stage stage(state, layout, feed, workers);
  return stage.run();
}

}  // namespace weir
