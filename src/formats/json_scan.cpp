#include "formats/json_scan.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "io/block.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir {

static_assert(kPadding >= 64 + ScanKey::kMaxBytes + 2);

ScanKey::ScanKey(std::string key) : text_(std::move(key)) {
  WEIR_CHECK(!text_.empty() && text_.size() <= kMaxBytes);
  const std::string quoted = '"' + text_ + '"';
  for (size_t i = 0; i < 2; ++i) {
    const size_t from = 8 * i;
    const size_t n =
        quoted.size() > from ? (quoted.size() - from < 8 ? quoted.size() - from : 8) : 0;
    if (n > 0) std::memcpy(&words_[i], quoted.data() + from, n);
    std::memset(&masks_[i], 0xFF, n);
  }
}

bool ScanKey::matches(const char* p) const {
  uint64_t words[2];
  std::memcpy(words, p, sizeof(words));
  if ((((words[0] ^ words_[0]) & masks_[0]) | ((words[1] ^ words_[1]) & masks_[1])) != 0)
    return false;
  return text_.size() <= 14 ||
         (std::memcmp(p + 1, text_.data(), text_.size()) == 0 && p[text_.size() + 1] == '"');
}

namespace scalar {

// One character at a time: the definition that the others are tested against.
static size_t scan_lines(std::string_view text, const ScanKey& key, size_t& pos, ScannedLine* out,
                         size_t limit) {
  size_t count = 0;
  const std::string quoted = '"' + key.text() + '"';
  while (count < limit && pos < text.size()) {
    const size_t found = text.find('\n', pos);
    const size_t end = found == std::string_view::npos ? text.size() : found;
    const std::string_view line = text.substr(pos, end - pos);
    ScannedLine& result = out[count++] = ScannedLine();
    result.begin = static_cast<uint32_t>(pos);
    result.end = static_cast<uint32_t>(end);
    bool odd = false;
    int64_t braces = 0;
    uint32_t keys = 0;
    for (size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '\\') result.flags |= ScannedLine::kBackslash;
      if (c == '{') ++braces;
      if (c == '}') --braces;
      if (c != '"') continue;
      odd = !odd;
      if (line.substr(i).starts_with(quoted) && keys++ == 0)
        result.key = static_cast<uint32_t>(pos + i);
    }
    if (odd) result.flags |= ScannedLine::kOddQuotes;
    if (braces != 0) result.flags |= ScannedLine::kUnbalanced;
    if (keys > 0) result.flags |= keys == 1 ? ScannedLine::kKeyOnce : ScannedLine::kKeyMany;
    pos = end < text.size() ? end + 1 : end;
  }
  return count;
}

}  // namespace scalar

#if defined(__x86_64__)

// One bit per byte of 64.
struct Masks {
  uint64_t breaks, quotes, backslashes, opens, closes;
  uint64_t candidates;  // a quote, the key's first letter, and a quote where the key would end
};

namespace sse2 {

static inline uint64_t equal(__m128i bytes, char c) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
}
static inline __m128i load(const char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

static inline void masks_of(const char* p, size_t key_bytes, char letter, Masks& m) {
  m = {};
  for (unsigned i = 0; i < 64; i += 16) {
    const __m128i bytes = load(p + i);
    const uint64_t quotes = equal(bytes, '"');
    m.breaks |= equal(bytes, '\n') << i;
    m.quotes |= quotes << i;
    m.backslashes |= equal(bytes, '\\') << i;
    m.opens |= equal(bytes, '{') << i;
    m.closes |= equal(bytes, '}') << i;
    m.candidates |=
        (quotes & equal(load(p + i + 1), letter) & equal(load(p + i + key_bytes + 1), '"')) << i;
  }
}

#include "formats/json_scan_kernel.inc"

}  // namespace sse2

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt,lzcnt")
#endif

namespace avx2 {

static inline uint64_t equal(__m256i bytes, char c) {
  return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c))));
}
static inline __m256i load(const char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

static inline void masks_of(const char* p, size_t key_bytes, char letter, Masks& m) {
  const __m256i low = load(p);
  const __m256i high = load(p + 32);
  const auto both = [&](char c) { return equal(low, c) | equal(high, c) << 32; };
  m.breaks = both('\n');
  m.quotes = both('"');
  m.backslashes = both('\\');
  m.opens = both('{');
  m.closes = both('}');
  const auto and_key = [&](const char* at, __m256i bytes) {
    const __m256i found = _mm256_and_si256(
        _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')),
        _mm256_and_si256(_mm256_cmpeq_epi8(load(at + 1), _mm256_set1_epi8(letter)),
                         _mm256_cmpeq_epi8(load(at + key_bytes + 1), _mm256_set1_epi8('"'))));
    return uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(found))};
  };
  m.candidates = and_key(p, low) | and_key(p + 32, high) << 32;
}

#include "formats/json_scan_kernel.inc"

}  // namespace avx2

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

ScanLevel scan_level() {
  static const ScanLevel level = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                                         __builtin_cpu_supports("bmi2") &&
                                         __builtin_cpu_supports("popcnt") &&
                                         __builtin_cpu_supports("lzcnt")
                                     ? ScanLevel::kAvx2
                                     : ScanLevel::kSse2;
  return level;
}

ScanFunction scan_function(ScanLevel level) {
  switch (level) {
    case ScanLevel::kAvx2: return avx2::scan_lines;
    case ScanLevel::kSse2: return sse2::scan_lines;
    case ScanLevel::kScalar: break;
  }
  return scalar::scan_lines;
}

#else

ScanLevel scan_level() { return ScanLevel::kScalar; }
ScanFunction scan_function(ScanLevel) { return scalar::scan_lines; }

#endif

}  // namespace weir
