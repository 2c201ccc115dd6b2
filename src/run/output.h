// The end of the chain: encodes batches and hands them to the sink, in order.
//
// Threads: make_encoder from any thread; write_text from one at a time (run/encoding_queue.h); the rest in the
// ordered stage, while nobody is in write_text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "plan/plan.h"

namespace weir {

class Output {
 public:
  explicit Output(const PlannedSink& planned) : planned_(planned) {}

  // Opens the sink and writes the format's header.
  Result<void> open();
  // For a run with checkpoints: finds the place to go on from, nullptr in a first run, then goes on.
  Result<std::string> find(const std::string* position, bool fresh);
  Result<void> resume();
  bool moved() const { return place_.moved; }  // see SinkPlan::Place
  // `later`: see Sink::sync_later.
  Result<std::string> checkpoint(std::vector<int>* later);
  // That checkpoint is on disk.
  Result<void> committed() { return sink_->committed(); }
  bool wants_checkpoint() const { return sink_->wants_checkpoint(); }
  std::vector<Reject> take_refused() { return sink_->take_refused(); }
  const std::string& name() const { return planned_.name; }
  Result<void> reopen();  // log rotation, see Sink::reopen
  bool can_reopen() const { return sink_ && sink_->can_reopen(); }
  // The end of a run with checkpoints: more may follow in the next.
  Result<void> close();
  // True if workers may encode batches themselves, each with an encoder of its own.
  bool encodes_in_parallel() const;
  std::unique_ptr<Encoder> make_encoder() const;

  // Writes a batch; `encoded` is its text if a worker has encoded it, else nullptr.
  Result<void> write(const Batch& batch, const std::string* encoded);
  // The same in two parts, the second of them elsewhere: counts the rows, then writes their text.
  void count(size_t rows) { rows_ += rows; }
  Result<void> write_text(const Batch& batch, const std::string& text);
  Result<void> flush();
  Result<void> commit();  // the footer, then the sink's commit
  void abort();

  bool closed_pipe() const { return sink_ && sink_->closed_pipe(); }
  uint64_t rows() const { return rows_; }
  uint64_t bytes() const { return sink_ ? sink_->bytes_written() : 0; }

 private:
  Result<void> start(std::unique_ptr<Sink> sink, bool fresh);
  Result<void> write_held();  // rows that the encoder has held back

  const PlannedSink& planned_;
  SinkPlan::Place place_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Encoder> encoder_;
  std::string scratch_;
  uint64_t rows_ = 0;
};

}  // namespace weir
