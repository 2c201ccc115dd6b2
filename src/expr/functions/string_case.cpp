// UPPER, LOWER, INITCAP. ASCII text is mapped 16 bytes at a time straight into the batch's arena; a
// value with other bytes goes through the Unicode tables.
#include <array>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "expr/functions/arena_text.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

enum class LetterCase { kLower, kUpper };

// The letters that change are kFirst .. kFirst + 25; they change by flipping bit 5.
template <LetterCase kTo>
constexpr char kFirst = kTo == LetterCase::kLower ? 'A' : 'a';

template <LetterCase kTo>
inline uint64_t map_word(uint64_t x) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  constexpr uint64_t kHigh = 0x8080808080808080u;
  const uint64_t low7 = x & ~kHigh;
  const uint64_t from = low7 + kOnes * static_cast<uint64_t>(128 - kFirst<kTo>);  // bit 7: >= first
  const uint64_t past =
      low7 + kOnes * static_cast<uint64_t>(128 - kFirst<kTo> - 26);  // bit 7: > last
  const uint64_t letter = (from & ~past) & ~x & kHigh;
  return x ^ (letter >> 2);
}

template <LetterCase kTo>
inline char map_char(char c) {
  const bool letter = static_cast<unsigned char>(c - kFirst<kTo>) < 26;
  return static_cast<char>(letter ? c ^ 0x20 : c);
}

// Maps n bytes; false when one of them is not ASCII (then `out` is to be written again).
template <LetterCase kTo>
inline bool map_ascii(const char* in, char* out, size_t n) {
  if (n < 8) {
    unsigned char seen = 0;
    for (size_t i = 0; i < n; ++i) {
      seen = static_cast<unsigned char>(seen | static_cast<unsigned char>(in[i]));
      out[i] = map_char<kTo>(in[i]);
    }
    return seen < 0x80;
  }
#if defined(__SSE2__)
  if (n >= 16) {
    // Signed comparison is right: bytes from 0x80 are negative and match nothing.
    const __m128i before = _mm_set1_epi8(static_cast<char>(kFirst<kTo> - 1));
    const __m128i after = _mm_set1_epi8(static_cast<char>(kFirst<kTo> + 26));
    const __m128i bit = _mm_set1_epi8(0x20);
    __m128i seen = _mm_setzero_si128();
    const auto step = [&](size_t i) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i));
      seen = _mm_or_si128(seen, x);
      const __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(x, before), _mm_cmplt_epi8(x, after));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                       _mm_xor_si128(x, _mm_and_si128(letter, bit)));
    };
    for (size_t i = 0; i + 16 <= n; i += 16) step(i);
    if (n % 16 != 0) step(n - 16);  // overlaps what is done: the same bytes again
    return _mm_movemask_epi8(seen) == 0;
  }
#endif
  uint64_t seen = 0;
  const auto step8 = [&](size_t i) {
    const uint64_t x = load8(in + i);
    seen |= x;
    const uint64_t y = map_word<kTo>(x);
    std::memcpy(out + i, &y, 8);
  };
  for (size_t i = 0; i + 8 <= n; i += 8) step8(i);
  if (n % 8 != 0) step8(n - 8);
  return (seen & 0x8080808080808080u) == 0;
}

// True for a sigma that ends its word: a letter before it, none after (the rule of Java's
// toLowerCase).
bool is_final_sigma(const char* begin, const char* sigma, const char* after, const char* end) {
  if (sigma == begin) return false;
  const char* before = utf8_retreat(begin, sigma, 1);
  if (const char* p = before; !is_letter(utf8_decode(p, sigma))) return false;
  return after == end || !is_letter(utf8_decode(after, end));
}

// Maps one code point at p (in begin..end) and writes it.
template <LetterCase kTo>
char* map_code_point(const char* begin, const char*& p, const char* end, char* out) {
  const char* const start = p;
  const char32_t c = utf8_decode(p, end);
  if (c == kInvalid) {
    std::memcpy(out, start, static_cast<size_t>(p - start));  // as it is
    return out + (p - start);
  }
  if constexpr (kTo == LetterCase::kLower) {
    if (c == 0x3A3 && is_final_sigma(begin, start, p, end)) return utf8_encode(out, 0x3C2);
    if (c == 0x130) return utf8_encode(utf8_encode(out, 'i'), 0x307);  // I with dot above
    return utf8_encode(out, to_lower(c));
  } else {
    if (c == 0xDF) return utf8_encode(utf8_encode(out, 'S'), 'S');  // sharp s
    return utf8_encode(out, to_upper(c));
  }
}

