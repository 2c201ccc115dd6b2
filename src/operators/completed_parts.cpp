#include "operators/completed_parts.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

constexpr size_t kClaimedGroups = 8192;

}  // namespace

std::unique_ptr<CompletedParts::Part> CompletedParts::take() {
  std::unique_lock lock(mutex_);
  // Near the end there may be more to come of what others have in hand.
  changed_.wait(lock, [this] {
    return !begun_.empty() || next_part_ < groups_.part_count() || in_hand_ == 0;
  });
  std::unique_ptr<Part> part;
  if (!begun_.empty()) {
    part = std::move(begun_.back());
    begun_.pop_back();
  } else if (next_part_ < groups_.part_count()) {
    if (done_.empty()) {
      part = std::make_unique<Part>();
      part->room = groups_.make_room();
    } else {
      part = std::move(done_.back());
      done_.pop_back();
    }
    part->number = next_part_++;
  }
  if (part) ++in_hand_;
  return part;
}

void CompletedParts::put_back(std::unique_ptr<Part> part) {
  (part->groups == nullptr ? done_ : begun_).push_back(std::move(part));
  --in_hand_;
  changed_.notify_all();
}

bool CompletedParts::give(Part& part, Batch& batch, EvalContext& context) {
  if (part.groups == nullptr) {
    part.groups = &groups_.complete(part.number, *part.room, context);
    part.next_group = 0;
  }
  const size_t n = std::min(kClaimedGroups, part.groups->groups() - part.next_group);
  if (n > 0) {
    Vec<uint32_t> numbers(n);
    for (size_t i = 0; i < n; ++i) numbers[i] = static_cast<uint32_t>(part.next_group + i);
    batch = part.groups->result({numbers.data(), n}, context, part.groups == part.room.get());
    part.next_group += n;
  }
  if (part.next_group == part.groups->groups()) {
    part.room->clear();
    part.groups = nullptr;
  }
  return n > 0;
}

bool CompletedParts::claim(Batch& batch, EvalContext& context) {
  while (auto part = take()) {
    bool any = false;
    try {
      any = give(*part, batch, context);
    } catch (...) {  // the run ends: nobody is to wait for this part
      const std::lock_guard lock(mutex_);
      --in_hand_;
      changed_.notify_all();
      throw;
    }
    const std::lock_guard lock(mutex_);
    put_back(std::move(part));
    if (!any) continue;
    batch.sequence = next_sequence_++;
    return true;
  }
  return false;
}

}  // namespace weir
