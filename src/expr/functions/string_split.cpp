// SPLIT, SPLIT_WORDS, SPLIT_INDEX, STR_TO_MAP: arrays, maps and parts whose strings are views of
// the input.
#include <re2/re2.h>

#include <cstring>
#include <memory>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "expr/functions/arguments.h"
#include "expr/functions/find_bytes.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/regex_cache.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

using Columns = std::span<const ColumnPtr>;

// Builds a column of lists: `fill(i, children)` appends row i's elements and gives false for NULL.
template <class F>
ColumnPtr map_lists(const Type& type, Columns args, size_t rows, EvalContext& context, F&& fill) {
  const size_t n = rows_to_compute(args, rows);
  const size_t errors_before = context.errors.size();
  ColumnPtr out = make_column(type, n);
  ListRef* lists = out->values<ListRef>();
  for (size_t i = 0; i < n; ++i) {
    const auto begin = static_cast<uint32_t>(out->child(0).size());
    const bool null = any_null(args, i) || !fill(i, *out);
    lists[i] = {begin, static_cast<uint32_t>(out->child(0).size()) - begin};
    if (null) out->set_null(i);
  }
  return finish_rows(std::move(out), args, rows, context, errors_before);
}

inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// --- SPLIT_WORDS
// -----------------------------------------------------------------------------------

// A bit per byte of p[0..64): 1 where it is white space (blank, \t \n \v \f \r).
inline uint64_t space_mask64(const char* p) {
#if defined(__SSE2__)
  const __m128i blank = _mm_set1_epi8(' ');
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i four = _mm_set1_epi8(4);
  uint64_t mask = 0;
  for (int k = 0; k < 4; ++k) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * k));
    const __m128i from_tab = _mm_sub_epi8(x, tab);  // 0..4 for \t..\r, unsigned
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, four), from_tab);
    const __m128i space = _mm_or_si128(control, _mm_cmpeq_epi8(x, blank));
    mask |= static_cast<uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(space))) << (16 * k);
  }
  return mask;
#else
  uint64_t mask = 0;
  for (int k = 0; k < 64; ++k) mask |= static_cast<uint64_t>(is_space(p[k])) << k;
  return mask;
#endif
}

// The last n bytes (1..64) of s as a mask; bits from n on are white space.
inline uint64_t tail_mask(StringRef s, size_t n) {
  const uint64_t beyond = n < 64 ? ~uint64_t{0} << n : 0;
  if (s.len >= 64) return space_mask64(s.ptr + s.len - 64) >> (64 - n) | beyond;
  char padded[64] = {};
  std::memcpy(padded, s.ptr, s.len);
  return space_mask64(padded) | beyond;
}

// A word in s, which ends at `text_end`.
inline StringRef make_word(const char* begin, const char* end, const char* text_end) {
  const auto n = static_cast<uint32_t>(end - begin);
  if (text_end - begin < 4) return {begin, n};
  StringRef word;
  word.ptr = begin;
  word.len = n;
  // Four bytes, masked to the word's without a branch: lengths around 4 cannot be predicted, and a
  // third of the time went into that. (For n >= 4 the shifted mask is some value, and `all` is
  // full.)
  std::memcpy(&word.prefix, begin, 4);
  const uint32_t all = uint32_t{0} - static_cast<uint32_t>(n >= 4);
  word.prefix &= (~uint32_t{0} >> ((32 - 8 * n) & 31)) | all;
  return word;
}

// Writes the words of s to `words`, which has room for s.len / 2 + 1, and gives the place behind
// them. Words begin and end at the edges of the space mask: where it differs from itself shifted by
// one. Not inlined, so that its few variables stay in registers.
[[gnu::noinline]] StringRef* write_words(StringRef s, StringRef* words) {
  const char* const end = s.ptr + s.len;
  const char* open = nullptr;  // start of the word that has not ended yet
  uint64_t before = 1;         // was the byte before white space?
  for (size_t at = 0; at < s.len; at += 64) {
    const size_t n = s.len - at;
    const uint64_t space = n >= 64 ? space_mask64(s.ptr + at) : tail_mask(s, n);
    uint64_t edges = space ^ (space << 1 | before);
    before = space >> 63;
    const char* const base = s.ptr + at;
    while (edges != 0) {
      if (open == nullptr) {
        open = base + __builtin_ctzll(edges);
        edges &= edges - 1;
        if (edges == 0) break;
      }
      *words++ = make_word(open, base + __builtin_ctzll(edges), end);
      edges &= edges - 1;
      open = nullptr;
    }
  }
  if (open != nullptr) *words++ = make_word(open, end, end);
  return words;
}

