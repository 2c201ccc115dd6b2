// One JSON number token, taken apart by the grammar of RFC 8259; the decoder and the raw pre-filter
// share it, so that both agree on what a number is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::json {

// value = (negative ? -1 : 1) * mantissa * 10^exponent when `exact`.
struct Number {
  uint64_t mantissa = 0;
  int64_t exponent = 0;  // of the whole token; saturated far outside any type's range
  bool negative = false;
  bool integral = true;  // written without fraction and exponent
  bool exact = true;     // the mantissa holds every digit (at most 19 of them)
};

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// Scans the number that begins at `p`. Returns the place behind it, or nullptr when there is none:
// a sign alone, a leading zero, "+1", ".5", "1.", "1e". What follows the number is the caller's
// concern.
inline const char* scan_number(const char* p, const char* end, Number& out) {
  out = Number();
  if (p < end && *p == '-') {
    out.negative = true;
    ++p;
  }
  if (p >= end || !is_digit(*p)) return nullptr;
  uint64_t mantissa = 0;
  const char* first = p;
  while (p < end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
  if (*first == '0' && p - first > 1) return nullptr;
  int64_t digits = p - first;
  int64_t exponent = 0;
  if (p < end && *p == '.') {
    const char* fraction = ++p;
    while (p < end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
    if (p == fraction) return nullptr;
    exponent = fraction - p;
    digits -= exponent;
    out.integral = false;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    const bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    if (p >= end || !is_digit(*p)) return nullptr;
    int64_t written = 0;
    while (p < end && is_digit(*p)) {
      if (written < 100'000'000) written = written * 10 + (*p - '0');
      ++p;
    }
    exponent += minus ? -written : written;
    out.integral = false;
  }
  // Nineteen digits always fit in 64 bits; with more the mantissa above has wrapped.
  out.exact = digits <= 19;
  out.mantissa = mantissa;
  out.exponent = exponent;
  return p;
}

}  // namespace weir::json
