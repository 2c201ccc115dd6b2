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

inline constexpr double kPowersOfTen[] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8, 1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
// By sign and exponent: dividing by a negative power gives the number its sign, zero included.
inline constexpr double kSignedPowersOfTen[2][8] = {{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7},
                                                    {-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7}};

// The n bytes (1..8) at p as the last bytes of a word, zeros before them. Reads 8 bytes when `kPadded`
// (they must be readable), else only the n.
template <bool kPadded>
inline uint64_t load_right_aligned(const char* p, size_t n) {
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
  return word << (8 * (8 - n));
}

inline bool are_eight_digits(uint64_t word) {
  return ((word & 0xF0F0F0F0F0F0F0F0) | (((word + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) ==
         0x3333333333333333;
}

inline uint64_t eight_digits(uint64_t word) {
  word -= 0x3030303030303030;
  word = word * 10 + (word >> 8);
  return (((word & 0x000000FF000000FF) * 0x000F424000000064) +
          (((word >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >>
         32;
}

// "0" in the bytes before the last n (1..8).
inline uint64_t leading_zeros(size_t n) { return (0x3030303030303030 >> (4 * n)) >> (4 * n); }

// 1 to 8 digits, nothing else.
template <bool kPadded>
inline bool parse_short_digits(const char* p, size_t n, uint64_t& out) {
  const uint64_t word = load_right_aligned<kPadded>(p, n) | leading_zeros(n);
  if (!are_eight_digits(word)) return false;
  out = eight_digits(word);
  return true;
}

// 1 to 8 characters behind the sign: digits with at most one point among them. False: something else (or
// just ".").
template <bool kPadded>
inline bool parse_short_decimal(const char* p, size_t n, bool negative, double& out) {
  uint64_t word = load_right_aligned<kPadded>(p, n);
  const uint64_t x = word ^ 0x2E2E2E2E2E2E2E2E;
  const uint64_t points = (x - 0x0101010101010101) & ~x & 0x8080808080808080;
  size_t fraction_digits = 0;
  if (points != 0) {
    if (n == 1) return false;
    const auto point = static_cast<size_t>(std::countr_zero(points)) / 8;
    fraction_digits = 7 - point;
    const uint64_t below = (uint64_t{1} << (8 * point)) - 1;
    const uint64_t above = (~uint64_t{0} << (8 * point)) << 8;
    word = (word & above) | ((word & below) << 8);
    --n;
  }
  word |= leading_zeros(n);
  if (!are_eight_digits(word)) return false;
  out = static_cast<double>(static_cast<int64_t>(eight_digits(word))) / kSignedPowersOfTen[negative][fraction_digits];
  return true;
}

}  // namespace weir::number
