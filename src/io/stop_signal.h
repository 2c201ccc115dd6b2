// Wakes threads that wait for input, for good.
//
// Threads: all members from any thread.
#pragma once

#include <atomic>

#include "io/descriptor.h"

namespace weir {

class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void raise();
  bool raised() const { return raised_.load(std::memory_order_acquire); }
  // Readable once raised, to be polled beside the input; -1 if the system gave no descriptor.
  int descriptor() const { return fd_.get(); }

 private:
  std::atomic<bool> raised_{false};
  Descriptor fd_;
};

}  // namespace weir
