// A double as the shortest decimal digits that name it, for rounding as people see the number.
//
// 2.675 is stored as 2.67499999999999982...; rounded to two places as written it is 2.68, which is
// what Java's BigDecimal.valueOf, and so Flink, gives.
#pragma once

#include <string>

namespace weir {

struct ShortestDigits {
  bool negative = false;
  std::string digits;  // no leading and no trailing zeros; empty for 0
  int point = 0;       // the value is 0.DIGITS * 10^point
};

ShortestDigits shortest_digits(double finite);
// Keeps `places` digits after the decimal point (negative: zeros before it), rounding half up by
// magnitude or towards zero.
void cut_digits(ShortestDigits& number, int places, bool half_up);
double digits_to_double(const ShortestDigits& number);
// Plain notation with exactly `places` digits after the point, no sign.
std::string digits_to_fixed(const ShortestDigits& number, int places);

// x kept to `places` digits after the decimal point; NaN and infinities as they are.
double round_double(double x, int places);
double truncate_double(double x, int places);

}  // namespace weir
