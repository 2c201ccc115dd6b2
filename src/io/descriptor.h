// File descriptors that close themselves, and opening them with the care that a pipeline needs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

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

// The same descriptor under a number above 2; closes what it was given.
Descriptor above_standard(int fd);

}  // namespace weir
