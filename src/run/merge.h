// Decides in which order the ordered stage takes the pieces of several sources.
//
// The result must not depend on which source happened to be read faster, so bounded sources have one
// order: by time when all of them have event time (the source whose time has come the least far goes on,
// and keeps on until it has come further than another, counted in whole seconds so that the pieces stay
// large), else one source after the other. A source's time is that of the rows it has given so far:
// records that a filter dropped do not count, because where they fall between two blocks would show.
// Unbounded sources are taken as they come.
//
// Threads: the ordered stage.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "run/piece.h"
#include "state/snapshot.h"

namespace weir {

enum class MergeOrder { kAsItComes, kByTime, kOneAfterTheOther };

class Merge {
 public:
  Merge(size_t lanes, MergeOrder order) : order_(order), lanes_(lanes) {}

  void add(size_t lane, Piece piece);
  void end(size_t lane) { lanes_[lane].ended = true; }

  // What comes next. A piece may be given in parts: `last` says that it is used up.
  struct Next {
    enum class Kind { kNothing, kPiece, kEnd };
    Kind kind = Kind::kNothing;
    size_t lane = 0;
    Piece piece;
    bool last = true;
  };
  Next next();

  // Between two calls of next(): rows of the lane's first piece that have been given already, and what is
  // to be known to go on behind them.
  size_t rows_given(size_t lane) const { return lanes_[lane].taken; }
  void snapshot(size_t lane, SnapshotWriter& writer) const {
    writer.put_i64(lanes_[lane].time);
    writer.put_i64(lanes_[lane].records_time);
  }
  void restore(size_t lane, SnapshotReader& reader) {
    lanes_[lane].time = reader.get_i64();
    lanes_[lane].records_time = reader.get_i64();
  }

 private:
  struct Lane {
    std::deque<Piece> queue;
    size_t taken = 0;                 // rows of the first piece given already
    int64_t time = kMinTime;          // of the rows given so far
    int64_t records_time = kMinTime;  // of all records of the pieces used up
    bool ended = false;
    bool end_given = false;
  };

  // The lane that must go on; lanes_.size(): all have ended.
  size_t foremost() const;
  bool goes_before(size_t a, size_t b) const;
  Next take(size_t lane);
  Next take_part(size_t lane);

  const MergeOrder order_;
  std::vector<Lane> lanes_;
};

}  // namespace weir
