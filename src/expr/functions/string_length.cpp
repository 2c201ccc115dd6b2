// Lengths, single characters and tests of characters.
#include <algorithm>

#include "expr/functions/arena_text.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

int32_t char_length(EvalContext&, StringRef s) {
  return static_cast<int32_t>(utf8_length(s.ptr, s.len));
}

int32_t octet_length(EvalContext&, StringRef s) { return static_cast<int32_t>(s.len); }

int32_t ascii(EvalContext&, StringRef s) {
  if (s.len == 0) return 0;
  const char* p = s.ptr;
  const char32_t c = utf8_decode(p, s.ptr + s.len);
  return static_cast<int32_t>(c == kInvalid ? static_cast<unsigned char>(*s.ptr) : c);
}

StringRef chr(EvalContext& c, int64_t n) {
  if (n < 0) return {};
  char* out = c.arena->allocate(2);
  char* end = utf8_encode(out, static_cast<char32_t>(n & 0xFF));
  return {out, static_cast<size_t>(end - out)};
}

StringRef reverse(EvalContext& c, StringRef s) {
  char* const out = c.arena->allocate(s.len);
  const char* const end = s.ptr + s.len;
  if (is_ascii(s.ptr, s.len)) {
    std::reverse_copy(s.ptr, end, out);
    return {out, s.len};
  }
  char* to = out + s.len;
  for (const char* p = s.ptr; p < end;) {
    const char* next = utf8_advance(p, end, 1);
    to -= next - p;
    std::copy(p, next, to);
    p = next;
  }
  return {out, s.len};
}

}  // namespace

FunctionList string_length_functions() {
  return {
      scalar<char_length>("CHAR_LENGTH", "CHAR_LENGTH(s STRING) -> INT",
                          "Gives the number of characters (Unicode code points) of s.",
                          "CHAR_LENGTH('größer')", "6"),
      scalar<char_length>("CHARACTER_LENGTH", "CHARACTER_LENGTH(s STRING) -> INT",
                          "The same as CHAR_LENGTH.", "CHARACTER_LENGTH('abc')", "3"),
      scalar<char_length>("LENGTH", "LENGTH(s STRING) -> INT",
                          "The same as CHAR_LENGTH (not in Flink).", "LENGTH('abc')", "3"),
      scalar<octet_length>("OCTET_LENGTH", "OCTET_LENGTH(s STRING) -> INT",
                           "Gives the number of bytes of s in UTF-8 (not in Flink).",
                           "OCTET_LENGTH('größer')", "8"),
      scalar<ascii>("ASCII", "ASCII(s STRING) -> INT",
                    "Gives the code of the first character of s, 0 for the empty string.",
                    "ASCII('abc')", "97"),
      scalar<chr>("CHR", "CHR(n BIGINT) -> STRING",
                  "Gives the character with code n modulo 256; the empty string for a negative n.",
                  "CHR(353)", "a"),
      scalar<reverse>("REVERSE", "REVERSE(s STRING) -> STRING",
                      "Gives the characters of s in reverse order.", "REVERSE('Größe')", "eßörG"),
  };
}

}  // namespace weir
