// Regular expressions over RE2 (linear time). A literal pattern is checked at binding; a pattern
// that is computed per row and wrong gives NULL (REGEXP: FALSE).
#include <fmt/format.h>
#include <re2/re2.h>

#include <cctype>
#include <cstring>
#include <memory>

#include "expr/functions/arena_text.h"
#include "expr/functions/arguments.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/regex_cache.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

// The compiled pattern of row after row; looked up again only when the pattern's text changes.
class RowPattern {
 public:
  explicit RowPattern(const Column& patterns) : patterns_(patterns) {}

  // nullptr: the pattern is wrong.
  const RE2* at(size_t i) {
    if (known_ && patterns_.is_constant()) return regex_.get();
    const StringRef pattern = patterns_.at<StringRef>(i);
    if (!known_ || pattern != last_) {
      regex_ = worker_regex(pattern.view());
      last_ = pattern;
      known_ = true;
    }
    return regex_.get();
  }

 private:
  const Column& patterns_;
  StringRef last_;
  bool known_ = false;
  std::shared_ptr<const RE2> regex_;
};

// The text of row i; never a null pointer, which RE2 uses for groups that took no part.
StringRef subject(Columns args, size_t i) {
  const StringRef s = args[0]->at<StringRef>(i);
  return s.ptr == nullptr ? StringRef("", 0) : s;
}

re2::StringPiece piece(StringRef s) { return {s.ptr, s.len}; }
StringRef text(re2::StringPiece p) { return {p.data(), p.size()}; }

// Calls `found(groups)` for every match from left to right. After an empty match the search goes on
// one character later, as Java's Matcher.find does. `groups` has room for n pieces.
template <class F>
void for_each_match(const RE2& regex, StringRef s, re2::StringPiece* groups, int n, F&& found) {
  const re2::StringPiece all = piece(s);
  size_t at = 0;
  while (at <= s.len && regex.Match(all, at, s.len, RE2::UNANCHORED, groups, n)) {
    found(groups);
    const char* end = groups[0].data() + groups[0].size();
    if (groups[0].empty()) {
      if (end >= s.ptr + s.len) break;
      end = utf8_advance(end, s.ptr + s.len, 1);
    }
    at = static_cast<size_t>(end - s.ptr);
  }
}

ColumnPtr regexp(Columns args, size_t rows, EvalContext& context) {
  RowPattern pattern(*args[1]);
  return map_rows<uint8_t>(Type::boolean(), args, rows, context, [&](size_t i) -> uint8_t {
    if (args[1]->at<StringRef>(i).len == 0) return 0;  // as in Flink
    const RE2* regex = pattern.at(i);
    const re2::StringPiece s = piece(subject(args, i));
    return regex != nullptr && regex->Match(s, 0, s.size(), RE2::UNANCHORED, nullptr, 0) ? 1 : 0;
  });
}

// Group `k` of the first match. NULL: no match, no such group, or the group took no part.
std::optional<StringRef> first_match(const RE2* regex, StringRef s, int64_t k) {
  if (regex == nullptr || k < 0 || k > regex->NumberOfCapturingGroups()) return std::nullopt;
  constexpr int kInline = 10;
  re2::StringPiece few[kInline];
  std::vector<re2::StringPiece> many;
  re2::StringPiece* groups = few;
  if (k >= kInline) {
    many.resize(static_cast<size_t>(k) + 1);
    groups = many.data();
  }
  if (!regex->Match(piece(s), 0, s.len, RE2::UNANCHORED, groups, static_cast<int>(k) + 1)) {
    return std::nullopt;
  }
  if (groups[k].data() == nullptr) return std::nullopt;
  return text(groups[k]);
}

// The character c of a pattern `^[^c]*`, the part before c, which is common for URLs and paths and
// needs no automaton. nullopt: another pattern.
std::optional<char> prefix_delimiter(std::string_view pattern) {
  if (!pattern.starts_with("^[^") || !pattern.ends_with("]*")) return std::nullopt;
  std::string_view inside = pattern.substr(3, pattern.size() - 5);
  if (inside.size() == 2 && inside[0] == '\\' &&
      !std::isalnum(static_cast<unsigned char>(inside[1]))) {
    inside.remove_prefix(1);
  } else if (inside == "\\" || inside == "]" || inside == "[" || inside == "^" || inside == "-") {
    return std::nullopt;
  }
  if (inside.size() != 1 || static_cast<unsigned char>(inside[0]) >= 0x80) return std::nullopt;
  return inside[0];
}

ColumnPtr extract_before(Columns args, size_t rows, EvalContext& context, char delimiter) {
  return map_rows<StringRef>(Type::string(), args, rows, context, [&](size_t i) {
    const StringRef s = subject(args, i);
    const void* at = std::memchr(s.ptr, delimiter, s.len);
    return at == nullptr
               ? s
               : StringRef(s.ptr, static_cast<size_t>(static_cast<const char*>(at) - s.ptr));
  });
}

