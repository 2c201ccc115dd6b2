#include "expr/functions/shortest_digits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace weir {

ShortestDigits shortest_digits(double finite) {
  ShortestDigits r;
  r.negative = std::signbit(finite);
  if (finite == 0) return r;
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(finite),
                                 std::chars_format::scientific)
                       .ptr;
  const char* p = buffer;
  for (; p < end && *p != 'e'; ++p) {
    if (*p != '.') r.digits += *p;
  }
  ++p;  // e
  if (p < end && *p == '+') ++p;
  int exponent = 0;
  std::from_chars(p, end, exponent);
  r.point = exponent + 1;
  while (!r.digits.empty() && r.digits.back() == '0') r.digits.pop_back();
  return r;
}

void cut_digits(ShortestDigits& number, int places, bool half_up) {
  const int keep = number.point + places;
  if (keep >= static_cast<int>(number.digits.size())) return;
  const bool up = half_up && keep >= 0 && number.digits[static_cast<size_t>(keep)] >= '5';
  number.digits.resize(static_cast<size_t>(std::max(keep, 0)));
  if (up) {
    while (!number.digits.empty() && number.digits.back() == '9') number.digits.pop_back();
    if (number.digits.empty()) {
      number.digits = "1";
      ++number.point;
    } else {
      ++number.digits.back();
    }
  }
  while (!number.digits.empty() && number.digits.back() == '0') number.digits.pop_back();
}

double digits_to_double(const ShortestDigits& number) {
  if (number.digits.empty()) return 0;
  std::string text = "0." + number.digits + "e" + std::to_string(number.point);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return number.negative ? -value : value;
}

std::string digits_to_fixed(const ShortestDigits& number, int places) {
  const auto digit = [&](int i) {  // i: place in the digits, may be outside
    return i >= 0 && i < static_cast<int>(number.digits.size())
               ? number.digits[static_cast<size_t>(i)]
               : '0';
  };
  const int point = number.digits.empty() ? 0 : number.point;
  std::string out;
  for (int i = 0; i < point; ++i) out += digit(i);
  if (out.empty()) out = "0";
  if (places > 0) out += '.';
  for (int i = 0; i < places; ++i) out += digit(point + i);
  return out;
}

namespace {

constexpr int kMostExactPower =
    22;  // 10^22 is the largest power of ten that a double holds exactly
constexpr auto kRealPowers = [] {
  std::array<double, kMostExactPower + 1> p{};
  p[0] = 1;
  for (size_t i = 1; i < p.size(); ++i) p[i] = p[i - 1] * 10;
  return p;
}();

double cut_exactly(double x, int places, bool half_up) {
  ShortestDigits digits = shortest_digits(x);
  cut_digits(digits, places, half_up);
  return digits_to_double(digits);
}

// Scales, takes the nearest whole number and scales back: both scalings are by an exact power, so
// the last one gives the double nearest to the decimal result. Where the scaled number is so near
// to the border between two results that rounding errors could decide, the digits do.
double cut_double(double x, int places, bool half_up) {
  if (!std::isfinite(x)) return x;
  if (places > 400) return x;
  if (places < -400) return 0;
  if (std::abs(places) > kMostExactPower) return cut_exactly(x, places, half_up);
  const double power = kRealPowers[static_cast<size_t>(std::abs(places))];
  const double scaled = std::fabs(places >= 0 ? x * power : x / power);
  if (scaled > 1e12) return cut_exactly(x, places, half_up);
  const double whole = std::floor(scaled);
  const double fraction = scaled - whole;
  const double doubt = scaled * 1e-15 + 1e-300;
  double result = whole;
  if (half_up) {
    if (std::fabs(fraction - 0.5) <= doubt) return cut_exactly(x, places, half_up);
    if (fraction > 0.5) result += 1;
  } else if (fraction != 0 && (fraction <= doubt || fraction >= 1 - doubt)) {
    return cut_exactly(x, places, half_up);
  }
  result = places >= 0 ? result / power : result * power;
  return result == 0 ? 0 : std::copysign(result, x);
}

}  // namespace

double round_double(double x, int places) { return cut_double(x, places, true); }
double truncate_double(double x, int places) { return cut_double(x, places, false); }

}  // namespace weir
