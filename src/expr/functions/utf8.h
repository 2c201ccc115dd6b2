// Code points of UTF-8 text. A code point is a byte that is no continuation byte, and the
// continuation bytes after it; so every byte string has a length and positions, valid or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Eight bytes at p, the first in the low bits.
inline uint64_t load8(const char* p) {
  uint64_t x;
  std::memcpy(&x, p, 8);
  return x;
}

inline bool is_ascii(const char* p, size_t n) {
  uint64_t bits = 0;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) bits |= load8(p + i);
  for (; i < n; ++i) bits |= static_cast<unsigned char>(p[i]) & 0x80u;
  return (bits & 0x8080808080808080u) == 0;
}

// How many of eight bytes are continuation bytes.
inline size_t count_continuations(uint64_t x) {
  const uint64_t m = (x & ~(x << 1) & 0x8080808080808080u) >> 7;
  return static_cast<size_t>((m * 0x0101010101010101u) >> 56);
}

inline size_t utf8_length(const char* p, size_t n) {
  size_t continuations = 0;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) continuations += count_continuations(load8(p + i));
  for (; i < n; ++i) continuations += is_continuation(p[i]);
  return n - continuations;
}

// The place n code points after p, at most `end`.
inline const char* utf8_advance(const char* p, const char* end, size_t n) {
  if (n >= static_cast<size_t>(end - p)) return end;
  if (n == 0) return p;
  while (n >= 8 && end - p >= 8) {
    n -= 8 - count_continuations(load8(p));
    p += 8;
  }
  while (p < end && is_continuation(*p)) ++p;  // of the code point the last step ended in
  for (; n > 0 && p < end; --n) {
    ++p;
    while (p < end && is_continuation(*p)) ++p;
  }
  return p;
}

// The place n code points before `end`, at least `begin`.
inline const char* utf8_retreat(const char* begin, const char* end, size_t n) {
  const char* p = end;
  for (; n > 0 && p > begin; --n) {
    --p;
    while (p > begin && is_continuation(*p)) --p;
  }
  return p;
}

inline constexpr char32_t kReplacement = 0xFFFD;

// Decodes the code point at p < end and moves p behind it. An invalid sequence gives `kInvalid` and
// moves past its longest valid start, as Unicode recommends ("maximal subparts").
inline constexpr char32_t kInvalid = 0xFFFFFFFF;
char32_t utf8_decode(const char*& p, const char* end);

// Writes a code point (1 to 4 bytes) and gives the place behind it.
char* utf8_encode(char* out, char32_t c);

bool is_valid_utf8(const char* p, size_t n);

// Unicode properties and simple case mappings (Unicode 14).
bool is_letter(char32_t c);
bool is_digit(char32_t c);
char32_t to_lower(char32_t c);
char32_t to_upper(char32_t c);

}  // namespace weir
