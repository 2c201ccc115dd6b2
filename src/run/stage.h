// One pass of the run: workers claim pieces of a feed, carry them through the parallel chain, and the
// ordered chain takes them in input order. A pipeline is one stage, or several where a Collector
// (aggregate, sort) must see all of its input first: then its result is the next stage's feed.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "run/output.h"
#include "run/reject_handler.h"
#include "run/run.h"
#include "run/sequencer.h"

namespace weir {

// What all stages of a run share. Fields below the line belong to the ordered stage.
struct RunState {
  const Plan& plan;
  const RunOptions& options;
  OperatorContext operators;
  std::vector<int> cores;

  std::atomic<bool> stopping{false};  // no further block is worth working on
  std::atomic<uint64_t> records{0};   // for progress
  // --- ordered stage ---
  Output& output;
  RejectHandler& rejects;
  std::optional<Error> error;  // the first failure
  bool closed_pipe = false;
  uint64_t records_in = 0;
  uint64_t bytes_in = 0;
  uint64_t late = 0;
  int64_t max_event_time = kMinTime;
  std::vector<StepStats> steps;
};

// A piece of work in input order.
struct Piece {
  Batch batch;
  Block block;  // to decode; no bytes when the feed gives batches
  bool has_block = false;
  std::string encoded;
  bool is_encoded = false;
  std::optional<Error> error;
  uint64_t skipped = 0;  // records that the decoder skipped for the pushed filter
};

// Where the pieces come from. claim is called by all workers at once.
class PieceFeed {
 public:
  virtual ~PieceFeed() = default;
  virtual bool claim(Piece& piece) = 0;
  virtual void stop() = 0;
  virtual const PlannedSource* source() const { return nullptr; }  // for decoding
};

// Which steps run where; steps [first, ordered_begin) in the workers, [ordered_begin, end) in order. If
// collects, step `end` is a Collector, fed by the workers when nothing is ordered before it.
struct StageLayout {
  size_t first = 0;
  size_t ordered_begin = 0;
  size_t end = 0;
  bool collects = false;
};
StageLayout lay_out_stage(const Plan& plan, size_t first);

// Runs one stage to its end (or failure, see RunState::error). The result of its collector, if it has one.
std::unique_ptr<BatchSource> run_stage(RunState& state, const StageLayout& layout, PieceFeed& feed,
                                       int workers);

}  // namespace weir
