// File descriptors as byte streams.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "io/descriptor.h"
#include "io/input.h"
#include "io/stop_signal.h"

namespace weir {

// A pipe, terminal, socket or device read in order, or a regular file read by position (so that the
// descriptor's own offset, which may be shared, does not move).
class DescriptorStream final : public ByteStream {
 public:
  // Owns the descriptor if `owned`. `name` is for messages. `stop`: may be null; when it is raised, a read
  // that waits returns 0. `offset`: where a regular file is read from.
  DescriptorStream(int fd, bool owned, std::string name, std::shared_ptr<const StopSignal> stop,
                   uint64_t offset = 0);

  Result<size_t> read(char* to, size_t size) override;
  bool ready() override { return wait_ready(0); }
  uint64_t bytes_consumed() const override { return consumed_; }

  // Waits until a read would not block, at most so long.
  bool wait_ready(int timeout_ms);

 private:
  Descriptor owner_;
  int fd_;
  std::string name_;
  std::shared_ptr<const StopSignal> stop_;
  bool regular_ = false;
  uint64_t offset_;
  uint64_t consumed_ = 0;
};

// "stdin" for "-", else the path.
std::string input_name(const std::string& path);

}  // namespace weir
