// New strings from old ones: REPEAT, LPAD, RPAD, REPLACE, TRANSLATE.
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/find_bytes.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

StringRef repeat(EvalContext& c, StringRef s, int32_t n) {
  if (n <= 0 || s.len == 0) return {};
  const size_t total = size_t{s.len} * static_cast<size_t>(n);
  if (too_long(c, total)) return {};
  char* const out = c.arena->allocate(total);
  copy_bytes(out, s);
  for (size_t done = s.len; done < total;) {  // doubles what is there
    const size_t more = std::min(done, total - done);
    std::memcpy(out + done, out, more);
    done += more;
  }
  return {out, total};
}

// The first n characters of pad, repeated, written to `to`; gives the place behind. pad is not
// empty.
char* write_padding(char* to, StringRef pad, size_t n) {
  const char* const end = pad.ptr + pad.len;
  const size_t length = utf8_length(pad.ptr, pad.len);
  for (; n >= length && length > 0; n -= length) to = copy_bytes(to, pad);
  const char* const part = utf8_advance(pad.ptr, end, n);
  return copy_bytes(to, StringRef(pad.ptr, static_cast<size_t>(part - pad.ptr)));
}

template <bool kLeft>
std::optional<StringRef> pad(EvalContext& c, StringRef s, int32_t n, StringRef with) {
  if (n < 0 || with.len == 0) return std::nullopt;
  const auto want = static_cast<size_t>(n);
  const char* const end = s.ptr + s.len;
  const size_t have = utf8_length(s.ptr, s.len);
  if (want <= have)
    return StringRef(s.ptr, static_cast<size_t>(utf8_advance(s.ptr, end, want) - s.ptr));
  const size_t missing = want - have;
  // Whole paddings, rounded up.
  const size_t paddings = missing / std::max(size_t{1}, utf8_length(with.ptr, with.len)) + 1;
  const size_t bound = s.len + paddings * with.len;
  if (too_long(c, bound)) return StringRef{};
  char* const out = c.arena->allocate(bound);
  char* to = out;
  if constexpr (kLeft) {
    to = write_padding(to, with, missing);
    to = copy_bytes(to, s);
  } else {
    to = copy_bytes(to, s);
    to = write_padding(to, with, missing);
  }
  const auto used = static_cast<size_t>(to - out);
  c.arena->give_back(bound - used);
  return StringRef(out, used);
}

// As Java's String.replace: an empty `what` is found before every character and at the end.
StringRef replace_empty(EvalContext& c, StringRef s, StringRef with) {
  const size_t total = s.len + (utf8_length(s.ptr, s.len) + 1) * size_t{with.len};
  if (too_long(c, total)) return {};
  char* const out = c.arena->allocate(total);
  char* to = copy_bytes(out, with);
  const char* const end = s.ptr + s.len;
  for (const char* p = s.ptr; p < end;) {
    const char* next = utf8_advance(p, end, 1);
    to = copy_bytes(to, StringRef(p, static_cast<size_t>(next - p)));
    to = copy_bytes(to, with);
    p = next;
  }
  return {out, static_cast<size_t>(to - out)};
}

StringRef replace(EvalContext& c, StringRef s, StringRef what, StringRef with) {
  if (what.len == 0) return replace_empty(c, s, with);
  size_t at = find_bytes(s.ptr, s.len, what.ptr, what.len);
  if (at == kNotFound) return s;
  const char* const end = s.ptr + s.len;
  size_t bound = s.len;
  if (with.len > what.len) {
    for (const char* p = s.ptr + at;;) {
      bound += with.len - what.len;
      p += what.len;
      const size_t next = find_bytes(p, static_cast<size_t>(end - p), what.ptr, what.len);
      if (next == kNotFound) break;
      p += next;
    }
  }
  if (too_long(c, bound)) return {};
  char* const out = c.arena->allocate(bound);
  char* to = out;
  const char* p = s.ptr;
  while (at != kNotFound) {
    to = copy_bytes(to, StringRef(p, at));
    to = copy_bytes(to, with);
    p += at + what.len;
    at = find_bytes(p, static_cast<size_t>(end - p), what.ptr, what.len);
  }
  to = copy_bytes(to, StringRef(p, static_cast<size_t>(end - p)));
  const auto used = static_cast<size_t>(to - out);
  c.arena->give_back(bound - used);
  return {out, used};
}

