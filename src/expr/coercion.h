// Implicit conversions: which types meet where, and what overload resolution counts.
#pragma once

#include <optional>
#include <span>

#include "expr/expr.h"

namespace weir {

// The type that both convert to without loss (CASE, COALESCE, ARRAY[...], comparisons): the wider
// number, DECIMAL with room for both, DOUBLE for DECIMAL with FLOAT, the later precision; NULL
// gives way. nullopt: they do not meet.
std::optional<Type> common_type(const Type& a, const Type& b);
std::optional<Type> common_type(std::span<const ExprPtr> expressions);

// DECIMAL with room for every value of an integer type: INT is DECIMAL(10, 0).
Type decimal_of(const Type& integer);
// DECIMAL(p, s) cut to 38 digits as Flink does: the scale gives way, but not below min(s, 6).
Type adjusted_decimal(int precision, int scale);

// How far an argument is from a parameter: 0 equal; larger, farther; nullopt: it does not convert.
std::optional<int> conversion_cost(const Expr& argument, const Type& parameter);

}  // namespace weir
