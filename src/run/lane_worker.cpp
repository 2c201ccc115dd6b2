#include "run/lane_worker.h"

#include <algorithm>

namespace weir {

LaneWorker::LaneWorker(RunState& state, LaneState& lane, int worker)
    : state_(state), lane_(lane), worker_(static_cast<size_t>(worker)) {
  if (lane.source != nullptr && lane.source->source->format() != nullptr)
    decoder_ = lane.source->source->format()->make_decoder(lane.source->decode);
  for (const size_t step : lane.lane.chain) chain_.push_back(state.graph.make_transform(step));
  counts_.resize(chain_.size());
  if (lane.prepare || lane.collect)
    preparation_ = state.plan.steps[lane.lane.readers[0].index].op->make_transform(state.operators);
  if (lane.encode) encoder_ = state.graph.output(lane.lane.readers[0].index).make_encoder();
}

void LaneWorker::add_counts(std::vector<StepStats>& steps) {
  for (size_t i = 0; i < counts_.size(); ++i) {
    steps[lane_.lane.chain[i]].rows_in += counts_[i].in;
    steps[lane_.lane.chain[i]].rows_out += counts_[i].out;
  }
  if (collected_ > 0) steps[lane_.lane.readers[0].index].rows_in += collected_;
  std::fill(counts_.begin(), counts_.end(), Counts{});
  collected_ = 0;
}

void LaneWorker::carry(Piece& piece) {
  if (piece.has_block) decode(piece);
  piece.batch.sequence += lane_.sequence_base;
  std::vector<Piece> made;
  in_parts_ = false;
  rows_made_ = 0;
  run_chain(0, piece, made);
  if (made.empty()) return;
  // The last of the parts stands for the block.
  Piece last = std::move(made.back());
  made.pop_back();
  last.block = std::move(piece.block);
  last.has_block = piece.has_block;
  last.before = std::move(made);
  last.ends_block = true;
  piece = std::move(last);
}

// From step i of the chain on. Where a step gives parts, all of them go to `made`; else the piece itself is
// worked on.
void LaneWorker::run_chain(size_t i, Piece& piece, std::vector<Piece>& made) {
  Batch& batch = piece.batch;
  for (; i < chain_.size(); ++i) {
    counts_[i].in += batch.rows;
    if (piece.skipped > 0) add_skipped(i, piece.skipped);
    if (chain_[i]->expands()) return run_parts(i, piece, made);
    chain_[i]->apply(batch);
    counts_[i].out += batch.rows;
  }
  if (in_parts_) number_rows(batch);
  if (preparation_) preparation_->apply(batch);
  if (lane_.collect) {
    collect(batch);
  } else if (encoder_ && batch.rows > 0) {
    encode(piece);
  }
}

void LaneWorker::run_parts(size_t i, Piece& piece, std::vector<Piece>& made) {
  Transform& step = *chain_[i];
  in_parts_ = true;
  step.begin(std::move(piece.batch));
  for (bool more = true, going = true; more;) {
    Piece part;
    more = step.next(part.batch);
    counts_[i].out += part.batch.rows;
    if (!going) {  // behind a row that ends the run only what is said of the whole block counts
      Batch& end = made.back().batch;
      end.records += part.batch.records;
      continue;
    }
    const size_t before = made.size();
    run_chain(i + 1, part, made);
    if (made.size() == before) {
      part.ends_block = false;
      made.push_back(std::move(part));
    }
    going = !made.back().batch.stopped || !more;
  }
}

// Rows of all parts of a block are numbered on, so that no two have one ordinal.
void LaneWorker::number_rows(Batch& batch) {
  if (rows_made_ > 0) {
    batch.ordinals.resize(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i)
      batch.ordinals[i] = batch.sequence << 32 | (rows_made_ + i);
  }
  rows_made_ += batch.rows;
}

void LaneWorker::decode(Piece& piece) {
  Batch& batch = piece.batch;
  const Block& block = piece.block;
  batch.sequence = block.sequence;
  batch.origin = block.origin;
  batch.first_line = block.first_line;
  batch.block_begin = block.bytes.data();
  decoder_->decode(block, batch);
  batch.keep(block.buffer);
  piece.skipped = batch.records - batch.rejects.size() - batch.rows;
  if (batch.stopped) piece.skipped = 0;
  state_.records.fetch_add(batch.records, std::memory_order_relaxed);
}

// Records that the decoder skipped count as the pushed filter's doing.
void LaneWorker::add_skipped(size_t i, uint64_t skipped) {
  const size_t filter = lane_.source->pushed_from;
  if (lane_.lane.chain[i] <= filter) counts_[i].in += skipped;
  if (lane_.lane.chain[i] < filter) counts_[i].out += skipped;
}

void LaneWorker::collect(Batch& batch) {
  collected_ += batch.rows;
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
  lane_.collectors[worker_]->consume(std::move(batch));
  batch = std::move(shell);
}

void LaneWorker::encode(Piece& piece) {
  piece.encoded.reserve(last_encoded_ + last_encoded_ / 8);
  encoder_->encode(piece.batch, piece.encoded);
  last_encoded_ = piece.encoded.size();
  piece.is_encoded = true;
  // The text is all that is left to write.
  if (!piece.batch.rejects.empty()) return;
  piece.batch.columns.clear();
  piece.batch.owners.clear();
  piece.block = Block{};
}

}  // namespace weir
