// Makes the run's checkpoints and gives back the one it goes on from.
//
// A checkpoint is taken by the ordered stage between two blocks: the sinks are made to last first, then the
// file is written (state/checkpoint_store.h). So after a crash a sink may be longer than the checkpoint knows,
// never shorter, and is cut back. Large state is written in the background, and so are the sinks synced then.
//
// Sections: "pipeline" (its name), "source NAME", "lane NAME", "step ID", "sink NAME", "late", "dead_letter".
// Threads: the ordered stage.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "run/run.h"
#include "state/checkpoint_store.h"

namespace weir {

class Checkpointer {
 public:
  // Takes the folder's lock, waiting for it and forgetting as the options say.
  static Result<std::unique_ptr<Checkpointer>> open(const Plan& plan, const RunOptions& options);

  // The checkpoint that this run goes on from; nullptr in a first run, and once it was let go.
  const CheckpointFile* last() const { return last_ ? &*last_ : nullptr; }
  void let_go() { last_.reset(); }
  // A section of it; nullopt if there is none.
  std::optional<std::string> find(std::string_view section) const;

  // True if it is time for one, and none is being written.
  bool is_due(int64_t now_us) const {
    return !store_->is_saving() && now_us - saved_at_us_ >= interval_us_;
  }
  bool is_saving() const { return store_->is_saving(); }
  // True if a checkpoint is better written in the background: if the last one was large, or the state is, for which
  // it may take a walk over all of it.
  bool wants_background(const std::function<uint64_t()>& state_bytes) const;
  // Adds the name of the pipeline and the steps' state to `checkpoint` and saves it, behind one that is being
  // written. `files`: for a save in the background; descriptors to be synced before. nullptr: at once.
  Result<void> save(CheckpointFile checkpoint, const CheckpointStore::Fill& steps, int64_t now_us,
                    const std::vector<int>* files = nullptr);
  // Takes note when one that was written in the background is done; waits for it if asked to.
  Result<void> look(bool wait) { return store_->look_at_saving(wait); }

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
