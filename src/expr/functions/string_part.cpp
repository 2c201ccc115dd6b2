// Parts of a string, as views of it: SUBSTRING, SUBSTR, LEFT, RIGHT; and OVERLAY, which makes a new
// one.
#include <limits>

#include "expr/functions/arena_text.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

StringRef view(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

// Where the part that starts at `start` begins: 1-based, negative from the end, 0 as 1; nullptr
// when outside the string.
const char* part_start(StringRef s, int32_t start) {
  const char* const end = s.ptr + s.len;
  if (start >= 0)
    return start <= 1 ? s.ptr : utf8_advance(s.ptr, end, static_cast<size_t>(start) - 1);
  const auto back = static_cast<size_t>(-int64_t{start});
  if (back > s.len || back > utf8_length(s.ptr, s.len)) return nullptr;
  return utf8_retreat(s.ptr, end, back);
}

StringRef substring(EvalContext&, StringRef s, int32_t start) {
  const char* begin = part_start(s, start);
  return begin == nullptr ? StringRef{} : view(begin, s.ptr + s.len);
}

std::optional<StringRef> substring_length(EvalContext&, StringRef s, int32_t start,
                                          int32_t length) {
  if (length < 0) return std::nullopt;
  const char* begin = part_start(s, start);
  if (begin == nullptr) return StringRef{};
  return view(begin, utf8_advance(begin, s.ptr + s.len, static_cast<size_t>(length)));
}

StringRef left(EvalContext&, StringRef s, int32_t n) {
  if (n <= 0) return {};
  return view(s.ptr, utf8_advance(s.ptr, s.ptr + s.len, static_cast<size_t>(n)));
}

StringRef right(EvalContext&, StringRef s, int32_t n) {
  if (n <= 0) return {};
  const char* const end = s.ptr + s.len;
  if (static_cast<size_t>(n) >= s.len) return s;
  return view(utf8_retreat(s.ptr, end, static_cast<size_t>(n)), end);
}

// Flink's rules: a start outside s gives s; a length below 1 takes the rest of s away.
StringRef overlay_length(EvalContext& c, StringRef s, StringRef r, int32_t start, int32_t length) {
  const auto n = static_cast<int64_t>(utf8_length(s.ptr, s.len));
  if (start <= 0 || start > n) return s;
  const char* const end = s.ptr + s.len;
  const char* const from = utf8_advance(s.ptr, end, static_cast<size_t>(start) - 1);
  const char* const rest = length > 0 ? utf8_advance(from, end, static_cast<size_t>(length)) : end;
  const size_t total = static_cast<size_t>(from - s.ptr) + r.len + static_cast<size_t>(end - rest);
  char* const out = c.arena->allocate(total);
  char* to = copy_bytes(out, view(s.ptr, from));
  to = copy_bytes(to, r);
  copy_bytes(to, view(rest, end));
  return {out, total};
}

StringRef overlay(EvalContext& c, StringRef s, StringRef r, int32_t start) {
  return overlay_length(c, s, r, start, static_cast<int32_t>(utf8_length(r.ptr, r.len)));
}

}  // namespace

FunctionList string_part_functions() {
  const auto part = [](std::string_view name, std::string_view two, std::string_view three,
                       std::string_view example2, std::string_view example3, FunctionList& list) {
    list.push_back(scalar<substring>(
        name, two, "Gives s from character start on (1 is the first, -1 the last).", example2,
        "llo"));
    list.push_back(scalar<substring_length>(
        name, three, "Gives at most n characters of s from start on; NULL when n is negative.",
        example3, "ell"));
  };
  FunctionList list;
  part("SUBSTRING", "SUBSTRING(s STRING FROM start INT) -> STRING",
       "SUBSTRING(s STRING FROM start INT FOR n INT) -> STRING", "SUBSTRING('hello' FROM -3)",
       "SUBSTRING('hello' FROM 2 FOR 3)", list);
  part("SUBSTR", "SUBSTR(s STRING, start INT) -> STRING",
       "SUBSTR(s STRING, start INT, n INT) -> STRING", "SUBSTR('hello', 3)",
       "SUBSTR('hello', 2, 3)", list);
  list.push_back(
      scalar<left>("LEFT", "LEFT(s STRING, n INT) -> STRING",
                   "Gives the first n characters of s; the empty string for a negative n.",
                   "LEFT('größer', 3)", "grö"));
  list.push_back(
      scalar<right>("RIGHT", "RIGHT(s STRING, n INT) -> STRING",
                    "Gives the last n characters of s; the empty string for a negative n.",
                    "RIGHT('größer', 3)", "ßer"));
  list.push_back(scalar<overlay>("OVERLAY",
                                 "OVERLAY(s STRING PLACING r STRING FROM start INT) -> STRING",
                                 "Puts r over the characters of s from start on.",
                                 "OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6)", "xxxxxxxxx"));
  list.push_back(scalar<overlay_length>(
      "OVERLAY", "OVERLAY(s STRING PLACING r STRING FROM start INT FOR n INT) -> STRING",
      "Puts r in the place of n characters of s from start on.",
      "OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6 FOR 2)", "xxxxxxxxxst"));
  return list;
}

}  // namespace weir
