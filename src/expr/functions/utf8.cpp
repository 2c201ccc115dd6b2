#include "expr/functions/utf8.h"

#include <algorithm>
#include <iterator>

#include "expr/functions/unicode_tables.h"

namespace weir {

char32_t utf8_decode(const char*& p, const char* end) {
  const auto byte = [&](const char* at) -> uint32_t { return static_cast<unsigned char>(*at); };
  const uint32_t first = byte(p++);
  if (first < 0x80) return first;
  // How many continuation bytes follow, and the bounds of the first of them (they exclude overlong
  // forms, surrogates and values beyond U+10FFFF).
  int more = 0;
  uint32_t low = 0x80;
  uint32_t high = 0xBF;
  uint32_t c = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    more = 1;
    c = first & 0x1F;
  } else if (first >= 0xE0 && first <= 0xEF) {
    more = 2;
    c = first & 0x0F;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    more = 3;
    c = first & 0x07;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return kInvalid;
  }
  for (int i = 0; i < more; ++i) {
    if (p == end || byte(p) < low || byte(p) > high) return kInvalid;
    c = c << 6 | (byte(p++) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return c;
}

char* utf8_encode(char* out, char32_t c) {
  const auto put = [&](uint32_t b) { *out++ = static_cast<char>(static_cast<unsigned char>(b)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
  return out;
}

bool is_valid_utf8(const char* p, size_t n) {
  const char* end = p + n;
  while (p < end) {
    if (end - p >= 8 && (load8(p) & 0x8080808080808080u) == 0) {
      p += 8;
    } else if (utf8_decode(p, end) == kInvalid) {
      return false;
    }
  }
  return true;
}

namespace {

template <size_t N>
bool is_within(const unicode::Range (&ranges)[N], uint32_t c) {
  const auto* it = std::lower_bound(std::begin(ranges), std::end(ranges), c,
                                    [](const unicode::Range& r, uint32_t x) { return r.last < x; });
  return it != std::end(ranges) && it->first <= c;
}

template <size_t N>
char32_t map_case(const unicode::CaseRun (&runs)[N], uint32_t c) {
  const auto* it =
      std::upper_bound(std::begin(runs), std::end(runs), c,
                       [](uint32_t x, const unicode::CaseRun& r) { return x < r.first; });
  if (it == std::begin(runs)) return c;
  --it;
  if (c > it->last || (c - it->first) % it->step != 0) return c;
  return static_cast<char32_t>(static_cast<int32_t>(c) + it->delta);
}

}  // namespace

bool is_letter(char32_t c) {
  if (c < 0x80) return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  return is_within(unicode::kLetters, c);
}

bool is_digit(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return is_within(unicode::kDigits, c);
}

char32_t to_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return map_case(unicode::kToLower, c);
}

char32_t to_upper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  return map_case(unicode::kToUpper, c);
}

}  // namespace weir
