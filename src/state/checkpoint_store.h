// The folder of a pipeline's checkpoints.
//
//   LOCK                     locked for the whole run; its text (pid) is for messages only
//   ckpt-0000000000000042    one file per checkpoint (checkpoint_file.h), the last 3 are kept
//   damaged-ckpt-...         one that could not be read: put aside, never deleted
//   tmp.PID                  being written, never read; removed at the next start
//
// A checkpoint is written to a temporary file, synced, renamed, and the folder synced: after save() has
// returned it survives a loss of power.
// Errors: kBusy when another run holds the lock; kState for checkpoints that cannot be used; kIo, kDiskFull.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "state/checkpoint_file.h"

namespace weir {

class CheckpointStore {
 public:
  // Makes the folder if it is not there, and takes the lock.
  static Result<std::unique_ptr<CheckpointStore>> open(const std::string& dir);
  ~CheckpointStore();
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;

  // The newest checkpoint that can be read; nullopt in a fresh folder. Damaged ones are put aside, and
  // warnings() says so. An error if there are only damaged ones.
  Result<std::optional<CheckpointFile>> load();
  Result<void> save(const CheckpointFile& checkpoint);
  // Forgets all checkpoints.
  Result<void> clear();

  const std::vector<std::string>& warnings() const { return warnings_; }

  // The checkpoints of a folder, oldest first, without taking the lock: epochs and their files' paths.
  static Result<std::vector<std::pair<uint64_t, std::string>>> list(const std::string& dir);

 private:
  CheckpointStore(std::string dir, int lock) : dir_(std::move(dir)), lock_(lock) {}
  Result<void> sync_folder() const;
  std::string path(const std::string& name) const { return dir_ + "/" + name; }

  const std::string dir_;
  const int lock_;
  std::vector<std::string> warnings_;
};

Result<CheckpointFile> read_checkpoint(const std::string& path);

}  // namespace weir
