// Numbers and bytes in other bases: BIN, HEX, UNHEX.
#include "expr/functions/arena_text.h"
#include "expr/functions/numeric_families.h"

namespace weir {
namespace {

constexpr char kUpperHex[] = "0123456789ABCDEF";

// n in base 2^shift, two's complement for negative numbers.
StringRef in_base(EvalContext& c, int64_t n, int shift) {
  char text[64];
  char* const end = text + sizeof(text);
  char* p = end;
  auto bits = static_cast<uint64_t>(n);
  do {
    *--p = kUpperHex[bits & ((1u << shift) - 1)];
    bits >>= shift;
  } while (bits != 0);
  return copy_text(c, {p, static_cast<size_t>(end - p)});
}

StringRef bin(EvalContext& c, int64_t n) { return in_base(c, n, 1); }
StringRef hex(EvalContext& c, int64_t n) { return in_base(c, n, 4); }

StringRef hex_text(EvalContext& c, StringRef s) {
  char* const out = c.arena->allocate(2 * size_t{s.len});
  for (size_t i = 0; i < s.len; ++i) {
    out[2 * i] = kUpperHex[static_cast<unsigned char>(s.ptr[i]) >> 4];
    out[2 * i + 1] = kUpperHex[static_cast<unsigned char>(s.ptr[i]) & 15];
  }
  return {out, 2 * size_t{s.len}};
}

StringRef hex_bytes(EvalContext& c, Bytes b) { return hex_text(c, b.bytes); }

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// With an odd length the first character is dropped and a zero byte takes its place, as in Flink.
std::optional<Bytes> unhex(EvalContext& c, StringRef s) {
  const size_t n = (size_t{s.len} + 1) / 2;
  char* const out = c.arena->allocate(n);
  size_t from = 0;
  size_t to = 0;
  if (s.len % 2 == 1) {
    if (digit(s.ptr[0]) < 0) return std::nullopt;
    out[to++] = 0;
    from = 1;
  }
  for (; from < s.len; from += 2) {
    const int high = digit(s.ptr[from]);
    const int low = digit(s.ptr[from + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[to++] = static_cast<char>(high << 4 | low);
  }
  return Bytes{StringRef(out, n)};
}

}  // namespace

FunctionList numeric_base_functions() {
  return {
      scalar<bin>("BIN", "BIN(n BIGINT) -> STRING", "Gives n in binary digits.", "BIN(12)", "1100"),
      scalar<hex>("HEX", "HEX(n BIGINT) -> STRING", "Gives n in hexadecimal digits.", "HEX(100)",
                  "64"),
      scalar<hex_text>("HEX", "HEX(s STRING) -> STRING",
                       "Gives the bytes of s in hexadecimal digits.", "HEX('hello,world')",
                       "68656C6C6F2C776F726C64"),
      scalar<hex_bytes>("HEX", "HEX(b BYTES) -> STRING", "Gives the bytes in hexadecimal digits.",
                        "HEX(X'0c0d')", "0C0D"),
      scalar<unhex>(
          "UNHEX", "UNHEX(s STRING) -> BYTES",
          "Gives the bytes that s names in hexadecimal digits; NULL when it has other characters.",
          "DECODE(UNHEX('7765'), 'UTF-8')", "we"),
  };
}

}  // namespace weir
