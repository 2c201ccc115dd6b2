#include "expr/fold.h"

#include <algorithm>

#include "expr/leaf.h"

namespace weir {

ExprPtr fold(ExprPtr expr, const TimeZone* zone) {
  if (expr->as_literal() != nullptr || expr->as_column() >= 0 || !expr->is_deterministic()) {
    return expr;
  }
  std::vector<bool> used;
  expr->collect_columns(used);
  if (std::find(used.begin(), used.end(), true) != used.end()) return expr;

  Batch batch;
  batch.rows = 1;
  Arena arena(256);
  EvalContext context;
  context.arena = &arena;
  context.zone = zone;
  const ColumnPtr column = expr->eval(batch, context);
  if (!context.errors.empty()) return expr;
  Value value = value_at(*column, 0);
  value.type = expr->type();
  return make_literal(std::move(value));
}

}  // namespace weir