ColumnPtr regexp_extract(Columns args, size_t rows, EvalContext& context) {
  if (rows > 0 && args.size() == 2 && args[1]->is_constant() && !args[1]->is_null(0)) {
    const auto delimiter = prefix_delimiter(args[1]->at<StringRef>(0).view());
    if (delimiter) return extract_before(args, rows, context, *delimiter);
  }
  RowPattern pattern(*args[1]);
  return map_rows<StringRef>(Type::string(), args, rows, context, [&](size_t i) {
    const int64_t k = args.size() > 2 ? args[2]->at<int64_t>(i) : 0;
    return first_match(pattern.at(i), subject(args, i), k);
  });
}

ColumnPtr regexp_extract_all(Columns args, size_t rows, EvalContext& context) {
  RowPattern pattern(*args[1]);
  const size_t n = rows_to_compute(args, rows);
  ColumnPtr out = make_column(Type::array(Type::string()), n);
  ListRef* lists = out->values<ListRef>();
  Column& parts = out->child(0);
  std::vector<re2::StringPiece> groups;
  for (size_t i = 0; i < n; ++i) {
    const auto begin = static_cast<uint32_t>(parts.size());
    lists[i] = {begin, 0};
    const RE2* regex = any_null(args, i) ? nullptr : pattern.at(i);
    const int64_t k = regex != nullptr && args.size() > 2 ? args[2]->at<int64_t>(i) : 1;
    if (regex == nullptr || k < 0 || k > regex->NumberOfCapturingGroups()) {
      out->set_null(i);
      continue;
    }
    const auto group = static_cast<size_t>(k);
    groups.resize(group + 1);
    for_each_match(*regex, subject(args, i), groups.data(), static_cast<int>(k) + 1,
                   [&](const re2::StringPiece* found) {
                     if (found[group].data() == nullptr)
                       parts.push_null();
                     else
                       parts.push(text(found[group]));
                   });
    lists[i].len = static_cast<uint32_t>(parts.size()) - begin;
  }
  return finish_rows(std::move(out), args, rows, context, context.errors.size());
}

ColumnPtr regexp_count(Columns args, size_t rows, EvalContext& context) {
  RowPattern pattern(*args[1]);
  return map_rows<int32_t>(Type::integer(), args, rows, context,
                           [&](size_t i) -> std::optional<int32_t> {
                             const RE2* regex = pattern.at(i);
                             if (regex == nullptr) return std::nullopt;
                             int32_t count = 0;
                             re2::StringPiece match;
                             for_each_match(*regex, subject(args, i), &match, 1,
                                            [&](const re2::StringPiece*) { ++count; });
                             return count;
                           });
}

ColumnPtr regexp_instr(Columns args, size_t rows, EvalContext& context) {
  RowPattern pattern(*args[1]);
  return map_rows<int32_t>(Type::integer(), args, rows, context,
                           [&](size_t i) -> std::optional<int32_t> {
                             const RE2* regex = pattern.at(i);
                             if (regex == nullptr) return std::nullopt;
                             const StringRef s = subject(args, i);
                             re2::StringPiece match;
                             if (!regex->Match(piece(s), 0, s.len, RE2::UNANCHORED, &match, 1))
                               return 0;
                             const auto offset = static_cast<size_t>(match.data() - s.ptr);
                             return static_cast<int32_t>(utf8_length(s.ptr, offset)) + 1;
                           });
}

StringRef replace_all(EvalContext& context, const RE2& regex, StringRef s, StringRef with) {
  struct Span {
    size_t begin;
    size_t end;
  };
  thread_local std::vector<Span> spans;  // kept for its memory
  spans.clear();
  size_t taken = 0;
  re2::StringPiece match;
  for_each_match(regex, s, &match, 1, [&](const re2::StringPiece* found) {
    const auto begin = static_cast<size_t>(found->data() - s.ptr);
    spans.push_back({begin, begin + found->size()});
    taken += found->size();
  });
  if (spans.empty()) return s;
  const size_t total = s.len - taken + spans.size() * size_t{with.len};
  if (too_long(context, total)) return {};
  char* const out = context.arena->allocate(total);
  char* to = out;
  size_t done = 0;
  for (const Span& span : spans) {
    to = copy_bytes(to, StringRef(s.ptr + done, span.begin - done));
    to = copy_bytes(to, with);
    done = span.end;
  }
  copy_bytes(to, StringRef(s.ptr + done, s.len - done));
  return {out, total};
}

