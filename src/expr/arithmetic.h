// + - * / % and the unary minus, on numbers, times and intervals.
#pragma once

#include <cstdint>

#include "expr/expr.h"

namespace weir {

enum class ArithmeticOp : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kModulo };

// Builds the node, with the casts it needs. The result type is Flink's: the wider integer; FLOAT or
// DOUBLE as soon as one side is; DECIMAL by the precision rules; TIMESTAMP, DATE and TIME with an
// interval.
//
// Errors on rows: integers that overflow (unless wrap_overflow), x / 0 and x % 0 of integers and
// decimals, times out of range. A DECIMAL that does not fit is NULL; DOUBLE / 0 is infinite.
// Error: message only, when the types do not go together.
Result<ExprPtr> make_arithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right);
Result<ExprPtr> make_negation(ExprPtr operand);

// The parts of the above. `type` is that of the result; the arguments have been cast to it
// (integers, FLOAT, DOUBLE) or are DECIMALs of any scale.
ExprPtr make_number_arithmetic(ArithmeticOp op, Type type, ExprPtr left, ExprPtr right);
ExprPtr make_decimal_arithmetic(ArithmeticOp op, ExprPtr left, ExprPtr right);
// The result type of two DECIMALs.
Type decimal_result(ArithmeticOp op, const Type& a, const Type& b);
// `moment` is DATE, TIME, TIMESTAMP or TIMESTAMP_LTZ; `sign` 1 or -1.
ExprPtr make_time_shift(ExprPtr moment, ExprPtr interval, int sign);

}  // namespace weir
