// Makes the run's checkpoints and gives back the one it goes on from.
//
// A checkpoint is taken by the ordered stage between two blocks: the sinks are made to last first, then the
// file is written (state/checkpoint_store.h). So after a crash a sink may be longer than the checkpoint knows,
// never shorter, and is cut back.
//
// Sections: "pipeline" (its name), "source NAME", "lane NAME", "step ID", "sink NAME", "late", "dead_letter".
// Threads: the ordered stage.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "plan/plan.h"
#include "state/checkpoint_store.h"

namespace weir {

class Checkpointer {
 public:
  // Takes the folder's lock. `fresh`: forgets what is there.
  static Result<std::unique_ptr<Checkpointer>> open(const Plan& plan, bool fresh);

  // The checkpoint that this run goes on from; nullptr in a first run, until it has saved the one that
  // stands before its first block.
  const CheckpointFile* last() const { return last_ ? &*last_ : nullptr; }
  // A section of it; nullptr if there is none.
  const std::string* find(const std::string& section) const {
    return last_ ? last_->find(section) : nullptr;
  }

  bool is_due(int64_t now_us) const { return now_us - saved_at_us_ >= interval_us_; }
  Result<void> save(CheckpointFile checkpoint, int64_t now_us);

  const std::vector<std::string>& warnings() const { return store_->warnings(); }

 private:
  Checkpointer(const Plan& plan, std::unique_ptr<CheckpointStore> store)
      : name_(plan.name), interval_us_(plan.checkpoint->interval_us), store_(std::move(store)) {}

  const std::string name_;
  const int64_t interval_us_;
  std::unique_ptr<CheckpointStore> store_;
  std::optional<CheckpointFile> last_;
  uint64_t epoch_ = 0;
  int64_t saved_at_us_ = 0;
};

}  // namespace weir
