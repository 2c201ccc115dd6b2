// The ordered part of a run: steps that see rows in input order, and the sinks.
//
// Rows, watermarks and ends enter where a lane's workers are done with them (run/lane.h) and go from node to
// node by plain calls. A node with several inputs has the smallest of their watermarks; an input that is
// idle or has ended does not count. A collector's node swallows its input; when that has ended, the
// result starts a lane of its own. So do the rows that a join has left when its input has ended.
//
// Large batches for sinks are encoded and written by workers while the encoding queue is open; all calls that look at
// sinks wait for these.
//
// Threads: the ordered stage, one at a time. The first error stops everything: look at error() after
// every call.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "plan/plan.h"
#include "run/encoding_queue.h"
#include "run/lane.h"
#include "run/output.h"
#include "run/reject_handler.h"
#include "run/run.h"
#include "state/checkpoint_store.h"

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
  Result<void> find_places(const CheckpointFile* last, CheckpointFile& checkpoint, bool fresh);
  Result<void> resume();
  // Makes the sinks' output last and adds their places.
  // With `later` files are not synced, but their descriptors added there.
  Result<void> checkpoint(CheckpointFile& checkpoint, std::vector<int>* later);
  // The checkpoint is on disk: rows that waited for it go out.
  Result<void> committed();
  bool wants_checkpoint() const;
  // What adds the steps' state as it will be then.
  CheckpointStore::Fill snapshot() const;
  uint64_t state_bytes() const;  // memory of the steps' state, about
  // Puts the steps' state back. `watermarks`: of the lanes. Error: kState for a step that has changed.
  Result<void> restore(const CheckpointFile& last, const std::vector<Lane>& lanes,
                       const std::vector<int64_t>& watermarks);
  // Log rotation: outputs whose files were renamed go on in new ones.
  Result<void> reopen();
  bool can_reopen() const;
  bool moved() const;  // an output begins in another place than its position says: save one soon
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
  // `behind`: the sequence number after the lane's last batch.
  void end(const Lane& lane, uint64_t behind = 0);
  // Processing time has come so far: calls those operators whose next_clock() has passed.
  void tick(int64_t now_us);
  int64_t next_clock() const;
  bool uses_clock() const;

  // True if nothing can come of further rows of the lane (LIMIT).
  bool satisfied(const Lane& lane) const;

  // True once all that the rows of `origin` are joined with has been read.
  bool ready(PlanNode origin) const;
  // A transform for a worker; of a join when its other input has been read.
  std::unique_ptr<Transform> make_transform(size_t step) const;
  // Collectors that workers fill by themselves: one per worker, given back before end(). Several lanes may
  // lead to a step, one after another.
  std::vector<std::unique_ptr<Collector>> make_collectors(size_t step, int workers) const;
  void give_collectors(size_t step, std::vector<std::unique_ptr<Collector>> collectors);
  // The steps that give batches since an input has ended, in the order in which that happened.
  struct Collected {
    size_t step = 0;
    std::unique_ptr<BatchSource> result;
    uint64_t first_sequence = 0;  // of its batches
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
  EncodingQueue& encoding() { return *encoding_; }

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
  void apply(Node& node, Batch batch);
  void finish_build(Node& node);
  bool give_rest(Node& node, uint64_t behind);
  void write_late(Batch batch);
  void write(Output& output, Batch batch, const std::string* encoded);
  std::string section_of(const Node& node) const;  // its name in a checkpoint
  // What the sink has refused goes the way of bad records.
  Result<void> settle(Output& output, Result<void> done);
  template <class Action>
  Result<void> for_outputs(Action action) {
    if (auto r = encoding_->finish(); !r) return r;
    for (auto& output : outputs_)
      if (auto r = settle(*output, action(*output)); !r) return r;
    return late_ ? settle(*late_, action(*late_)) : Result<void>{};
  }
  Result<void> restore_node(Node& node, std::optional<std::string_view> section);
  void check(Result<void> result);

  const Plan& plan_;
  const OperatorContext context_;
  const Clock& clock_;
  RejectHandler& rejects_;
  std::vector<std::unique_ptr<Node>> nodes_;      // by step
  std::vector<std::unique_ptr<Output>> outputs_;  // by sink
  std::unique_ptr<Output> late_;
  std::unique_ptr<EncodingQueue> encoding_ = std::make_unique<EncodingQueue>();
  std::vector<Collected> collected_;
  std::optional<Error> error_;
  uint64_t emitted_ = 0;
};

}  // namespace weir
