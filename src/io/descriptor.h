// File descriptors as byte streams, and opening them with the care that a pipeline needs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "io/input.h"
#include "io/stop_signal.h"

namespace weir {

// Closes on destruction.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  // Closes now; the error of close(2), or 0.
  int close();

 private:
  int fd_ = -1;
};

// open(2), close-on-exec, retried on EINTR. Never gives 0, 1 or 2: where the caller has closed a standard
// descriptor, a file opened later must not become stdout. Empty with errno set when it fails.
Descriptor open_descriptor(const std::string& path, int flags, mode_t mode = 0666);

// pread(2) until `size` bytes or the file's end; -1 with errno set when it fails.
ssize_t pread_all(int fd, char* to, size_t size, uint64_t offset);

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
