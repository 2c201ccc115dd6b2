// Short number texts to values without a branch per digit; inside the formats room only.
//
// Idea: Lemire, "Number Parsing at a Gigabyte per Second" (2021): eight digits at once in a register.
// A decimal such as -12.3 is its digits as an integer divided by a power of ten: both are exact in a
// double below 2^53 and 10^22, so the one division rounds correctly.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir::number {

static_assert(std::endian::native == std::endian::little);

inline constexpr double kPowersOfTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
// By sign and exponent: dividing by a negative power gives the number its sign, zero included.
inline constexpr double kSignedPowersOfTen[2][8] = {
    {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}, {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7}};

inline constexpr uint64_t kZeros = 0x3030303030303030;
inline constexpr uint64_t kPoint = '.' ^ '0';

// The values of the n digits (1..8) at p as the last bytes of a word, zeros before them; a character that is
// no digit becomes a byte above 9. Reads 8 bytes when `kPadded` (they must be readable), else only the n.
template <bool kPadded>
inline uint64_t load_digits(const char* p, size_t n) {
  uint64_t word = 0;
  if constexpr (kPadded) {
    std::memcpy(&word, p, 8);
  } else if (n >= 4) {
    uint32_t low;
    uint32_t high;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + n - 4, 4);
    word = low | static_cast<uint64_t>(high) << (8 * (n - 4));
  } else {
    const auto byte = [p](size_t i) {
      return static_cast<uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
    };
    word = byte(0) | byte(n / 2) | byte(n - 1);
  }
  return (word ^ kZeros) << (8 * (8 - n));
}

inline bool are_digits(uint64_t digits) {
  return (((digits + 0x7676767676767676) | digits) & 0x8080808080808080) == 0;
}

inline uint64_t number_of(uint64_t digits) {
  digits = digits * 10 + (digits >> 8);
  return (((digits & 0x000000FF000000FF) * 0x000F424000000064) +
          (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >>
         32;
}

// 1 to 8 digits, nothing else.
template <bool kPadded>
inline bool parse_short_digits(const char* p, size_t n, uint64_t& out) {
  const uint64_t digits = load_digits<kPadded>(p, n);
  if (!are_digits(digits)) return false;
  out = number_of(digits);
  return true;
}

// 1 to 8 characters behind the sign: digits with at most one point among them. False: something else (or
// just ".").
template <bool kPadded>
inline bool parse_short_decimal(const char* p, size_t n, bool negative, double& out) {
  uint64_t digits = load_digits<kPadded>(p, n);
  size_t fraction_digits = 0;
  // The first byte with the bit that a point has and no digit.
  const uint64_t candidates = digits & 0x1010101010101010;
  if (candidates != 0) {
    const auto shift = static_cast<unsigned>(std::countr_zero(candidates)) & 56U;
    if (((digits >> shift) & 0xFF) != kPoint || n == 1) return false;
    // The digits before the point move over it.
    const uint64_t before = digits & ((uint64_t{1} << shift) - 1);
    digits = (digits ^ before ^ (kPoint << shift)) | before << 8;
    fraction_digits = 7 - shift / 8;
  }
  if (!are_digits(digits)) return false;
  const auto integer = static_cast<double>(static_cast<int64_t>(number_of(digits)));
  out = integer / kSignedPowersOfTen[negative][fraction_digits];
  return true;
}

}  // namespace weir::number
