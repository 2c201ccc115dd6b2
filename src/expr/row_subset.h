// Running an expression on some rows of a batch only, and putting such results together again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "expr/expr.h"

namespace weir {

// Evaluates on the given rows (increasing) of the batch; the result has rows.size() rows. Row
// errors are reported with the batch's row numbers.
ColumnPtr eval_rows(const Expr& expr, const Batch& batch, std::span<const uint32_t> rows,
                    EvalContext& context);

// Builds a column of `type` row by row from parts: row i is row `from[i].row` of
// parts[from[i].part].
struct PartRow {
  uint32_t part = 0;
  uint32_t row = 0;
};
ColumnPtr assemble(const Type& type, std::span<const PartRow> from,
                   std::span<const ColumnPtr> parts);

}  // namespace weir
