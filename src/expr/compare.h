// = <> < <= > >=, IS [NOT] DISTINCT FROM and BETWEEN.
#pragma once

#include <cstdint>

#include "expr/expr.h"

namespace weir {

enum class CompareOp : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };

// Compares row by row; NULL on either side gives NULL. Both columns have the same layout (equal
// types, or times of the same unit). NaN compares as in IEEE 754; nested values by their elements.
ColumnPtr compare_columns(CompareOp op, const Column& a, const Column& b, size_t rows);
// TRUE or FALSE, never NULL: NULLs are equal to each other.
ColumnPtr distinct_columns(bool negated, const Column& a, const Column& b, size_t rows);

// Both sides have been cast to a common type.
ExprPtr make_compare(CompareOp op, ExprPtr left, ExprPtr right);
ExprPtr make_distinct_from(bool negated, ExprPtr left, ExprPtr right);
ExprPtr make_between(ExprPtr value, ExprPtr low, ExprPtr high, bool symmetric, bool negated);

}  // namespace weir
