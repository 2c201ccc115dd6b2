#include "run/merge.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using weir::Batch;
using weir::Merge;
using weir::MergeOrder;
using weir::Piece;

namespace {

Piece piece(const std::vector<int64_t>& seconds) {
  Piece p;
  Batch& b = p.batch;
  b.rows = seconds.size();
  b.records = b.rows;
  int64_t max = weir::kMinTime;
  for (const int64_t s : seconds) {
    b.event_time.push_back(s * 1'000'000);
    max = std::max(max, s * 1'000'000);
    b.running_max.push_back(max);
  }
  b.max_event_time = max;
  return p;
}

// All that can be had now: "A1 A2 B1 end-A".
std::string drain(Merge& merge) {
  std::string out;
  for (;;) {
    const Merge::Next next = merge.next();
    const char lane = static_cast<char>('A' + next.lane);
    if (next.kind == Merge::Next::Kind::kNothing) return out;
    if (next.kind == Merge::Next::Kind::kEnd) {
      out += std::string("end-") + lane + " ";
      continue;
    }
    for (size_t i = 0; i < next.piece.batch.rows; ++i)
      out += lane + std::to_string(next.piece.batch.event_time[i] / 1'000'000) + " ";
  }
}

}  // namespace

TEST_CASE("sources with time take turns, whatever their pieces are and which comes first") {
  for (const bool late_b : {false, true}) {
    Merge merge(2, MergeOrder::kByTime);
    std::string got;
    const auto give_b = [&] {
      merge.add(1, piece({1, 2, 3, 4, 9}));
      merge.end(1);
    };
    if (!late_b) give_b();
    merge.add(0, piece({1, 2}));
    got += drain(merge);
    merge.add(0, piece({5, 3}));
    merge.end(0);
    got += drain(merge);
    if (late_b) give_b();
    got += drain(merge);
    INFO(got);
    // A goes first where both stand at the same second; B9 passes A5, so A3 comes after it.
    CHECK(got == "A1 B1 A2 B2 A5 B3 B4 B9 A3 end-A end-B ");
  }
}

TEST_CASE("sources without time come one after the other") {
  Merge merge(2, MergeOrder::kOneAfterTheOther);
  merge.add(1, piece({1}));
  CHECK(drain(merge).empty());
  merge.add(0, piece({7, 8}));
  CHECK(drain(merge) == "A7 A8 ");
  merge.end(1);
  merge.end(0);
  CHECK(drain(merge) == "end-A B1 end-B ");
}

TEST_CASE("unbounded sources come as they come") {
  Merge merge(2, MergeOrder::kAsItComes);
  merge.add(1, piece({1}));
  CHECK(drain(merge) == "B1 ");
  merge.end(1);
  CHECK(drain(merge) == "end-B ");
  merge.add(0, piece({2}));
  CHECK(drain(merge) == "A2 ");
}
