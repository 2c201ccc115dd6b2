// What happens to records that could not be decoded or evaluated: counted, kept, or the end of the run.
//
// Threads: the ordered stage.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "data/batch.h"
#include "plan/plan.h"
#include "run/line_counter.h"

namespace weir {

class RejectHandler {
 public:
  RejectHandler(const Plan& plan, std::function<void(const std::string&)> message);

  Result<void> open();
  Result<std::string> find(const std::string* position, bool fresh);  // as in Output
  Result<void> resume();
  Result<std::string> checkpoint(std::vector<int>* later);
  Result<void> reopen();
  bool moved() const { return place_.moved; }
  bool can_reopen() const { return sink_ && sink_->can_reopen(); }
  Result<void> close() { return sink_ ? sink_->commit() : Result<void>{}; }
  // Takes the rejects of a batch. An error ends the run: the first bad record in fail mode, one more than
  // max_bad in skip mode, or a dead-letter output that cannot be written.
  Result<void> take(const Batch& batch);
  // The same for rows that a sink could not get rid of.
  Result<void> take_refused(const std::string& sink, std::vector<Reject> refused);
  // As in Sink.
  Result<void> committed() { return sink_ ? sink_->committed() : Result<void>{}; }
  bool wants_checkpoint() const { return sink_ && sink_->wants_checkpoint(); }
  Result<void> commit();
  void abort();

  uint64_t count() const { return count_; }

 private:
  Result<void> start(std::unique_ptr<Sink> sink, bool fresh);
  // Where the rejects come from: a sink, or nullptr: the batch's source.
  Result<void> take(const Batch& batch, const std::string* sink);
  std::string describe(const Batch& batch, const Reject& reject, const std::string* sink);
  std::string place_of(const Batch& batch, const Reject& reject);
  uint64_t line_of(const Batch& batch, const Reject& reject, const std::string& partition);

  const Plan& plan_;
  SinkPlan::Place place_;
  std::function<void(const std::string&)> message_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Encoder> encoder_;
  std::string encoded_;
  LineCounter lines_;
  struct Counted {
    const char* block = nullptr;
    uint64_t first_line = 0;
    uint64_t offset = 0;
    uint64_t line = 0;
  };
  Counted counted_;
  uint64_t count_ = 0;
  uint64_t shown_ = 0;
};

}  // namespace weir
