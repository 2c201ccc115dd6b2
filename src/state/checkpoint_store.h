// The folder of a pipeline's checkpoints.
//
//   LOCK                     locked for the whole run; its text (pid) is for messages only
//   ckpt-0000000000000042    one file per checkpoint (checkpoint_file.h), the last 3 are kept
//   damaged-ckpt-...         one that could not be read: put aside, never deleted
//   spill-...                state that did not fit into a run's memory (spill.h); removed at the next start
//   tmp.PID                  being written, never read; removed at the next start
//
// A checkpoint is written to a temporary file, synced, renamed, and the folder synced: after save() has
// returned it survives a loss of power.
//
// Large state is written by a child process: fork() gives it the state as it stands, page by page only where the run
// goes on to change it, so that the run stops for milliseconds and not for as long as the disk takes. The child runs
// nothing but what fills the checkpoint; it holds the lock as long as it writes, and gives up when the run has died.
// Errors: kBusy when another run holds the lock; kState for checkpoints that cannot be used; kIo, kDiskFull.
// Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "state/checkpoint_file.h"

namespace weir {

class CheckpointStore {
 public:
  // Makes the folder if it is not there, and takes the lock; waits for it so long, unless `stop` becomes
  // other than 0. warnings() says so when other users can change what is in the folder.
  static Result<std::unique_ptr<CheckpointStore>> open(const std::string& dir, int64_t wait_us = 0,
                                                       const std::atomic<int>* stop = nullptr);
  ~CheckpointStore();
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;

  // The newest checkpoint that can be read; nullopt in a fresh folder. Damaged ones are put aside, and
  // warnings() says so. An error if there are only damaged ones.
  Result<std::optional<CheckpointFile>> load();

  using Fill = std::function<void(CheckpointWriter&)>;
  Result<void> save(uint64_t epoch, uint64_t pipeline_id, const Fill& fill);
  Result<void> save(const CheckpointFile& checkpoint);
  // Lets a child process save it. `files`: descriptors that are to be synced before. One at a time.
  Result<void> start_saving(uint64_t epoch, uint64_t pipeline_id, const Fill& fill,
                            const std::vector<int>& files);
  bool is_saving() const { return child_ > 0; }
  // Looks whether the child is done, or waits for it; an error is that of its save.
  Result<void> look_at_saving(bool wait);
  uint64_t saved_bytes() const { return saved_bytes_; }  // of the last checkpoint

  // Forgets all checkpoints.
  Result<void> clear();

  const std::vector<std::string>& warnings() const { return warnings_; }

  // The checkpoints of a folder, oldest first, without taking the lock: epochs and their files' paths.
  static Result<std::vector<std::pair<uint64_t, std::string>>> list(const std::string& dir);

 private:
  CheckpointStore(std::string dir, int lock) : dir_(std::move(dir)), lock_(lock) {}
  Result<void> write(uint64_t epoch, uint64_t pipeline_id, const Fill& fill,
                     const std::function<bool()>& goes_on);
  Result<void> sync_folder() const;
  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  void leave(pid_t child);
  [[noreturn]] void run_child(uint64_t epoch, uint64_t pipeline_id, const Fill& fill,
                              const std::vector<int>& files, pid_t parent, int report);

  const std::string dir_;
  const int lock_;
  const std::string temporary_ = "tmp." + std::to_string(own_pid());
  uint64_t saved_bytes_ = 0;
  pid_t child_ = 0;
  pid_t leaving_ =
      0;             // a child that has said how it went; giving up so much memory takes it a while
  int report_ = -1;  // the child says here how it went
  std::vector<std::string> warnings_;

  static int64_t own_pid();
};

Result<CheckpointFile> read_checkpoint(const std::string& path);

}  // namespace weir
