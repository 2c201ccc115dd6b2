// The ordered part of a run: steps that see rows in input order, and the sinks.
//
// Rows, watermarks and ends enter where a lane's workers are done with them (run/lane.h) and go from node to
// node by plain calls. A node with several inputs has the smallest of their watermarks; an input that is
// idle or has ended does not count. A collector's node swallows its input; when that has ended, the
// result starts a lane of its own.
//
// Threads: the ordered stage, one at a time. The first error stops everything: look at error() after
// every call.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "plan/plan.h"
#include "run/lane.h"
#include "run/output.h"
#include "run/reject_handler.h"
#include "run/run.h"
#include "state/checkpoint_file.h"

namespace weir {

class Graph {
 public:
  // Outputs are opened by open(). `plan` must outlive this.
  Graph(const Plan& plan, const OperatorContext& context, const Clock& clock,
        RejectHandler& rejects);
  ~Graph();

  Result<void> open();
  // For runs with checkpoints: finds where the sinks go on, at the beginning without a last one, and adds
  // these places to `checkpoint`; then opens them there.
  Result<void> find_places(const CheckpointFile* last, CheckpointFile& checkpoint);
  Result<void> resume();
  // Makes the sinks' output last and adds their places.
  Result<void> checkpoint(CheckpointFile& checkpoint);
  // Adds the steps' state.
  void snapshot(CheckpointFile& checkpoint) const;
  // Puts the steps' state back. `watermarks`: of the lanes. Error: kState for a step that has changed.
  Result<void> restore(const CheckpointFile& last, const std::vector<Lane>& lanes,
                       const std::vector<int64_t>& watermarks);
  // The end of a run with checkpoints: what is open stays open.
  Result<void> close();
  Result<void> flush();
  Result<void> commit();
  void abort();

  // Rows of a lane. `encoded`: their text, if the lane leads to a single sink and a worker has encoded them.
  // `prepared`: the workers have run the reader's own transform. Rejects in the batch are not looked at.
  void take(const Lane& lane, Batch batch, const std::string* encoded, bool prepared);
  void advance(const Lane& lane, int64_t watermark);
  void set_idle(const Lane& lane, bool idle);
  void end(const Lane& lane);
  // Processing time has come so far: calls those operators whose next_clock() has passed.
  void tick(int64_t now_us);
  int64_t next_clock() const;
  bool uses_clock() const;

  // True if nothing can come of further rows of the lane (LIMIT).
  bool satisfied(const Lane& lane) const;

  // Collectors that workers fill by themselves: one per worker, given back before end().
  std::vector<std::unique_ptr<Collector>> make_collectors(size_t step, int workers) const;
  void give_collectors(size_t step, std::vector<std::unique_ptr<Collector>> collectors);
  // The collectors whose input has ended since the last call, each with its result.
  struct Collected {
    size_t step = 0;
    std::unique_ptr<BatchSource> result;
  };
  std::vector<Collected> take_collected();

  std::optional<Error>& error() { return error_; }
  bool closed_pipe() const;
  uint64_t rows_out() const;
  uint64_t bytes_out() const;
  uint64_t emitted() const { return emitted_; }  // batches given to sinks: was there anything new?
  // Adds this part's counts to those of the steps.
  void add_stats(std::vector<StepStats>& steps) const;

  Output& output(size_t sink) { return *outputs_[sink]; }

 private:
  struct Node;

  void send(const std::vector<Plan::Reader>& readers, Batch batch);
  void deliver_all(const std::vector<Plan::Reader>& readers, Batch batch,
                   const std::string* encoded, bool prepared);
  void deliver(const Plan::Reader& reader, Batch batch, const std::string* encoded, bool prepared);
  void advance(const std::vector<Plan::Reader>& readers, int64_t watermark);
  void set_idle(const std::vector<Plan::Reader>& readers, bool idle);
  void end(const std::vector<Plan::Reader>& readers);
  bool satisfied(const std::vector<Plan::Reader>& readers) const;
  void recompute(Node& node);
  void end_node(Node& node);
  void write_late(Batch batch);
  Result<void> restore_node(Node& node, const std::string* section);
  void check(Result<void> result);

  const Plan& plan_;
  const OperatorContext context_;
  const Clock& clock_;
  RejectHandler& rejects_;
  std::vector<std::unique_ptr<Node>> nodes_;      // by step
  std::vector<std::unique_ptr<Output>> outputs_;  // by sink
  std::unique_ptr<Output> late_;
  std::vector<size_t> collected_;
  std::optional<Error> error_;
  uint64_t emitted_ = 0;
};

}  // namespace weir
