#include "run/merge.h"

#include <algorithm>
#include <utility>

#include "data/civil.h"

namespace weir {

namespace {

constexpr int64_t kMicrosPerStep = 1'000'000;

int64_t step_of(int64_t time) {
  return time == kMinTime ? kMinTime : floor_div(time, kMicrosPerStep);
}

}  // namespace

void Merge::add(size_t lane, Piece piece) { lanes_[lane].queue.push_back(std::move(piece)); }

bool Merge::goes_before(size_t a, size_t b) const {
  if (order_ != MergeOrder::kByTime) return a < b;
  const int64_t time_a = step_of(lanes_[a].time);
  const int64_t time_b = step_of(lanes_[b].time);
  return time_a != time_b ? time_a < time_b : a < b;
}

size_t Merge::foremost() const {
  size_t best = lanes_.size();
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].end_given) continue;
    if (order_ == MergeOrder::kAsItComes && lanes_[i].queue.empty() && !lanes_[i].ended) continue;
    if (best == lanes_.size() || goes_before(i, best)) best = i;
  }
  return best;
}

Merge::Next Merge::next() {
  const size_t lane = foremost();
  if (lane == lanes_.size()) return {};
  Lane& l = lanes_[lane];
  if (!l.queue.empty()) return order_ == MergeOrder::kByTime ? take_part(lane) : take(lane);
  if (!l.ended) return {};
  l.end_given = true;
  return {Next::Kind::kEnd, lane, {}, true};
}

Merge::Next Merge::take(size_t lane) {
  Lane& l = lanes_[lane];
  Next next{Next::Kind::kPiece, lane, std::move(l.queue.front()), true};
  l.queue.pop_front();
  return next;
}

Merge::Next Merge::take_part(size_t lane) {
  Lane& l = lanes_[lane];
  Batch& batch = l.queue.front().batch;
  if (l.taken == 0) {
    for (auto& time : batch.running_max) time = std::max(time, l.records_time);
  }
  size_t end = l.taken;
  while (end < batch.rows) {
    l.time = std::max(batch.running_max[end], batch.event_time[end]);
    ++end;
    if (foremost() != lane) break;
  }
  if (end < batch.rows) {
    Next part{Next::Kind::kPiece, lane, {}, false};
    part.piece.batch = batch.slice(l.taken, end);
    part.piece.batch.max_event_time = l.time;
    l.taken = end;
    return part;
  }
  l.records_time = std::max(l.records_time, batch.max_event_time);
  const size_t begin = std::exchange(l.taken, 0);
  Next next = take(lane);
  if (begin > 0) {
    Batch rest = next.piece.batch.slice(begin, end);
    rest.records = next.piece.batch.records;
    rest.rejects = std::move(next.piece.batch.rejects);
    rest.stopped = next.piece.batch.stopped;
    next.piece.batch = std::move(rest);
  }
  next.piece.batch.max_event_time = l.time;
  return next;
}

}  // namespace weir
