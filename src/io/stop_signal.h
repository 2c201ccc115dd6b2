// Wakes threads that wait for input, for good.
//
// Threads: all members from any thread.
#pragma once

#include <atomic>

namespace weir {

class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void raise();
  bool raised() const { return raised_.load(std::memory_order_acquire); }
  // Readable once raised, to be polled beside the input; -1 if the system gave no descriptor.
  int descriptor() const { return fd_; }

 private:
  std::atomic<bool> raised_{false};
  int fd_;
};

}  // namespace weir
