// Products and dividends of two 38-digit decimals need up to 76 digits, hence 256 bits. Nearly all
// real values fit into 128, so that is tried first and the wide path only has to be right.
#include "expr/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace weir {

namespace {

using U128 = unsigned __int128;

constexpr auto kPowers = [] {
  std::array<Int128, kMaxDecimalDigits + 1> p{};
  p[0] = 1;
  for (size_t i = 1; i < p.size(); ++i) p[i] = p[i - 1] * 10;
  return p;
}();

U128 magnitude(Int128 v) { return v < 0 ? U128{0} - static_cast<U128>(v) : static_cast<U128>(v); }

// 256 bits as two halves.
struct Wide {
  U128 high = 0;
  U128 low = 0;
};

Wide multiply_wide(U128 a, U128 b) {
  const U128 mask = ~uint64_t{0};
  const U128 a0 = a & mask, a1 = a >> 64, b0 = b & mask, b1 = b >> 64;
  const U128 low = a0 * b0;
  const U128 mid1 = a1 * b0;
  const U128 mid2 = a0 * b1;
  const U128 carry = (low >> 64) + (mid1 & mask) + (mid2 & mask);
  Wide w;
  w.low = (carry << 64) | (low & mask);
  w.high = a1 * b1 + (mid1 >> 64) + (mid2 >> 64) + (carry >> 64);
  return w;
}

// Shift and subtract; `remainder` may be null. The quotient's high half is in `high`.
Wide divide_wide(Wide n, U128 d, U128* remainder) {
  Wide q;
  U128 r = 0;
  for (int i = 255; i >= 0; --i) {
    const bool top = (r >> 127) != 0;
    const U128 bit = i >= 128 ? (n.high >> (i - 128)) & 1 : (n.low >> i) & 1;
    r = (r << 1) | bit;
    if (top || r >= d) {
      r -= d;
      if (i >= 128) {
        q.high |= U128{1} << (i - 128);
      } else {
        q.low |= U128{1} << i;
      }
    }
  }
  if (remainder != nullptr) *remainder = r;
  return q;
}

std::optional<Int128> signed_result(Wide magnitude_value, bool negative, int precision) {
  if (magnitude_value.high != 0 ||
      magnitude_value.low >= static_cast<U128>(power_of_ten(precision))) {
    return std::nullopt;
  }
  const auto v = static_cast<Int128>(magnitude_value.low);
  return negative ? -v : v;
}

// n / d rounded half up.
Wide divide_rounded(Wide n, U128 d) {
  U128 r = 0;
  Wide q;
  if (n.high == 0) {
    q.low = n.low / d;
    r = n.low % d;
  } else {
    q = divide_wide(n, d, &r);
  }
  if (r >= d - r) {
    if (++q.low == 0) ++q.high;
  }
  return q;
}

}  // namespace

Int128 power_of_ten(int n) { return kPowers[static_cast<size_t>(n)]; }

int decimal_digits(Int128 value) {
  const U128 m = magnitude(value);
  int digits = 1;
  while (digits < 39 && m >= static_cast<U128>(kPowers[static_cast<size_t>(digits)])) {
    if (++digits == 39) break;
  }
  return digits;
}

std::optional<Int128> rescale_decimal(Int128 value, int from_scale, int to_scale, int precision) {
  Int128 out = value;
  if (to_scale > from_scale) {
    if (value != 0 && (to_scale - from_scale > kMaxDecimalDigits ||
                       __builtin_mul_overflow(value, power_of_ten(to_scale - from_scale), &out))) {
      return std::nullopt;
    }
  } else if (to_scale < from_scale) {
    if (from_scale - to_scale > kMaxDecimalDigits) return 0;
    const Wide q = divide_rounded({0, magnitude(value)},
                                  static_cast<U128>(power_of_ten(from_scale - to_scale)));
    out = value < 0 ? -static_cast<Int128>(q.low) : static_cast<Int128>(q.low);
  }
  if (!fits_digits(out, precision)) return std::nullopt;
  return out;
}

std::optional<Int128> add_decimals(Int128 a, int sa, Int128 b, int sb, int scale, int precision) {
  const int common = sa > sb ? sa : sb;
  Int128 x = a;
  Int128 y = b;
  Int128 sum = 0;
  if (!__builtin_mul_overflow(a, power_of_ten(common - sa), &x) &&
      !__builtin_mul_overflow(b, power_of_ten(common - sb), &y) &&
      !__builtin_add_overflow(x, y, &sum)) {
    return rescale_decimal(sum, common, scale, precision);
  }
  // 39 digits at the common scale: the result can only fit at its smaller scale, where each operand
  // has to be rounded by itself.
  const auto rx = rescale_decimal(a, sa, scale, kMaxDecimalDigits);
  const auto ry = rescale_decimal(b, sb, scale, kMaxDecimalDigits);
  if (!rx || !ry || __builtin_add_overflow(*rx, *ry, &sum) || !fits_digits(sum, precision)) {
    return std::nullopt;
  }
  return sum;
}

std::optional<Int128> multiply_decimals(Int128 a, int sa, Int128 b, int sb, int scale,
                                        int precision) {
  Int128 product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) {
    return rescale_decimal(product, sa + sb, scale, precision);
  }
  const Wide wide = multiply_wide(magnitude(a), magnitude(b));
  const bool negative = (a < 0) != (b < 0);
  int drop = sa + sb - scale;
  if (drop <= 0) return std::nullopt;  // beyond 128 bits already
  if (drop <= kMaxDecimalDigits) {
    return signed_result(divide_rounded(wide, static_cast<U128>(power_of_ten(drop))), negative,
                         precision);
  }
  // Truncating first changes nothing: half up looks at the first dropped digit alone.
  const Wide first =
      divide_wide(wide, static_cast<U128>(power_of_ten(drop - kMaxDecimalDigits)), nullptr);
  return signed_result(divide_rounded(first, static_cast<U128>(power_of_ten(kMaxDecimalDigits))),
                       negative, precision);
}

