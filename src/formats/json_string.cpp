#include "formats/json_string.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "formats/json_structure.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::json {
namespace {

// The value of four hex digits, or -1.
int hex4(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

char* append_utf8(char* out, uint32_t c) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
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

// What a simple escape stands for, 0 when there is none of this letter.
char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

// What to write for each byte: 0 itself, 'u' \u00XX, else a backslash and this letter.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

// Length of the valid UTF-8 character at the head of `text`, 0 when there is none.
size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
  return length <= text.size() && valid_utf8(text.data(), length) ? length : 0;
}

// `text` with every byte that belongs to no valid character replaced.
std::string repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = character_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

size_t unescape(std::string_view text, char* out) {
  char* const begin = out;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const void* found = std::memchr(p, '\\', static_cast<size_t>(end - p));
    const char* stop = found == nullptr ? end : static_cast<const char*>(found);
    std::memcpy(out, p, static_cast<size_t>(stop - p));
    out += stop - p;
    p = stop;
    if (p == end) break;
    if (end - p < 2) return kBadEscape;
    if (p[1] != 'u') {
      const char c = simple_escape(p[1]);
      if (c == 0) return kBadEscape;
      *out++ = c;
      p += 2;
      continue;
    }
    if (end - p < 6) return kBadEscape;
    const int unit = hex4(p + 2);
    if (unit < 0) return kBadEscape;
    p += 6;
    auto code = static_cast<uint32_t>(unit);
    if (code >= 0xDC00 && code < 0xE000) return kBadEscape;
    if (code >= 0xD800 && code < 0xDC00) {
      if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return kBadEscape;
      const int low = hex4(p + 2);
      if (low < 0xDC00 || low >= 0xE000) return kBadEscape;
      code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
      p += 6;
    }
    out = append_utf8(out, code);
  }
  return static_cast<size_t>(out - begin);
}

void append_quoted(Vec<char>& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const size_t begin = out.size();
  // The common case copies while it looks: room for all of it, every byte escaped.
  out.resize(begin + text.size() * 6 + 2 + 16);
  char* o = out.data() + begin;
  *o++ = '"';
  const char* p = text.data();
  const char* const end = p + text.size();
  bool ascii = true;
  while (p < end) {
#if defined(__SSE2__)
    while (end - p >= 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      const __m128i special =
          _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                       _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes));
      if (_mm_movemask_epi8(bytes) != 0) ascii = false;
      _mm_storeu_si128(reinterpret_cast<__m128i*>(o), bytes);
      const int mask = _mm_movemask_epi8(special);
      if (mask != 0) {
        const int clean = __builtin_ctz(static_cast<unsigned>(mask));
        p += clean;
        o += clean;
        break;
      }
      p += 16;
      o += 16;
    }
    if (p == end) break;
#endif
    const char c = *p++;
    const char escape = kEscapes[static_cast<unsigned char>(c)];
    if (escape == 0) {
      if (static_cast<unsigned char>(c) >= 0x80) ascii = false;
      *o++ = c;
    } else {
      *o++ = '\\';
      *o++ = escape;
      if (escape == 'u') {
        *o++ = '0';
        *o++ = '0';
        *o++ = kHex[static_cast<unsigned char>(c) >> 4];
        *o++ = kHex[static_cast<unsigned char>(c) & 15];
      }
    }
  }
  if (!ascii && !valid_utf8(text.data(), text.size())) {
    out.resize(begin);
    append_quoted(out, repaired(text));
    return;
  }
  *o++ = '"';
  out.resize(static_cast<size_t>(o - out.data()));
}

void append_base64(Vec<char>& out, std::string_view bytes) {
  const auto byte = [bytes](size_t i) -> uint32_t {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out.push_back(kBase64[group >> 18]);
    out.push_back(kBase64[group >> 12 & 63]);
    out.push_back(i + 1 < bytes.size() ? kBase64[group >> 6 & 63] : '=');
    out.push_back(i + 2 < bytes.size() ? kBase64[group & 63] : '=');
  }
}

size_t decode_base64(std::string_view text, char* out) {
  char* const begin = out;
  if (text.size() % 4 != 0) return kBadEscape;
  size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  uint32_t group = 0;
  size_t digits = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) return kBadEscape;
    group = group << 6 | static_cast<uint32_t>(digit);
    if (++digits % 4 == 0) {
      *out++ = static_cast<char>(group >> 16 & 0xFF);
      *out++ = static_cast<char>(group >> 8 & 0xFF);
      *out++ = static_cast<char>(group & 0xFF);
      group = 0;
    }
  }
  if (digits % 4 == 1) return kBadEscape;
  if (digits % 4 == 2) *out++ = static_cast<char>(group >> 4 & 0xFF);
  if (digits % 4 == 3) {
    *out++ = static_cast<char>(group >> 10 & 0xFF);
    *out++ = static_cast<char>(group >> 2 & 0xFF);
  }
  return static_cast<size_t>(out - begin);
}

}  // namespace weir::json
