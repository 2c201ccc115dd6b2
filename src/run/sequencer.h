// Restores input order behind the parallel stage, without a thread of its own.
//
// Workers finish blocks in any order and put what they made into the block's slot. Whoever holds
// the next block in order becomes the owner of the ordered stage and goes on with it, taking along
// all finished blocks that wait behind; the others only leave theirs and claim new ones. So the
// ordered stage has one owner at a time and needs no locks, and no block is handed to a sleeping
// thread. This is the serial-in-order filter of a token pipeline (Robison et al., Intel TBB). The
// number of blocks between claim and completion is bounded, which is the backpressure.
//
// Blocks come in lanes, one for each source, each with an order of its own; which lane goes first is the
// business of whoever takes the items (run/merge.h).
//
//   lane = reserve();              waits for room
//   claim from the lane's feed     finish(lane, ...) when there is nothing more
//   enter();                       the block is in flight
//   complete(lane, sequence, ...)  hands it in; release(lane) when it is used up
//
// The owner may ask for errands: work that other workers do before they claim another block.
//
//   reserve() gives kErrand        end_errand(...) when it is done
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
  static constexpr size_t kNone = static_cast<size_t>(-1);
  static constexpr size_t kErrand = static_cast<size_t>(-2);

  // At most `slots` blocks of each lane are on their way.
  Sequencer(size_t lanes, size_t slots) : lanes_(lanes) {
    for (auto& lane : lanes_) lane.slots.resize(slots);
  }

  // Waits for room and gives the lane to claim from, or kErrand; kNone when all lanes have ended, to their last
  // item, or after stop(). Takes the lane with the fewest threads waiting for input and the fewest blocks on their way,
  // so that a lane that others wait for is never left out.
  size_t reserve() {
    std::unique_lock lock(mutex_);
    size_t chosen = kNone;
    room_.wait(lock, [&] {
      return stopped_ || errands_ > 0 || is_over() || (chosen = emptiest()) != kNone;
    });
    if (stopped_) return kNone;
    if (errands_ > 0) {
      --errands_;
      ++in_flight_;
      return kErrand;
    }
    if (chosen == kNone) return kNone;
    Lane& lane = lanes_[chosen];
    ++lane.claiming;
    ++lane.reserved;
    ++lane.pending;
    return chosen;
  }

  // The reserved claim has given a block.
  void enter(size_t lane) {
    std::lock_guard lock(mutex_);
    --lanes_[lane].claiming;
    ++in_flight_;
  }

  // Hands in the result of block `sequence`. Whoever finds the ordered stage free becomes its owner: calls
  // handler.take(lane, Item&&) for all blocks that are next in their lanes, handler.end(lane) after a lane's
  // last, and handler.pause() when nothing is in flight any more, outside the lock. Thread-safe.
  template <class Handler>
  void complete(size_t lane, uint64_t sequence, Item item, Handler&& handler) {
    std::unique_lock lock(mutex_);
    auto& slots = lanes_[lane].slots;
    slots[sequence % slots.size()] = std::move(item);
    if (!busy_) drain(lock, handler);  // else the owner looks at the slots before it leaves
  }

  // The reserved claim has found the lane's end.
  template <class Handler>
  void finish(size_t lane, Handler&& handler) {
    std::unique_lock lock(mutex_);
    Lane& l = lanes_[lane];
    --l.claiming;
    --l.reserved;
    --l.pending;
    l.claimed_all = true;
    room_.notify_all();
    if (!busy_) drain(lock, handler);
  }

  // An item of the lane that take() was given is used up: there is room for another.
  void release(size_t lane) {
    std::lock_guard lock(mutex_);
    --lanes_[lane].reserved;
    room_.notify_all();
  }

  // Asks for an errand. Of the ordered stage.
  void ask_errand() {
    std::lock_guard lock(mutex_);
    ++errands_;
    room_.notify_one();
  }
  template <class Handler>
  void end_errand(Handler&& handler) {
    std::unique_lock lock(mutex_);
    --in_flight_;
    if (!busy_) drain(lock, handler);
  }

  // Runs `action` as the owner of the ordered stage, if it is free at the moment.
  template <class Action, class Handler>
  void try_own(Action&& action, Handler&& handler) {
    std::unique_lock lock(mutex_);
    if (busy_) return;
    busy_ = true;
    lock.unlock();
    action();
    lock.lock();
    drain(lock, handler);
  }

  // reserve() gives kNone from now on.
  void stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    room_.notify_all();
  }

 private:
  struct Lane {
    std::vector<std::optional<Item>> slots;  // by sequence modulo size
    uint64_t next = 0;                       // the block whose turn it is
    size_t claiming = 0;                     // threads that wait for a block
    size_t reserved = 0;                     // claims under way and blocks not used up
    size_t pending = 0;                      // claims under way and blocks not taken
    bool claimed_all = false;
    bool end_told = false;
  };

  bool is_over() const {
    for (const auto& lane : lanes_) {
      if (!lane.end_told) return false;
    }
    return !busy_;
  }

  size_t emptiest() const {
    size_t best = kNone;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      const Lane& lane = lanes_[i];
      if (lane.claimed_all || lane.reserved >= lane.slots.size()) continue;
      if (best == kNone || lane.claiming < lanes_[best].claiming ||
          (lane.claiming == lanes_[best].claiming && lane.reserved < lanes_[best].reserved))
        best = i;
    }
    return best;
  }

  template <class Handler>
  void drain(std::unique_lock<std::mutex>& lock, Handler& handler) {
    busy_ = true;
    bool found = true;
    while (found) {
      found = false;
      for (size_t i = 0; i < lanes_.size(); ++i) {
        Lane& lane = lanes_[i];
        auto& slot = lane.slots[lane.next % lane.slots.size()];
        if (slot.has_value()) {
          found = true;
          Item item = std::move(*slot);
          slot.reset();
          ++lane.next;
          --lane.pending;
          lock.unlock();
          handler.take(i, std::move(item));
          lock.lock();
          --in_flight_;
          rests_ = false;
        } else if (lane.claimed_all && lane.pending == 0 && !lane.end_told) {
          found = true;
          lane.end_told = true;
          lock.unlock();
          handler.end(i);
          lock.lock();
          rests_ = false;
        }
      }
      if (!found && in_flight_ == 0 && !rests_) {
        found = true;
        rests_ = true;
        lock.unlock();
        handler.pause();
        lock.lock();
      }
    }
    busy_ = false;
    if (is_over()) room_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable room_;
  std::vector<Lane> lanes_;
  uint64_t in_flight_ = 0;  // entered and not taken in order, and errands under way
  size_t errands_ = 0;      // asked for
  bool rests_ = true;       // nothing was taken and no lane has ended since the last pause
  bool busy_ = false;       // somebody owns the ordered stage
  bool stopped_ = false;
};

}  // namespace weir
