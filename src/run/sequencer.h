// Restores input order behind the parallel stage, without a thread of its own.
//
// Workers finish blocks in any order and put what they made into the block's slot. Whoever holds the next
// block in order becomes the owner of the ordered stage and goes on with it, taking along all finished
// blocks that wait behind; the others only leave theirs and claim new ones. So the ordered stage has one
// owner at a time and needs no locks, and no block is handed to a sleeping thread. This is the
// serial-in-order filter of a token pipeline (Robison et al., Intel TBB). The number of blocks between
// claim and completion is bounded, which is the backpressure.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace weir {

template <class Item>
class Sequencer {
 public:
  explicit Sequencer(size_t slots) : slots_(slots) {}

  // Waits until block `sequence` may be worked on: it lies less than `slots` ahead of the next one to
  // complete. Thread-safe. The owner of the next block never waits, so this cannot lock up.
  void enter(uint64_t sequence) {
    std::unique_lock lock(mutex_);
    ++in_flight_;
    room_.wait(lock, [&] { return sequence < next_ + slots_.size(); });
  }

  // Hands in the result of block `sequence`. If it is next in order, calls process(Item&&, last_in_flight)
  // for it and for all that wait behind it, in order, outside the lock. Thread-safe.
  template <class Process>
  void complete(uint64_t sequence, Item item, Process&& process) {
    std::unique_lock lock(mutex_);
    slots_[sequence % slots_.size()] = std::move(item);
    if (busy_) return;  // the owner looks at the slot before it leaves
    busy_ = true;
    while (slots_[next_ % slots_.size()].has_value()) {
      Item current = std::move(*slots_[next_ % slots_.size()]);
      slots_[next_ % slots_.size()].reset();
      const bool idle = in_flight_ == 1;
      lock.unlock();
      process(std::move(current), idle);
      lock.lock();
      ++next_;
      --in_flight_;
      room_.notify_all();
    }
    busy_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  std::vector<std::optional<Item>> slots_;  // by sequence modulo size
  uint64_t next_ = 0;                       // the block whose turn it is
  uint64_t in_flight_ = 0;                  // entered and not completed in order
  bool busy_ = false;                       // somebody owns the ordered stage
};

}  // namespace weir