ColumnPtr split_words(Columns args, size_t rows, EvalContext& context) {
  const Column& in = *args[0];
  const size_t n = rows_to_compute(args, rows);
  ColumnPtr out = make_column(Type::array(Type::string()), n);
  ListRef* lists = out->values<ListRef>();
  Column& words = out->child(0);
  size_t bytes = 0;
  for (size_t i = 0; i < n; ++i) bytes += in.is_null(i) ? 0 : in.at<StringRef>(i).len;
  words.reserve(bytes / 5 + 64);  // texts have a word per 5 to 7 bytes; others grow on the way
  size_t count = 0;
  for (size_t i = 0; i < n; ++i) {
    const size_t begin = count;
    if (in.is_null(i)) {
      out->set_null(i);
    } else {
      const StringRef s = in.at<StringRef>(i);
      words.resize(count + s.len / 2 + 1);
      StringRef* const all = words.values<StringRef>();
      count = static_cast<size_t>(write_words(s, all + count) - all);
    }
    lists[i] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(count - begin)};
  }
  words.resize(count);
  return finish_rows(std::move(out), args, rows, context, context.errors.size());
}

// --- SPLIT
// -------------------------------------------------------------------------------------------

ColumnPtr split(Columns args, size_t rows, EvalContext& context) {
  return map_lists(Type::array(Type::string()), args, rows, context, [&](size_t i, Column& out) {
    const StringRef s = args[0]->at<StringRef>(i);
    const StringRef by = args[1]->at<StringRef>(i);
    Column& parts = out.child(0);
    const char* p = s.ptr;
    const char* const end = s.ptr + s.len;
    if (s.len == 0) return true;  // no parts, as in Flink
    if (by.len == 0) {            // every character
      while (p < end) {
        const char* next = utf8_advance(p, end, 1);
        parts.push(StringRef(p, static_cast<size_t>(next - p)));
        p = next;
      }
      return true;
    }
    for (;;) {
      const size_t at = find_bytes(p, static_cast<size_t>(end - p), by.ptr, by.len);
      if (at == kNotFound) break;
      parts.push(StringRef(p, at));
      p += at + by.len;
    }
    parts.push(StringRef(p, static_cast<size_t>(end - p)));
    return true;
  });
}

// --- SPLIT_INDEX
// -------------------------------------------------------------------------------------

// The part number `index` (from 0) between separators found by `find(p, end)`, which gives the
// place of the next one or nullptr.
template <class Find>
std::optional<StringRef> nth_part(StringRef s, size_t separator_bytes, int32_t index, Find&& find) {
  if (index < 0 || s.len == 0) return std::nullopt;
  const char* p = s.ptr;
  const char* const end = s.ptr + s.len;
  for (;; --index) {
    const char* at = find(p, end);
    if (index == 0) return StringRef(p, static_cast<size_t>((at == nullptr ? end : at) - p));
    if (at == nullptr) return std::nullopt;
    p = at + separator_bytes;
  }
}

const char* find_byte(const char* p, const char* end, char c) {
  return p == end ? nullptr
                  : static_cast<const char*>(std::memchr(p, c, static_cast<size_t>(end - p)));
}

std::optional<StringRef> split_index(EvalContext&, StringRef s, StringRef by, int32_t index) {
  if (by.len == 1) {
    return nth_part(s, 1, index, [c = by.ptr[0]](const char* p, const char* end) {
      return find_byte(p, end, c);
    });
  }
  if (by.len == 0) {  // as in Flink: any white space separates
    return nth_part(s, 1, index, [](const char* p, const char* end) -> const char* {
      while (p < end && !is_space(*p)) ++p;
      return p == end ? nullptr : p;
    });
  }
  return nth_part(s, by.len, index, [by](const char* p, const char* end) -> const char* {
    const size_t at = find_bytes(p, static_cast<size_t>(end - p), by.ptr, by.len);
    return at == kNotFound ? nullptr : p + at;
  });
}