// A code point's mapping needs at most this many bytes per byte of the input (2 bytes become 3).
constexpr size_t kGrowth = 2;

template <LetterCase kTo>
StringRef map_unicode(EvalContext& c, StringRef s) {
  char* const out = c.arena->allocate(kGrowth * s.len);
  char* to = out;
  const char* const end = s.ptr + s.len;
  for (const char* p = s.ptr; p < end;) to = map_code_point<kTo>(s.ptr, p, end, to);
  const auto used = static_cast<size_t>(to - out);
  c.arena->give_back(kGrowth * s.len - used);
  return {out, used};
}

// Maps a whole column: one allocation for all its bytes.
template <LetterCase kTo>
ColumnPtr map_column(std::span<const ColumnPtr> args, size_t rows, EvalContext& context) {
  const Column& in = *args[0];
  const size_t n = rows_to_compute(args, rows);
  ColumnPtr out = make_column(Type::string(), n);
  StringRef* to = out->values<StringRef>();
  const StringRef* from = in.values<StringRef>();
  const uint8_t* valid = in.valid();
  if (valid != nullptr && n > 0) std::memcpy(out->make_valid(), valid, n);
  size_t total = 0;
  for (size_t i = 0; i < n; ++i) total += valid != nullptr && valid[i] == 0 ? 0 : from[i].len;
  char* bytes = context.arena->allocate(total);
  for (size_t i = 0; i < n; ++i) {
    if (valid != nullptr && valid[i] == 0) {
      to[i] = StringRef{};
      continue;
    }
    const StringRef s = from[i];
    to[i] = map_ascii<kTo>(s.ptr, bytes, s.len) ? StringRef(bytes, s.len)
                                                : map_unicode<kTo>(context, s);
    bytes += s.len;
  }
  return finish_rows(std::move(out), args, rows, context, context.errors.size());
}

// A word is a run of letters and digits of any script (Flink: of ASCII only).
StringRef initcap(EvalContext& c, StringRef s) {
  char* const out = c.arena->allocate(kGrowth * s.len);
  char* to = out;
  const char* const end = s.ptr + s.len;
  bool inside = false;
  for (const char* p = s.ptr; p < end;) {
    const char* look = p;
    const char32_t point = utf8_decode(look, end);
    const bool word = point != kInvalid && (is_letter(point) || is_digit(point));
    to = word && !inside ? map_code_point<LetterCase::kUpper>(s.ptr, p, end, to)
                         : map_code_point<LetterCase::kLower>(s.ptr, p, end, to);
    inside = word;
  }
  const auto used = static_cast<size_t>(to - out);
  c.arena->give_back(kGrowth * s.len - used);
  return {out, used};
}

FunctionDescriptor text_to_text(std::string_view name, std::string_view signature,
                                std::string_view doc, std::string_view example,
                                std::string_view result, Kernel kernel) {
  FunctionDescriptor d;
  d.name = name;
  d.signature = signature;
  d.doc = doc;
  d.example = example;
  d.result = result;
  d.parameters = {Type::string()};
  d.returns = Type::string();
  d.kernel = std::move(kernel);
  return d;
}

}  // namespace

FunctionList string_case_functions() {
  return {
      text_to_text("LOWER", "LOWER(s STRING) -> STRING", "Gives s in lower case.",
                   "LOWER('Grüße ABC')", "grüße abc", map_column<LetterCase::kLower>),
      text_to_text("UPPER", "UPPER(s STRING) -> STRING", "Gives s in upper case.",
                   "UPPER('été abc')", "ÉTÉ ABC", map_column<LetterCase::kUpper>),
      scalar<initcap>(
          "INITCAP", "INITCAP(s STRING) -> STRING",
          "Gives s with each word's first letter in upper case and the rest in lower case.",
          "INITCAP('hello wORLD 2nd')", "Hello World 2nd"),
  };
}

}  // namespace weir
