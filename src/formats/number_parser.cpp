#include "formats/number_parser.h"

#include <cmath>
#include <limits>

#include <fast_float/fast_float.h>

#include "formats/field_parser.h"

namespace weir {

bool parse_int64(std::string_view text, int64_t& out) {
  const char* p = text.data();
  size_t n = text.size();
  if (n == 0) return false;
  const bool negative = *p == '-';
  if (negative || *p == '+') {
    ++p;
    if (--n == 0) return false;
  }
  uint64_t value = 0;
  if (n <= 8) {
    if (!number::parse_short_digits<false>(p, n, value)) return false;
  } else {
    while (n > 1 && *p == '0') {
      ++p;
      --n;
    }
    if (n > 19) return false;
    for (size_t i = 0; i < n; ++i) {
      const auto digit = static_cast<unsigned char>(p[i] - '0');
      if (digit > 9) return false;
      value = value * 10 + digit;  // 19 digits fit in 64 bits without a sign
    }
  }
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + negative;
  if (value > limit) return false;
  out = static_cast<int64_t>(negative ? 0 - value : value);
  return true;
}

bool parse_double(std::string_view text, double& out) {
  const char* p = text.data();
  size_t n = text.size();
  if (n == 0) return false;
  const bool negative = *p == '-';
  if (negative || *p == '+') {
    ++p;
    if (--n == 0) return false;
  }
  if (n <= 8 && number::parse_short_decimal<false>(p, n, negative, out)) return true;
  if (*p == '-' || *p == '+' || p[n - 1] == ')') return false;  // "--1", "nan(1)"
  // Up to 15 digits with one point: exact in a double, one division.
  if (n <= 16) {
    uint64_t mantissa = 0;
    size_t digits = 0;
    size_t point = n;
    size_t i = 0;
    for (; i < n; ++i) {
      const auto digit = static_cast<unsigned char>(p[i] - '0');
      if (digit <= 9) {
        mantissa = mantissa * 10 + digit;
        ++digits;
      } else if (p[i] == '.' && point == n) {
        point = i;
      } else {
        break;
      }
    }
    if (i == n && digits > 0 && digits <= 15) {
      const size_t fraction = point == n ? 0 : n - point - 1;
      out = static_cast<double>(mantissa) / number::kPowersOfTen[fraction];
      if (negative) out = -out;
      return true;
    }
  }
  const auto result = fast_float::from_chars(p, p + n, out);
  if (result.ec != std::errc() || result.ptr != p + n) return false;
  // A finite number too large for a double is not one; "inf" is.
  if (std::isinf(out) && *p != 'i' && *p != 'I') return false;
  if (negative) out = -out;
  return true;
}

bool parse_float(std::string_view text, float& out) {
  double wide;
  if (!parse_double(text, wide)) return false;
  if (!std::isfinite(wide)) {
    out = static_cast<float>(wide);
    return true;
  }
  // From the text once more: rounding twice, to double and to float, can miss the nearest float.
  if (text[0] == '+') text.remove_prefix(1);
  const auto result = fast_float::from_chars(text.data(), text.data() + text.size(), out);
  return result.ec == std::errc() && !std::isinf(out);
}

namespace {

constexpr int kMaxDecimalDigits = 38;

Int128 power_of_ten(int exponent) {
  Int128 value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}

}  // namespace

bool parse_decimal(std::string_view text, int precision, int scale, Int128& out) {
  size_t i = 0;
  const size_t n = text.size();
  if (n == 0) return false;
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') ++i;

  // The digits as they stand, the place of the point and of the exponent.
  const size_t begin = i;
  size_t digits = 0;
  int64_t after_point = 0;
  bool point = false;
  for (; i < n; ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      ++digits;
      if (point) ++after_point;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  const size_t end = i;
  int64_t exponent = 0;
  if (i < n) {
    if (text[i] != 'e' && text[i] != 'E') return false;
    if (!parse_int64(text.substr(i + 1), exponent)) return false;
    if (exponent > 1'000'000 || exponent < -1'000'000) return false;
  }

  // value = digits * 10^(exponent - after_point), wanted as an integer of 10^-scale, half away from zero.
  const int64_t shift = exponent - after_point + scale;
  int64_t keep =
      static_cast<int64_t>(digits) + (shift < 0 ? shift : 0);  // digits before the rounding
  Int128 value = 0;
  int significant = 0;
  bool round_up = false;
  for (size_t k = begin; k < end; ++k) {
    if (text[k] == '.') continue;
    const int digit = text[k] - '0';
    if (keep <= 0) {
      round_up = keep == 0 && digit >= 5;
      break;
    }
    --keep;
    if (significant > 0 || digit > 0) {
      if (++significant > kMaxDecimalDigits) return false;
      value = value * 10 + digit;
    }
  }
  if (round_up) value += 1;
  if (shift > 0 && value != 0) {
    if (shift + significant > kMaxDecimalDigits) return false;
    value *= power_of_ten(static_cast<int>(shift));
  }
  if (value >= power_of_ten(precision < kMaxDecimalDigits ? precision : kMaxDecimalDigits))
    return false;
  out = negative ? -value : value;
  return true;
}

}  // namespace weir