std::optional<Int128> divide_decimals(Int128 a, int sa, Int128 b, int sb, int scale,
                                      int precision) {
  if (a == 0) return 0;
  const bool negative = (a < 0) != (b < 0);
  const int shift = scale + sb - sa;
  if (shift < 0) {
    const Wide q = divide_rounded({0, magnitude(a)}, magnitude(b));
    const auto whole = static_cast<Int128>(q.low);
    return rescale_decimal(negative ? -whole : whole, -shift, 0, precision);
  }
  // At 77 digits the quotient has 39 at least, whatever b is.
  if (decimal_digits(a) + shift > 76) return std::nullopt;
  Wide n{0, magnitude(a)};
  int left = shift;
  if (left > kMaxDecimalDigits) {
    // |a| < 10^38 here, so the first step stays within 256 bits and below 10^38 in its low half
    // whenever the whole product stays below 10^76.
    const int step = kMaxDecimalDigits - decimal_digits(a);
    n.low *= static_cast<U128>(power_of_ten(step));
    left -= step;
    if (left > kMaxDecimalDigits) return std::nullopt;
  }
  n = multiply_wide(n.low, static_cast<U128>(power_of_ten(left)));
  return signed_result(divide_rounded(n, magnitude(b)), negative, precision);
}

std::optional<Int128> modulo_decimals(Int128 a, int sa, Int128 b, int sb, int scale,
                                      int precision) {
  const int common = sa > sb ? sa : sb;
  Int128 divisor = 0;
  // A divisor that large is larger than the dividend.
  if (__builtin_mul_overflow(b, power_of_ten(common - sb), &divisor)) {
    return rescale_decimal(a, sa, scale, precision);
  }
  const Wide n = multiply_wide(magnitude(a), static_cast<U128>(power_of_ten(common - sa)));
  U128 r = 0;
  if (n.high == 0) {
    r = n.low % magnitude(divisor);
  } else {
    divide_wide(n, magnitude(divisor), &r);
  }
  const auto rest = static_cast<Int128>(r);
  return rescale_decimal(a < 0 ? -rest : rest, common, scale, precision);
}

std::optional<Int128> parse_decimal(std::string_view text, int scale, int precision, bool& fits) {
  fits = true;
  size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
  U128 digits = 0;   // the significant digits, at most 39 of them
  int kept = 0;      // how many are in `digits`
  int exponent = 0;  // value = digits * 10^exponent
  bool any = false;
  bool point = false;
  bool sticky_half = false;  // the first dropped digit is 5 or more
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (kept < kMaxDecimalDigits) {
      digits = digits * 10 + static_cast<unsigned>(c - '0');
      if (digits != 0) ++kept;
      if (point) --exponent;
    } else {
      if (kept == kMaxDecimalDigits) sticky_half = c >= '5';
      ++kept;
      if (!point) ++exponent;
    }
  }
  if (!any) return std::nullopt;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && text[i] == '+') ++i;
    int e = 0;
    const auto [end, code] = std::from_chars(text.data() + i, text.data() + text.size(), e);
    if (code == std::errc::result_out_of_range) {
      fits = text[i] == '-';
      return fits ? std::optional<Int128>(0) : std::nullopt;
    }
    if (code != std::errc() || e > 100'000'000 || e < -100'000'000) return std::nullopt;
    exponent += e;
    i = static_cast<size_t>(end - text.data());
  }
  if (i != text.size()) return std::nullopt;
  if (digits == 0) return 0;
  // Dropped digits matter only when no digit before them is dropped by the scale too.
  if (sticky_half && exponent >= -scale) ++digits;
  const auto value = static_cast<Int128>(digits);
  const auto out = rescale_decimal(negative ? -value : value, -exponent, scale, precision);
  fits = out.has_value();
  return out;
}

std::optional<Int128> decimal_from_double(double value, int scale, int precision) {
  if (!std::isfinite(value)) return std::nullopt;
  std::array<char, 64> buffer{};
  const auto r = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  bool fits = false;
  return parse_decimal({buffer.data(), static_cast<size_t>(r.ptr - buffer.data())}, scale,
                       precision, fits);
}

double decimal_to_double(Int128 value, int scale) {
  // Both exact: the quotient is correctly rounded.
  if (scale <= 22 && value < (Int128{1} << 53) && value > -(Int128{1} << 53)) {
    return static_cast<double>(value) / static_cast<double>(power_of_ten(scale));
  }
  std::array<char, 64> buffer{};
  char* end = buffer.data() + buffer.size();
  char* p = end;
  U128 m = magnitude(value);
  do {
    *--p = static_cast<char>('0' + static_cast<int>(m % 10));
    m /= 10;
  } while (m != 0);
  if (value < 0) *--p = '-';
  // Written as DIGITSe-SCALE at the buffer's front.
  std::array<char, 80> text{};
  size_t n = static_cast<size_t>(end - p);
  for (size_t i = 0; i < n; ++i) text[i] = p[i];
  text[n++] = 'e';
  const auto r = std::to_chars(text.data() + n, text.data() + text.size(), -scale);
  double out = 0;
  std::from_chars(text.data(), r.ptr, out);
  return out;
}

Int128 decimal_to_integer(Int128 value, int scale) { return value / power_of_ten(scale); }

}  // namespace weir
