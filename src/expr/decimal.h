// Decimals: 128-bit integers scaled by a power of ten, exact to 38 digits.
//
// Every function that makes a decimal gives nullopt when it does not fit into `precision` digits.
// Rounding is half up by magnitude, as Java's BigDecimal HALF_UP, which Flink uses.
#pragma once

#include <optional>
#include <string_view>

#include "data/type.h"

namespace weir {

inline constexpr int kMaxDecimalDigits = 38;

// 10^n for n in [0, 38].
Int128 power_of_ten(int n);
// Decimal digits of |value|; 1 for 0.
int decimal_digits(Int128 value);
inline bool fits_digits(Int128 value, int precision) {
  const Int128 limit = power_of_ten(precision);
  return value < limit && value > -limit;
}

std::optional<Int128> rescale_decimal(Int128 value, int from_scale, int to_scale, int precision);

// The operation on a (scale sa) and b (scale sb), as a decimal of `scale` and `precision`. b is not
// zero in divide and modulo; modulo truncates, its sign is a's.
std::optional<Int128> add_decimals(Int128 a, int sa, Int128 b, int sb, int scale, int precision);
std::optional<Int128> multiply_decimals(Int128 a, int sa, Int128 b, int sb, int scale,
                                        int precision);
std::optional<Int128> divide_decimals(Int128 a, int sa, Int128 b, int sb, int scale, int precision);
std::optional<Int128> modulo_decimals(Int128 a, int sa, Int128 b, int sb, int scale, int precision);

// "-12.345e2" -> value of the given scale, rounded. `fits` is false when it is a number but too
// large.
std::optional<Int128> parse_decimal(std::string_view text, int scale, int precision, bool& fits);
// The shortest decimal text of the double, as a decimal. nullopt for NaN and infinities too.
std::optional<Int128> decimal_from_double(double value, int scale, int precision);
double decimal_to_double(Int128 value, int scale);
// Towards zero.
Int128 decimal_to_integer(Int128 value, int scale);

}  // namespace weir
