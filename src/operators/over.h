// OVER windows: for each row, functions of the rows around it in its partition.
//
// OverPlanParts is what is bound; OverRows computes the columns over rows that are in order. A call is one of two
// kinds: a ranking or offset function, which looks at places in the partition, or an aggregate over the
// frame. Each distinct call becomes a hidden column behind those of the input; what is written around the
// calls is computed over these.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operators/aggregation.h"
#include "operators/operator.h"
#include "operators/order_by.h"

namespace weir {

enum class RankCall {
  kRowNumber,
  kRank,
  kDenseRank,
  kPercentRank,
  kCumeDist,
  kNtile,
  kLag,
  kLead,
};

// ROW_NUMBER(), LAG(x, 2, 0): computed from places alone.
struct RankingCall {
  RankCall function = RankCall::kRowNumber;
  ExprPtr value;       // LAG and LEAD: over the input's columns
  ExprPtr otherwise;   // their default; null: NULL
  int64_t number = 1;  // rows back or forth; NTILE: how many buckets
  Type type;
};

struct Frame {
  struct Bound {
    bool unbounded = false;
    bool current = false;  // the row, or with RANGE its peers too
    bool following = false;
    Int128 distance = 0;  // rows, or the difference of the value that the order is by
    double real = 0;      // the same where that is a floating point number
  };
  bool rows = false;  // else RANGE
  Bound from;
  Bound to;
};

struct Over {
  Schema input;
  std::vector<size_t> partition;
  OrderBy order;
  Frame frame;
  bool whole = false;  // the frame is the partition
  std::vector<RankingCall> rankings;
  std::unique_ptr<AggregateProgram>
      program;    // over [input..., rankings...]; key columns are all of these
  Schema output;  // input, then the step's columns
  std::string text;

  size_t aggregates() const { return program->binding().aggregates.size(); }
};

// Binds a step's options. nullptr after errors. `spec` names the options: partition_by, order_by, frame, columns.
std::unique_ptr<Over> bind_over(const ComponentSpec& spec, const Schema& input,
                                const BindContext& context, Errors& errors);

// Rows in order of partition and ORDER BY, and what goes before them.
class OverRows {
 public:
  // `over` must outlive this.
  OverRows(const Over& over, const OperatorContext& context);

  // Where a stream goes on: what is known of the rows before the first one of the batch.
  struct Past {
    int64_t rows = 0;    // for ROW_NUMBER
    int64_t peers = 0;   // groups of peers, for DENSE_RANK
    uint32_t state = 0;  // the group of `states` that holds an unbounded frame
    AggregateStates* states = nullptr;
  };

  // The output columns for the rows from `begin` on, in a batch with the rows' own columns. `partitions`: where
  // each partition begins, then the number of rows. With `past` there is one partition, the rows before
  // `begin` are some of those that have been given already, and the frame ends at the current row. Rows
  // that fail are in context.errors of the result's rows.
  Batch compute(Batch rows, std::span<const size_t> partitions, size_t begin, Past* past,
                EvalContext& context);

 private:
  void find_peers(const Batch& rows, std::span<const size_t> partitions, EvalContext& context);
  void find_keys(const Column& column);
  ColumnPtr rank(const RankingCall& call, const Batch& rows, std::span<const size_t> partitions,
                 size_t begin, const Past* past, EvalContext& context) const;
  void aggregate(const Batch& rows, std::span<const size_t> partitions, size_t begin, Past* past,
                 std::span<const ColumnPtr> columns, EvalContext& context);
  // The frames of the rows from `begin` to `last`, of a partition that begins at `first`.
  void give_whole(const Batch& rows, size_t first, size_t last, std::span<const ColumnPtr> columns,
                  EvalContext& context);
  void grow(AggregateStates& states, uint32_t state, const Batch& rows, size_t first, size_t last,
            std::span<const ColumnPtr> columns, EvalContext& context);
  void slide(const Batch& rows, size_t first, size_t last, size_t begin,
             std::span<const ColumnPtr> columns, EvalContext& context);
  size_t edge(const Frame::Bound& bound, bool start, size_t row, size_t first, size_t last) const;
  size_t range_edge(const Frame::Bound& bound, bool start, size_t row, size_t first,
                    size_t last) const;
  void add(AggregateStates& states, uint32_t state, const Batch& rows, size_t from, size_t to,
           EvalContext& context);

  const Over& over_;
  const OperatorContext context_;
  Vec<uint32_t> peers_begin_;  // of each row
  Vec<uint32_t> peers_end_;
  // The value that the order is by, for a RANGE with a distance.
  bool real_keys_ = false;
  Vec<Int128> keys_;
  Vec<double> reals_;
  Vec<uint8_t> key_nulls_;
  AggregateStates states_;
  Vec<uint32_t> row_list_;
  Vec<uint32_t> state_list_;
};

}  // namespace weir
