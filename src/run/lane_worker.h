// What one worker does with the pieces of one lane: it decodes them, runs them through the lane's chain, and leaves
// what the ordered stage takes: rows, or their text, or nothing where a collector has swallowed them.
//
// Threads: one.
#pragma once

#include <memory>
#include <vector>

#include "run/lane_state.h"

namespace weir {

class LaneWorker {
 public:
  // `worker`: its number, from 0. State and lane outlive it.
  LaneWorker(RunState& state, LaneState& lane, int worker);

  // Throws what the steps throw.
  void carry(Piece& piece);
  // Adds the rows counted since the last call.
  void add_counts(std::vector<StepStats>& steps);

 private:
  struct Counts {
    uint64_t in = 0;
    uint64_t out = 0;
  };

  void decode(Piece& piece);
  void run_chain(size_t i, Piece& piece, std::vector<Piece>& made);
  void run_parts(size_t i, Piece& piece, std::vector<Piece>& made);
  void number_rows(Batch& batch);
  void add_skipped(size_t i, uint64_t skipped);
  void collect(Batch& batch);
  void encode(Piece& piece);

  RunState& state_;
  LaneState& lane_;
  const size_t worker_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<std::unique_ptr<Transform>> chain_;
  std::unique_ptr<Transform> preparation_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<Counts> counts_;
  uint64_t collected_ = 0;
  size_t last_encoded_ = 0;
  bool in_parts_ = false;   // a step has cut the block's rows
  uint64_t rows_made_ = 0;  // of these parts so far
};

}  // namespace weir
