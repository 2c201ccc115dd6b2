// Bytes and text: Base64, character sets, valid UTF-8.
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <string>

#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

// --- Base64 (RFC 4648, with padding)
// -----------------------------------------------------------------

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kFromBase64 = [] {
  std::array<int8_t, 256> t{};
  t.fill(-1);
  for (int8_t i = 0; i < 64; ++i) t[static_cast<unsigned char>(kBase64[i])] = i;
  return t;
}();

StringRef to_base64(EvalContext& c, StringRef s) {
  const size_t total = (size_t{s.len} + 2) / 3 * 4;
  char* const out = c.arena->allocate(total);
  char* to = out;
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<unsigned char>(s.ptr[i]); };
  const auto put = [&](uint32_t bits, int digits) {
    for (int k = 0; k < 4; ++k) *to++ = k < digits ? kBase64[bits >> (18 - 6 * k) & 63] : '=';
  };
  size_t i = 0;
  for (; i + 3 <= s.len; i += 3) put(byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2), 4);
  if (s.len - i == 2) put(byte(i) << 16 | byte(i + 1) << 8, 3);
  if (s.len - i == 1) put(byte(i) << 16, 2);
  return {out, total};
}

StringRef bytes_to_base64(EvalContext& c, Bytes s) { return to_base64(c, s.bytes); }

// Padding may be missing; it may not be too long.
StringRef from_base64(EvalContext& c, StringRef s) {
  size_t n = s.len;
  while (n > 0 && s.len - n < 2 && s.ptr[n - 1] == '=') --n;
  if (n % 4 == 1 || (n != s.len && s.len % 4 != 0)) {
    fail_row(c, "not Base64: wrong length");
    return {};
  }
  char* const out = c.arena->allocate(n / 4 * 3 + 3);
  char* to = out;
  uint32_t bits = 0;
  for (size_t i = 0; i < n; ++i) {
    const int8_t digit = kFromBase64[static_cast<unsigned char>(s.ptr[i])];
    if (digit < 0) {
      fail_row(c, "not Base64: wrong character");
      return {};
    }
    bits = bits << 6 | static_cast<uint32_t>(digit);
    if (i % 4 == 3) {
      for (int shift = 16; shift >= 0; shift -= 8) *to++ = static_cast<char>(bits >> shift & 255);
      bits = 0;
    }
  }
  if (n % 4 == 3) {
    *to++ = static_cast<char>(bits >> 10 & 255);
    *to++ = static_cast<char>(bits >> 2 & 255);
  } else if (n % 4 == 2) {
    *to++ = static_cast<char>(bits >> 4 & 255);
  }
  return {out, static_cast<size_t>(to - out)};
}

// --- character sets
// ------------------------------------------------------------------------------------

enum class Charset { kAscii, kLatin1, kUtf8, kUtf16, kUtf16Be, kUtf16Le };

// Letter case, '-' and '_' do not matter.
std::optional<Charset> find_charset(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '-' && c != '_')
      plain += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (plain == "USASCII" || plain == "ASCII") return Charset::kAscii;
  if (plain == "ISO88591" || plain == "LATIN1") return Charset::kLatin1;
  if (plain == "UTF8") return Charset::kUtf8;
  if (plain == "UTF16") return Charset::kUtf16;
  if (plain == "UTF16BE") return Charset::kUtf16Be;
  if (plain == "UTF16LE") return Charset::kUtf16Le;
  return std::nullopt;
}

std::string unknown_charset(std::string_view name) {
  return fmt::format(
      "unknown character set `{}` (there are US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE, "
      "UTF-16)",
      name);
}

Result<void> check_charset(std::span<const ExprPtr> args) {
  const auto name = literal_text(args, 1);
  if (!name || find_charset(*name)) return {};
  return fail(ErrorKind::kConfig, unknown_charset(*name));
}