// The separator as a character's code, 1 to 255.
std::optional<StringRef> split_index_code(EvalContext& c, StringRef s, int32_t code,
                                          int32_t index) {
  if (code < 1 || code > 255) return std::nullopt;
  char bytes[4];  // one code point
  const char* end = utf8_encode(bytes, static_cast<char32_t>(code));
  return split_index(c, s, StringRef(bytes, static_cast<size_t>(end - bytes)), index);
}

// --- STR_TO_MAP
// --------------------------------------------------------------------------------------

// Splits by a regular expression, or by one character when it has no special meaning.
class Delimiter {
 public:
  explicit Delimiter(std::string_view pattern) {
    constexpr std::string_view kSpecial = ".$|()[{^?*+\\";
    if (pattern.size() == 1 && kSpecial.find(pattern[0]) == std::string_view::npos)
      byte_ = pattern[0];
    else if (pattern.size() == 2 && pattern[0] == '\\' &&
             !std::isalnum(static_cast<unsigned char>(pattern[1])))
      byte_ = pattern[1];
    else
      regex_ = worker_regex(pattern);
  }
  bool valid() const { return byte_.has_value() || regex_ != nullptr; }

  // The first non-empty match in text from `from` on; false when there is none.
  bool find(std::string_view text, size_t from, size_t* begin, size_t* end) const {
    if (byte_) {
      const size_t at = text.find(*byte_, from);
      *begin = at;
      *end = at + 1;
      return at != std::string_view::npos;
    }
    for (size_t at = from; at <= text.size(); ++at) {
      re2::StringPiece match;
      const re2::StringPiece all(text.data(), text.size());
      if (!regex_->Match(all, at, text.size(), RE2::UNANCHORED, &match, 1)) return false;
      *begin = static_cast<size_t>(match.data() - text.data());
      *end = *begin + match.size();
      if (*end > *begin) return true;
      at = *begin;
    }
    return false;
  }

 private:
  std::optional<char> byte_;
  std::shared_ptr<const RE2> regex_;
};

// Adds one pair to row entries keys[first..]; a key that is there gets the new value.
void put_pair(Column& keys, Column& values, size_t first, StringRef key,
              std::optional<StringRef> value) {
  for (size_t i = first; i < keys.size(); ++i) {
    if (keys.at<StringRef>(i) != key) continue;
    values.values<StringRef>()[i] = value.value_or(StringRef{});
    if (!value)
      values.set_null(i);
    else if (values.may_have_nulls())
      values.make_valid()[i] = 1;
    return;
  }
  keys.push(key);
  if (value)
    values.push(*value);
  else
    values.push_null();
}

void split_pairs(StringRef s, const Delimiter& pairs, const Delimiter& key_value, Column& out) {
  Column& keys = out.child(0);
  Column& values = out.child(1);
  const size_t first = keys.size();
  const std::string_view text = s.view();
  const auto add = [&](std::string_view pair) {
    size_t begin = 0;
    size_t end = 0;
    if (key_value.find(pair, 0, &begin, &end)) {
      put_pair(keys, values, first, StringRef(pair.substr(0, begin)), StringRef(pair.substr(end)));
    } else {
      put_pair(keys, values, first, StringRef(pair), std::nullopt);
    }
  };
  // As Java's split: empty parts count, except at the end.
  size_t from = 0;
  size_t empty_parts = 0;
  bool any_delimiter = false;
  for (;;) {
    size_t begin = 0;
    size_t end = 0;
    const bool found = pairs.find(text, from, &begin, &end);
    any_delimiter = any_delimiter || found;
    const std::string_view part = text.substr(from, found ? begin - from : std::string_view::npos);
    if (part.empty() && any_delimiter) {
      ++empty_parts;
    } else {
      if (empty_parts > 0) add({});
      empty_parts = 0;
      add(part);
    }
    if (!found) break;
    from = end;
  }
}

