// The left side of a join at work: rows look for their partners in the table of the right side.
#pragma once

#include "operators/join_table.h"

namespace weir {

// A transform for inner and outer joins; it expands.
std::unique_ptr<Transform> make_pair_probe(const Join& join, std::shared_ptr<JoinTable> table,
                                           std::vector<bool> needed,
                                           const OperatorContext& context);
// One for semi, anti and mark joins.
std::unique_ptr<Transform> make_answer_probe(const Join& join, std::shared_ptr<JoinTable> table,
                                             const OperatorContext& context);
// The rows of the right side that have found no partner.
std::unique_ptr<BatchSource> make_join_rest(const Join& join, std::shared_ptr<JoinTable> table,
                                            std::vector<bool> needed);

// Rows of the right side, NULLs on the left.
Batch right_without_partner(const Join& join, const std::vector<ColumnPtr>& columns,
                            std::span<const uint32_t> rows, const std::vector<bool>& needed);

// Pairs of rows of two sides, as a batch that the condition of a join is computed on.
class PairCondition {
 public:
  PairCondition(const Join& join, const OperatorContext& context);

  // The pairs for which the condition is true, increasing; all without a condition. After that failed() tells
  // the pairs for which it could not be computed, increasing, which are not among them.
  void pick(const std::vector<ColumnPtr>& left, std::span<const uint32_t> left_rows,
            const std::vector<ColumnPtr>& right, std::span<const uint32_t> right_rows,
            Vec<uint32_t>& picked);
  const std::vector<RowFault>& failed() const { return failed_; }

 private:
  const Join& join_;
  std::vector<bool> used_;  // columns of pairs
  EvalContext eval_;
  std::vector<RowFault> failed_;
};

}  // namespace weir