// Text with every invalid sequence replaced by U+FFFD; a view when nothing has to be.
StringRef make_valid(EvalContext& c, StringRef s) {
  if (is_valid_utf8(s.ptr, s.len)) return s;
  const size_t bound = size_t{s.len} * 3;
  char* const out = c.arena->allocate(bound);
  char* to = out;
  const char* const end = s.ptr + s.len;
  for (const char* p = s.ptr; p < end;) {
    const char32_t point = utf8_decode(p, end);
    to = utf8_encode(to, point == kInvalid ? kReplacement : point);
  }
  const auto used = static_cast<size_t>(to - out);
  c.arena->give_back(bound - used);
  return {out, used};
}

StringRef decode_bytes(EvalContext& c, StringRef s, bool latin1) {
  char* const out = c.arena->allocate(size_t{s.len} * 3);
  char* to = out;
  for (size_t i = 0; i < s.len; ++i) {
    const char32_t byte = static_cast<unsigned char>(s.ptr[i]);
    to = utf8_encode(to, byte < 0x80 || latin1 ? byte : kReplacement);
  }
  return {out, static_cast<size_t>(to - out)};
}

StringRef decode_utf16(EvalContext& c, StringRef s, bool big_endian) {
  const auto unit = [&](size_t i) -> char32_t {
    const char32_t a = static_cast<unsigned char>(s.ptr[i]);
    const char32_t b = static_cast<unsigned char>(s.ptr[i + 1]);
    return big_endian ? a << 8 | b : b << 8 | a;
  };
  char* const out = c.arena->allocate(size_t{s.len} * 2 + 4);
  char* to = out;
  size_t i = 0;
  while (i + 2 <= s.len) {
    char32_t point = unit(i);
    i += 2;
    const bool high = point >= 0xD800 && point < 0xDC00;
    const bool low = point >= 0xDC00 && point < 0xE000;
    if (high && i + 2 <= s.len && unit(i) >= 0xDC00 && unit(i) < 0xE000) {
      point = 0x10000 + ((point - 0xD800) << 10) + (unit(i) - 0xDC00);
      i += 2;
    } else if (high || low) {
      point = kReplacement;
    }
    to = utf8_encode(to, point);
  }
  if (i < s.len) to = utf8_encode(to, kReplacement);
  return {out, static_cast<size_t>(to - out)};
}

StringRef decode(EvalContext& c, Bytes bytes, StringRef name) {
  StringRef s = bytes.bytes;
  const auto charset = find_charset(name.view());
  if (!charset) {
    fail_row(c, unknown_charset(name.view()));
    return {};
  }
  switch (*charset) {
    case Charset::kAscii: return decode_bytes(c, s, false);
    case Charset::kLatin1: return decode_bytes(c, s, true);
    case Charset::kUtf8: return make_valid(c, s);
    case Charset::kUtf16Be: return decode_utf16(c, s, true);
    case Charset::kUtf16Le: return decode_utf16(c, s, false);
    case Charset::kUtf16: break;
  }
  // A byte order mark decides; without one it is big-endian.
  const bool marked_be = s.view().starts_with("\xFE\xFF");
  const bool marked_le = s.view().starts_with("\xFF\xFE");
  if (marked_be || marked_le) s = StringRef(s.ptr + 2, s.len - 2);
  return decode_utf16(c, s, !marked_le);
}

StringRef encode_bytes(EvalContext& c, StringRef s, char32_t limit) {
  char* const out = c.arena->allocate(s.len);
  char* to = out;
  const char* const end = s.ptr + s.len;
  for (const char* p = s.ptr; p < end;) {
    const char32_t point = utf8_decode(p, end);
    *to++ = point < limit ? static_cast<char>(point) : '?';
  }
  return {out, static_cast<size_t>(to - out)};
}