ColumnPtr str_to_map(Columns args, size_t rows, EvalContext& context) {
  const auto text_of = [&](size_t k, size_t i, std::string_view otherwise) {
    return k < args.size() ? args[k]->at<StringRef>(i).view() : otherwise;
  };
  std::string last[2];
  std::optional<Delimiter> delimiters[2];
  const auto delimiter = [&](size_t which, std::string_view pattern) -> const Delimiter& {
    if (!delimiters[which] || last[which] != pattern) {
      last[which] = pattern;
      delimiters[which].emplace(pattern);
    }
    return *delimiters[which];
  };
  const Type type = Type::map(Type::string(), Type::string());
  return map_lists(type, args, rows, context, [&](size_t i, Column& out) {
    const Delimiter& pairs = delimiter(0, text_of(1, i, ","));
    const Delimiter& key_value = delimiter(1, text_of(2, i, "="));
    if (!pairs.valid() || !key_value.valid()) return false;
    const StringRef s = args[0]->at<StringRef>(i);
    if (s.len > 0) split_pairs(s, pairs, key_value, out);
    return true;
  });
}

Result<BoundCall> bind_str_to_map(std::span<const ExprPtr> args) {
  const std::vector<Type> types(args.size(), Type::string());
  if (auto ok = check_count("STR_TO_MAP", args, 1, 3); !ok) return fail(ok.error());
  if (auto ok = check_types("STR_TO_MAP", args, types); !ok) return fail(ok.error());
  for (size_t k = 1; k < args.size(); ++k) {
    const auto pattern = literal_text(args, k);
    if (!pattern) continue;
    if (auto ok = check_pattern(*pattern); !ok) return fail(ok.error());
  }
  return BoundCall{types, Type::map(Type::string(), Type::string()), str_to_map};
}

FunctionDescriptor fixed(std::string_view name, std::string_view signature, std::string_view doc,
                         std::string_view example, std::string_view result,
                         std::vector<Type> parameters, Type returns, Kernel kernel) {
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.parameters = std::move(parameters);
  d.returns = std::move(returns);
  d.kernel = std::move(kernel);
  return d;
}

}  // namespace

FunctionList string_split_functions() {
  const Type text = Type::string();
  FunctionDescriptor to_map =
      fixed("STR_TO_MAP",
            "STR_TO_MAP(s STRING[, pairs STRING[, key_value STRING]]) -> MAP<STRING, STRING>",
            "Makes a map of s; the delimiters are regular expressions, by default , and =.",
            "STR_TO_MAP('k1=v1,k2=v2')", "{k1=v1, k2=v2}", {}, {}, {});
  to_map.bind = bind_str_to_map;
  return {
      fixed("SPLIT", "SPLIT(s STRING, delimiter STRING) -> ARRAY<STRING>",
            "Splits s at every delimiter; an empty delimiter splits it into characters.",
            "SPLIT('a,b,,c', ',')", "[a, b, , c]", {text, text}, Type::array(text), split),
      fixed("SPLIT_WORDS", "SPLIT_WORDS(s STRING) -> ARRAY<STRING>",
            "Splits s at white space (blank, tab, line ends) and leaves empty words out (not in "
            "Flink).",
            "SPLIT_WORDS('  to be or\tnot ')", "[to, be, or, not]", {text}, Type::array(text),
            split_words),
      scalar<split_index>(
          "SPLIT_INDEX", "SPLIT_INDEX(s STRING, delimiter STRING, index INT) -> STRING",
          "Gives part number index, from 0, of s split at delimiter; NULL when there is none.",
          "SPLIT_INDEX('a/b/c', '/', 1)", "b"),
      scalar<split_index_code>("SPLIT_INDEX",
                               "SPLIT_INDEX(s STRING, code INT, index INT) -> STRING",
                               "The same with the delimiter given as a character code.",
                               "SPLIT_INDEX('a/b/c', 47, 2)", "c"),
      std::move(to_map),
  };
}

}  // namespace weir
