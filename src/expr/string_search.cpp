#include "expr/string_search.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir {

namespace {

size_t find_simple(const char* text, size_t begin, size_t end, std::string_view needle) {
  const char first = needle.front();
  while (begin < end) {
    const void* p = std::memchr(text + begin, first, end - begin);
    if (p == nullptr) return std::string_view::npos;
    const auto at = static_cast<size_t>(static_cast<const char*>(p) - text);
    if (std::memcmp(text + at + 1, needle.data() + 1, needle.size() - 1) == 0) return at;
    begin = at + 1;
  }
  return std::string_view::npos;
}

}  // namespace

size_t find_bytes(std::string_view text, std::string_view needle) {
  const size_t m = needle.size();
  if (m == 0) return 0;
  if (m > text.size()) return std::string_view::npos;
  const size_t places = text.size() - m + 1;
  const char* s = text.data();
  size_t i = 0;
#if defined(__SSE2__)
  const __m128i first = _mm_set1_epi8(needle.front());
  const __m128i last = _mm_set1_epi8(needle.back());
  for (; i + 16 <= places; i += 16) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(s + i));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(s + i + m - 1));
    auto mask = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last))));
    while (mask != 0) {
      const size_t at = i + static_cast<size_t>(__builtin_ctz(mask));
      if (m <= 2 || std::memcmp(s + at + 1, needle.data() + 1, m - 2) == 0) return at;
      mask &= mask - 1;
    }
  }
#endif
  return find_simple(s, i, places, needle);
}

}  // namespace weir
