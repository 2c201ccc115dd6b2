// AND, OR, NOT and the IS tests, with SQL's three truth values.
#pragma once

#include <cstdint>

#include "expr/expr.h"

namespace weir {

// FALSE AND NULL is FALSE, TRUE OR NULL is TRUE; else NULL with NULL.
ColumnPtr and_columns(const Column& a, const Column& b, size_t rows);
ColumnPtr or_columns(const Column& a, const Column& b, size_t rows);
ColumnPtr not_column(const Column& a, size_t rows);

// The right side runs only on the rows that the left side does not decide, when it may fail or when
// those are few: so x <> 0 AND 1 / x > 2 never fails.
ExprPtr make_and(ExprPtr left, ExprPtr right);
ExprPtr make_or(ExprPtr left, ExprPtr right);
ExprPtr make_not(ExprPtr operand);

enum class IsTest : uint8_t { kNull, kTrue, kFalse };
// IS UNKNOWN is IS NULL of a BOOLEAN.
ExprPtr make_is(IsTest test, bool negated, ExprPtr operand);

}  // namespace weir