ColumnPtr regexp_replace(Columns args, size_t rows, EvalContext& context) {
  RowPattern pattern(*args[1]);
  return map_rows<StringRef>(
      Type::string(), args, rows, context, [&](size_t i) -> std::optional<StringRef> {
        const RE2* regex = pattern.at(i);
        if (regex == nullptr) return std::nullopt;
        return replace_all(context, *regex, subject(args, i), args[2]->at<StringRef>(i));
      });
}

// --- binding
// -----------------------------------------------------------------------------------------

struct Shape {
  std::string_view name;
  std::vector<Type> parameters;
  int least = 2;  // arguments
  Type result;
  Kernel kernel;
  int64_t default_group = -1;  // of the third argument; -1: it is no group number
  bool can_fail = false;
};

Result<BoundCall> bind_regex(const Shape& shape, std::span<const ExprPtr> args) {
  const int most = static_cast<int>(shape.parameters.size());
  if (auto ok = check_count(shape.name, args, shape.least, most); !ok) return fail(ok.error());
  if (auto ok = check_types(shape.name, args, shape.parameters); !ok) return fail(ok.error());
  if (const auto pattern = literal_text(args, 1)) {
    int groups = 0;
    if (auto ok = check_pattern(*pattern, &groups); !ok) return fail(ok.error());
    const auto group = args.size() > 2 ? literal_integer(args, 2) : shape.default_group;
    if (shape.default_group >= 0 && group && (*group < 0 || *group > groups)) {
      return fail(ErrorKind::kConfig,
                  fmt::format("{}: group {} is not in the pattern `{}`, which has {}", shape.name,
                              *group, *pattern, groups),
                  "group 0 is the whole match");
    }
  }
  std::vector<Type> parameters = shape.parameters;
  parameters.resize(args.size());
  return BoundCall{std::move(parameters), shape.result, shape.kernel, shape.can_fail};
}

FunctionDescriptor regex_function(std::string_view signature, std::string_view doc,
                                  std::string_view example, std::string_view result, Shape shape) {
  FunctionDescriptor d;
  d.name = shape.name;
  d.family = "regex";
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.bind = [shape = std::move(shape)](std::span<const ExprPtr> args) {
    return bind_regex(shape, args);
  };
  return d;
}

}  // namespace

FunctionList regex_functions() {
  const Type s = Type::string();
  return {
      regex_function("REGEXP(s STRING, regex STRING) -> BOOLEAN",
                     "Says whether some part of s matches the regular expression.",
                     "REGEXP('foobar', 'o+b')", "TRUE",
                     {"REGEXP", {s, s}, 2, Type::boolean(), regexp}),
      regex_function("REGEXP_COUNT(s STRING, regex STRING) -> INT", "Counts the matches in s.",
                     "REGEXP_COUNT('a1b22c', '[0-9]+')", "2",
                     {"REGEXP_COUNT", {s, s}, 2, Type::integer(), regexp_count}),
      regex_function(
          "REGEXP_EXTRACT(s STRING, regex STRING[, group BIGINT]) -> STRING",
          "Gives a group of the first match (default 0, the whole match); NULL without a match.",
          "REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar",
          {"REGEXP_EXTRACT", {s, s, Type::bigint()}, 2, s, regexp_extract, 0}),
      regex_function(
          "REGEXP_EXTRACT_ALL(s STRING, regex STRING[, group BIGINT]) -> ARRAY<STRING>",
          "Gives a group (default 1) of every match.",
          "REGEXP_EXTRACT_ALL('100-200, 300-400', '(\\d+)-(\\d+)', 2)", "[200, 400]",
          {"REGEXP_EXTRACT_ALL", {s, s, Type::bigint()}, 2, Type::array(s), regexp_extract_all, 1}),
      regex_function("REGEXP_INSTR(s STRING, regex STRING) -> INT",
                     "Gives where the first match starts, from 1; 0 without a match.",
                     "REGEXP_INSTR('hello world', 'o')", "5",
                     {"REGEXP_INSTR", {s, s}, 2, Type::integer(), regexp_instr}),
      regex_function("REGEXP_REPLACE(s STRING, regex STRING, with STRING) -> STRING",
                     "Replaces every match by with, which is taken as it is ($1 means nothing).",
                     "REGEXP_REPLACE('foobar', 'oo|ar', '')", "fb",
                     {"REGEXP_REPLACE", {s, s, s}, 3, s, regexp_replace, -1, true}),
      regex_function("REGEXP_SUBSTR(s STRING, regex STRING) -> STRING",
                     "Gives the first match; NULL without one.",
                     "REGEXP_SUBSTR('a1b22c', '[0-9]{2}')", "22",
                     {"REGEXP_SUBSTR", {s, s}, 2, s, regexp_extract}),
  };
}

}  // namespace weir