StringRef encode_utf16(EvalContext& c, StringRef s, bool big_endian, bool mark) {
  char* const out = c.arena->allocate(size_t{s.len} * 2 + 2);
  char* to = out;
  const auto put = [&](char32_t unit) {
    const auto high = static_cast<char>(unit >> 8 & 255);
    const auto low = static_cast<char>(unit & 255);
    *to++ = big_endian ? high : low;
    *to++ = big_endian ? low : high;
  };
  if (mark) put(0xFEFF);
  const char* const end = s.ptr + s.len;
  for (const char* p = s.ptr; p < end;) {
    char32_t point = utf8_decode(p, end);
    if (point == kInvalid) point = kReplacement;
    if (point >= 0x10000) {
      put(0xD800 + ((point - 0x10000) >> 10));
      put(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      put(point);
    }
  }
  return {out, static_cast<size_t>(to - out)};
}

Bytes encode(EvalContext& c, StringRef s, StringRef name) {
  const auto charset = find_charset(name.view());
  if (!charset) {
    fail_row(c, unknown_charset(name.view()));
    return {};
  }
  switch (*charset) {
    case Charset::kAscii: return {encode_bytes(c, s, 0x80)};
    case Charset::kLatin1: return {encode_bytes(c, s, 0x100)};
    case Charset::kUtf8: return {s};
    case Charset::kUtf16: return {encode_utf16(c, s, true, true)};
    case Charset::kUtf16Be: return {encode_utf16(c, s, true, false)};
    case Charset::kUtf16Le: return {encode_utf16(c, s, false, false)};
  }
  return {};
}

// --- UTF-8
// ---------------------------------------------------------------------------------------------

bool is_valid(EvalContext&, StringRef s) { return is_valid_utf8(s.ptr, s.len); }
bool is_valid_bytes(EvalContext&, Bytes s) { return is_valid_utf8(s.bytes.ptr, s.bytes.len); }
StringRef make_valid_bytes(EvalContext& c, Bytes s) { return make_valid(c, s.bytes); }

FunctionDescriptor conversion(FunctionDescriptor d) {
  d.family = "conversion";
  return d;
}

}  // namespace

FunctionList string_encode_functions() {
  return {
      scalar<to_base64>("TO_BASE64", "TO_BASE64(s STRING) -> STRING", "Gives s in Base64.",
                        "TO_BASE64('hello world')", "aGVsbG8gd29ybGQ="),
      scalar<bytes_to_base64>("TO_BASE64", "TO_BASE64(b BYTES) -> STRING", "Gives b in Base64.",
                              "TO_BASE64(X'00ff')", "AP8="),
      scalar<from_base64>("FROM_BASE64", "FROM_BASE64(s STRING) -> STRING",
                          "Decodes Base64; anything else is a data error.",
                          "FROM_BASE64('aGVsbG8gd29ybGQ=')", "hello world")
          .fails(),
      checked(
          scalar<encode>("ENCODE", "ENCODE(s STRING, charset STRING) -> BYTES",
                         "Encodes s in US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE or UTF-16.",
                         "DECODE(ENCODE('hé', 'UTF-16'), 'UTF-16')", "hé")
              .fails(),
          check_charset),
      checked(scalar<decode>(
                  "DECODE", "DECODE(b BYTES, charset STRING) -> STRING",
                  "Decodes b from US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE or UTF-16.",
                  "DECODE(X'00680069', 'UTF-16BE')", "hi")
                  .fails(),
              check_charset),
      conversion(scalar<is_valid_bytes>("IS_VALID_UTF8", "IS_VALID_UTF8(b BYTES) -> BOOLEAN",
                                        "Says whether b is valid UTF-8.", "IS_VALID_UTF8(X'c3a9')",
                                        "TRUE")),
      conversion(scalar<is_valid>(
          "IS_VALID_UTF8", "IS_VALID_UTF8(s STRING) -> BOOLEAN",
          "Says whether the bytes of s are valid UTF-8 (input is taken as it comes).",
          "IS_VALID_UTF8('é')", "TRUE")),
      conversion(scalar<make_valid_bytes>("MAKE_VALID_UTF8", "MAKE_VALID_UTF8(b BYTES) -> STRING",
                                          "Replaces each invalid sequence by U+FFFD.",
                                          "MAKE_VALID_UTF8(X'61ff62')", "a\uFFFDb")),
      conversion(scalar<make_valid>("MAKE_VALID_UTF8", "MAKE_VALID_UTF8(s STRING) -> STRING",
                                    "Replaces each invalid sequence by U+FFFD.",
                                    "MAKE_VALID_UTF8('aé')", "aé")),
  };
}

}  // namespace weir
