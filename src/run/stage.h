// One pass of the run: workers claim pieces of the feeds, carry them through their lane's chain, and the graph
// takes them in order. A pipeline is one pass over its sources, or several where a Collector (aggregate,
// sort) must see all of its input first: then its result is a feed of a later pass; or where rows meet a
// join whose other input comes first.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "run/checkpointer.h"
#include "run/graph.h"
#include "run/lane.h"
#include "run/merge.h"
#include "run/metrics.h"
#include "run/piece.h"
#include "run/reject_handler.h"
#include "run/run.h"

namespace weir {

// What all passes of a run share. Fields below the line belong to the ordered stage.
struct RunState {
  const Plan& plan;
  const RunOptions& options;
  OperatorContext operators;
  std::vector<int> cores;

  std::atomic<bool> stopping{false};  // no further block is worth working on
  // A signal has stopped the sources: what they have given is finished, but the input is not at its end.
  std::atomic<bool> interrupted{false};
  std::atomic<bool> hung_up{false};  // SIGHUP, and no file to open anew
  std::atomic<bool> reading{true};   // the pass over the sources is not over
  std::atomic<uint64_t> records{0};  // for progress
  // What the monitor calls now and then while a pass runs; guarded by the mutex.
  std::mutex tick_mutex;
  std::function<void()> tick;
  // --- ordered stage ---
  Graph& graph;
  RejectHandler& rejects;
  Checkpointer* checkpointer = nullptr;  // of a run with checkpoints
  MetricsBoard* board = nullptr;         // of a run whose statistics somebody looks at
  std::optional<Error> error;            // the first failure
  std::chrono::steady_clock::time_point started;
  uint64_t records_in = 0;
  uint64_t bytes_in = 0;
  // The parts of the last checkpoint that say where the sources stand.
  std::vector<std::pair<std::string, std::string>> source_sections{};
  unsigned reopens_served = 0;
  unsigned statistics_served = 0;
  std::vector<SourceStats> sources;
  std::vector<StepStats> steps;
};

// The run's figures so far.
RunStats current_stats(const RunState& state);

// Where the pieces come from. claim is called by all workers at once.
class PieceFeed {
 public:
  virtual ~PieceFeed() = default;
  virtual bool claim(Piece& piece) = 0;
  virtual void stop() = 0;
  virtual const PlannedSource* source() const { return nullptr; }   // for decoding
  virtual void consumed(const BlockOrigin& block) { (void)block; }  // see Source
  virtual Result<std::string> position() const { return std::string(); }
  virtual std::vector<uint32_t> awaited() const { return {}; }
};

// A lane at work.
struct StageLane {
  Lane lane;
  PieceFeed* feed = nullptr;
  uint64_t first_sequence = 0;  // of the batches
};

// A checkpoint with the sources where they stood last. `at_once`: it is safe on return, else it may be written
// in the background.
Result<void> save_checkpoint(RunState& state, bool at_once);

// Takes note of a checkpoint that was written in the background, or waits for it: rows that a sink has kept for it
// go out.
Result<void> note_saved(RunState& state, bool wait);

// Runs one pass to its end (or failure, see RunState::error).
void run_stage(RunState& state, std::vector<StageLane> lanes, MergeOrder order, int workers);

}  // namespace weir
