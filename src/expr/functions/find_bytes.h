// Where one byte string occurs in another.
#pragma once

#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir {

inline constexpr size_t kNotFound = static_cast<size_t>(-1);

// Offset of the first occurrence of needle (m bytes) in text (n bytes), or kNotFound. An empty
// needle is at 0. Compares the needle's first and last byte at 16 places at once (idea: W. Mula,
// "SIMD-friendly algorithms for substring searching"), which leaves few places to look at.
inline size_t find_bytes(const char* text, size_t n, const char* needle, size_t m) {
  if (m == 0) return 0;
  if (m > n) return kNotFound;
  if (m == 1) {
    const void* p = std::memchr(text, needle[0], n);
    return p == nullptr ? kNotFound : static_cast<size_t>(static_cast<const char*>(p) - text);
  }
  size_t i = 0;
#if defined(__SSE2__)
  const __m128i first = _mm_set1_epi8(needle[0]);
  const __m128i last = _mm_set1_epi8(needle[m - 1]);
  for (; i + m + 15 <= n; i += 16) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i + m - 1));
    auto hits = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last))));
    for (; hits != 0; hits &= hits - 1) {
      const size_t at = i + static_cast<size_t>(__builtin_ctz(hits));
      if (std::memcmp(text + at + 1, needle + 1, m - 2) == 0) return at;
    }
  }
#endif
  for (; i + m <= n; ++i) {
    if (text[i] == needle[0] && text[i + m - 1] == needle[m - 1] &&
        std::memcmp(text + i + 1, needle + 1, m - 2) == 0) {
      return i;
    }
  }
  return kNotFound;
}

// Offset of the last occurrence that ends at or before n, or kNotFound. An empty needle is at n.
inline size_t find_last_bytes(const char* text, size_t n, const char* needle, size_t m) {
  if (m > n) return kNotFound;
  for (size_t i = n - m + 1; i-- > 0;) {
    if (std::memcmp(text + i, needle, m) == 0) return i;
  }
  return kNotFound;
}

}  // namespace weir
