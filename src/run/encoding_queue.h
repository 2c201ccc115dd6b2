// Batches on their way from the ordered stage to the sinks, to be encoded by workers that have nothing else to do.
//
// The owner of the ordered stage adds a batch and goes on; a worker encodes it, and whoever finds the next text in
// order ready, and nobody writing, writes it and what is ready behind it. So texts are made side by side, and
// sinks get them in the order of the batches, all sinks together. The queue is short and holds little: the owner
// does the oldest batch itself when there is no room. Whoever looks at a sink must call finish() before.
//
// Errors:  of a sink or an encoder end it all: nothing is written any more, and the owner is told at its next call.
// Threads: help() from any; the rest in the ordered stage.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "run/output.h"

namespace weir {

class EncodingQueue {
 public:
  // Opens the queue. `wake` tells some worker to call help().
  void start(size_t room, std::function<void()> wake);
  // Closes it again: everything is written, or has failed.
  Result<void> stop();
  bool is_open() const { return !jobs_.empty(); }

  // Takes a batch for an output that encodes in parallel; the queue must be open. What its strings point into must be
  // kept by the batch. False, and nothing taken, if it is too large to be kept besides others. Throws what an encoder
  // has thrown.
  Result<bool> add(Output& output, Batch& batch);
  bool is_empty() const;
  // Waits until everything is written, and helps. Throws as add() does.
  Result<void> finish();
  void wait();  // the same without being told

  // Encodes the oldest batch that nobody has taken, if there is one.
  void help();

 private:
  struct Job {
    Output* output = nullptr;
    Batch batch;
    std::string text;
    size_t bytes = 0;  // of the batch
    bool is_encoded = false;
  };
  using Lock = std::unique_lock<std::mutex>;

  Job& job(uint64_t number) { return jobs_[number % jobs_.size()]; }
  bool has_failed() const { return failure_ || thrown_; }
  Result<void> outcome();
  void do_oldest(Lock& lock);
  void encode(Job& job, Lock& lock);
  void write_ready(Lock& lock);
  void help_or_wait(Lock& lock);

  std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable written_more_;
  std::vector<Job> jobs_;  // by number modulo size
  uint64_t added_ = 0;
  uint64_t taken_ = 0;
  uint64_t written_ = 0;
  size_t bytes_ = 0;  // of the batches added and not written
  bool writing_ = false;
  std::map<const Output*, std::vector<std::unique_ptr<Encoder>>> encoders_;  // at rest
  std::optional<Error> failure_;
  std::exception_ptr thrown_;
};

}  // namespace weir
