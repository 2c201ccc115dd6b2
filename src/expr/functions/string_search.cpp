// Where a string is in another: POSITION, LOCATE, INSTR, CONTAINS, STARTSWITH, ENDSWITH.
// Positions count characters from 1; 0 means absent.
#include <cstring>

#include "expr/functions/find_bytes.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

// The position of byte `offset` of s.
int32_t position_of(StringRef s, size_t offset) {
  return static_cast<int32_t>(utf8_length(s.ptr, offset)) + 1;
}

// The first occurrence at or after character `from` (1-based). The empty string is at 1.
int32_t locate_from(EvalContext&, StringRef needle, StringRef s, int32_t from) {
  if (needle.len == 0) return 1;
  const char* const end = s.ptr + s.len;
  const char* const start =
      from > 1 ? utf8_advance(s.ptr, end, static_cast<size_t>(from) - 1) : s.ptr;
  const size_t at = find_bytes(start, static_cast<size_t>(end - start), needle.ptr, needle.len);
  return at == kNotFound ? 0 : position_of(s, static_cast<size_t>(start - s.ptr) + at);
}

int32_t locate(EvalContext&, StringRef needle, StringRef s) {
  const size_t at = find_bytes(s.ptr, s.len, needle.ptr, needle.len);
  return at == kNotFound ? 0 : position_of(s, at);
}

int32_t instr_forward(StringRef s, StringRef x, int32_t start, int32_t nth) {
  const char* const end = s.ptr + s.len;
  const char* from = utf8_advance(s.ptr, end, static_cast<size_t>(start) - 1);
  for (;;) {
    const size_t at = find_bytes(from, static_cast<size_t>(end - from), x.ptr, x.len);
    if (at == kNotFound) return 0;
    if (--nth == 0) return position_of(s, static_cast<size_t>(from - s.ptr) + at);
    from = utf8_advance(from + at, end, 1);
  }
}

// Counts `back` characters from the end and searches towards the start; occurrences may overlap.
int32_t instr_backward(StringRef s, StringRef x, int64_t back, int32_t nth) {
  const auto n = static_cast<int64_t>(utf8_length(s.ptr, s.len));
  if (back > n) return 0;
  const char* const end = s.ptr + s.len;
  auto limit = static_cast<size_t>(utf8_retreat(s.ptr, end, static_cast<size_t>(back - 1)) - s.ptr);
  for (;;) {
    const size_t at = find_last_bytes(s.ptr, limit, x.ptr, x.len);
    if (at == kNotFound) return 0;
    if (--nth == 0) return position_of(s, at);
    // The next one must start earlier: it ends before this one's last character.
    limit = static_cast<size_t>(utf8_retreat(s.ptr, s.ptr + at + x.len, 1) - s.ptr);
  }
}

int32_t instr_nth(EvalContext& c, StringRef s, StringRef x, int32_t start, int32_t nth) {
  if (nth <= 0) {
    fail_row(c, "INSTR: the number of the occurrence must be positive");
    return 0;
  }
  if (start == 0) return 0;
  if (x.len == 0) return start > 0 ? 1 : position_of(s, s.len);  // as in Flink
  return start > 0 ? instr_forward(s, x, start, nth) : instr_backward(s, x, -int64_t{start}, nth);
}

int32_t instr_from(EvalContext& c, StringRef s, StringRef x, int32_t start) {
  return instr_nth(c, s, x, start, 1);
}

int32_t instr(EvalContext& c, StringRef s, StringRef x) { return locate(c, x, s); }

bool contains(EvalContext&, StringRef s, StringRef x) {
  return find_bytes(s.ptr, s.len, x.ptr, x.len) != kNotFound;
}

bool starts_with(EvalContext&, StringRef s, StringRef x) {
  return x.len == 0 || (s.len >= x.len && std::memcmp(s.ptr, x.ptr, x.len) == 0);
}

bool ends_with(EvalContext&, StringRef s, StringRef x) {
  return x.len == 0 || (s.len >= x.len && std::memcmp(s.ptr + (s.len - x.len), x.ptr, x.len) == 0);
}

bool starts_with_bytes(EvalContext& c, Bytes s, Bytes x) {
  return starts_with(c, s.bytes, x.bytes);
}
bool ends_with_bytes(EvalContext& c, Bytes s, Bytes x) { return ends_with(c, s.bytes, x.bytes); }

}  // namespace

FunctionList string_search_functions() {
  return {
      scalar<locate>("POSITION", "POSITION(x STRING IN s STRING) -> INT",
                     "Gives where x first occurs in s, from 1; 0 when it does not.",
                     "POSITION('lo' IN 'hello')", "4"),
      scalar<locate>("LOCATE", "LOCATE(x STRING, s STRING) -> INT",
                     "Gives where x first occurs in s, from 1; 0 when it does not.",
                     "LOCATE('l', 'hello')", "3"),
      scalar<locate_from>(
          "LOCATE", "LOCATE(x STRING, s STRING, from INT) -> INT",
          "Gives where x first occurs in s at or after position from; 0 when it does not.",
          "LOCATE('l', 'hello', 4)", "4"),
      scalar<instr>("INSTR", "INSTR(s STRING, x STRING) -> INT",
                    "Gives where x first occurs in s, from 1; 0 when it does not.",
                    "INSTR('Corporate Floor', 'or')", "2"),
      scalar<instr_from>(
          "INSTR", "INSTR(s STRING, x STRING, start INT) -> INT",
          "Searches from position start; a negative start counts from the end and searches "
          "backwards.",
          "INSTR('Corporate Floor', 'or', -3)", "5")
          .fails(),
      scalar<instr_nth>("INSTR", "INSTR(s STRING, x STRING, start INT, nth INT) -> INT",
                        "Gives the position of the nth occurrence from start on.",
                        "INSTR('Corporate Floor', 'or', 3, 2)", "14")
          .fails(),
      scalar<contains>("CONTAINS", "CONTAINS(s STRING, x STRING) -> BOOLEAN",
                       "Says whether x occurs in s (not in Flink).", "CONTAINS('hello', 'ell')",
                       "TRUE"),
      scalar<starts_with>("STARTSWITH", "STARTSWITH(s STRING, x STRING) -> BOOLEAN",
                          "Says whether s starts with x.", "STARTSWITH('hello', 'he')", "TRUE"),
      scalar<starts_with_bytes>("STARTSWITH", "STARTSWITH(s BYTES, x BYTES) -> BOOLEAN",
                                "Says whether s starts with x.", "STARTSWITH(X'0c0d', X'0d')",
                                "FALSE"),
      scalar<ends_with>("ENDSWITH", "ENDSWITH(s STRING, x STRING) -> BOOLEAN",
                        "Says whether s ends with x.", "ENDSWITH('hello', 'lo')", "TRUE"),
      scalar<ends_with_bytes>("ENDSWITH", "ENDSWITH(s BYTES, x BYTES) -> BOOLEAN",
                              "Says whether s ends with x.", "ENDSWITH(X'0c0d', X'0d')", "TRUE"),
  };
}

}  // namespace weir