// What each character of `from` becomes; the first mention of a character counts.
class Translation {
 public:
  Translation(StringRef from, StringRef to) {
    const char* p = from.ptr;
    const char* q = to.ptr;
    const char* const p_end = from.ptr + from.len;
    const char* const q_end = to.ptr + to.len;
    while (p < p_end) {
      const char* p_next = utf8_advance(p, p_end, 1);
      const char* q_next = utf8_advance(q, q_end, 1);
      map_.emplace(std::string_view(p, static_cast<size_t>(p_next - p)),
                   StringRef(q, static_cast<size_t>(q_next - q)));
      longest_ = std::max(longest_, static_cast<size_t>(q_next - q));
      p = p_next;
      q = q_next;
    }
  }

  StringRef apply(EvalContext& c, StringRef s) const {
    const size_t bound = s.len + utf8_length(s.ptr, s.len) * longest_;
    char* const out = c.arena->allocate(bound);
    char* to = out;
    const char* const end = s.ptr + s.len;
    for (const char* p = s.ptr; p < end;) {
      const char* next = utf8_advance(p, end, 1);
      const std::string_view character(p, static_cast<size_t>(next - p));
      const auto it = map_.find(character);
      to = copy_bytes(to, it == map_.end() ? StringRef(character) : it->second);
      p = next;
    }
    const auto used = static_cast<size_t>(to - out);
    c.arena->give_back(bound - used);
    return {out, used};
  }

 private:
  std::unordered_map<std::string_view, StringRef> map_;
  size_t longest_ = 0;  // bytes of the longest target
};

// NULL `from` leaves s as it is, NULL `to` is the empty string.
ColumnPtr translate(std::span<const ColumnPtr> args, size_t rows, EvalContext& context) {
  const Column& s = *args[0];
  const Column& from = *args[1];
  const Column& to = *args[2];
  const bool same = from.is_constant() && to.is_constant();
  std::optional<Translation> shared;
  return map_rows<StringRef, true>(
      Type::string(), args, rows, context, [&](size_t i) -> std::optional<StringRef> {
        if (s.is_null(i)) return std::nullopt;
        const StringRef text = s.at<StringRef>(i);
        if (from.is_null(i) || from.at<StringRef>(i).len == 0 || text.len == 0) return text;
        const StringRef target = to.is_null(i) ? StringRef{} : to.at<StringRef>(i);
        if (!same) return Translation(from.at<StringRef>(i), target).apply(context, text);
        if (!shared) shared.emplace(from.at<StringRef>(i), target);
        return shared->apply(context, text);
      });
}

FunctionDescriptor translate_function() {
  FunctionDescriptor d;
  d.name = "TRANSLATE";
  d.signature = "TRANSLATE(s STRING, from STRING, to STRING) -> STRING";
  d.doc =
      "Replaces each character of s that is in from by the one at the same place in to, or takes "
      "it away.";
  d.example = "TRANSLATE('www.apache.org', 'wapcheorg', ' APCHEcom')";
  d.result = "   .APACHE.com";
  d.parameters = {Type::string(), Type::string(), Type::string()};
  d.returns = Type::string();
  d.kernel = translate;
  return d;
}

}  // namespace

FunctionList string_build_functions() {
  return {
      scalar<repeat>("REPEAT", "REPEAT(s STRING, n INT) -> STRING", "Gives s n times in a row.",
                     "REPEAT('ab', 3)", "ababab")
          .fails(),
      scalar<pad<true>>("LPAD", "LPAD(s STRING, n INT, pad STRING) -> STRING",
                        "Fills s with pad on the left up to n characters, or cuts it to n.",
                        "LPAD('7', 4, '0')", "0007")
          .fails(),
      scalar<pad<false>>("RPAD", "RPAD(s STRING, n INT, pad STRING) -> STRING",
                         "Fills s with pad on the right up to n characters, or cuts it to n.",
                         "RPAD('hi', 5, '.-')", "hi.-.")
          .fails(),
      scalar<replace>("REPLACE", "REPLACE(s STRING, what STRING, with STRING) -> STRING",
                      "Replaces every occurrence of what in s.",
                      "REPLACE('hello world', 'world', 'weir')", "hello weir")
          .fails(),
      translate_function(),
  };
}

}  // namespace weir
