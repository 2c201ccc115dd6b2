// Which rows a window forgets when it fires: Flink's evictors.
//
// Source: Flink's CountEvictor, TimeEvictor, DeltaEvictor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/vec.h"
#include "config/node.h"
#include "config/options.h"
#include "data/schema.h"
#include "expr/expr.h"

namespace weir {

// A row that a window keeps.
struct KeptRow {
  uint32_t batch = 0;  // where its columns are: a number of KeptRows
  uint32_t row = 0;
  uint64_t arrival = 0;  // rows count up as they come
  int64_t time = 0;      // microseconds
  double value = 0;      // what a delta evictor compares
  bool has_value = false;
};

class Evictor {
 public:
  explicit Evictor(bool before) : before_(before) {}
  virtual ~Evictor() = default;
  // True if rows go before the result is computed, else after.
  bool before() const { return before_; }
  // Sets gone[i] for every row to forget; `rows` are in order of arrival.
  virtual void evict(std::span<const KeptRow> rows, Vec<uint8_t>& gone) const = 0;
  virtual std::string text() const = 0;  // "the last 10 records": for explain

 private:
  bool before_;
};
using EvictorPtr = std::unique_ptr<const Evictor>;

// Keeps the last n.
EvictorPtr make_count_evictor(uint64_t keep, bool before);
// Forgets rows with a time <= the largest time - keep_us.
EvictorPtr make_time_evictor(int64_t keep_us, bool before);
// Forgets rows whose value is `threshold` or more away from the last row's.
EvictorPtr make_delta_evictor(double threshold, bool before);

struct BoundEvictor {
  EvictorPtr evictor;
  ExprPtr value;  // DOUBLE, over the input: what a delta evictor compares; may be null
};
// Reads `evict = { type = "count", keep = 10, when = "after" }`. Problems go to `errors`.
BoundEvictor bind_evictor(const Node& node, const Schema& input, const TimeZone* zone,
                          Errors& errors);

}  // namespace weir
