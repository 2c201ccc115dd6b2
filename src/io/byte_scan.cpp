#include "io/byte_scan.h"

#include <immintrin.h>

namespace weir {
namespace {

bool odd_count_scalar(const char* p, const char* end, char byte) {
  unsigned odd = 0;
  for (; p != end; ++p) odd ^= static_cast<unsigned>(*p == byte);
  return odd != 0;
}

}  // namespace

namespace internal {

// Comparing gives all-ones where a byte matches; xor-ing those leaves, for each lane, whether it matched
// an odd number of times, and the parity of the lanes is the answer. No counter can overflow.
bool odd_count_sse2(std::string_view bytes, char byte) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  const __m128i wanted = _mm_set1_epi8(byte);
  __m128i odd0 = _mm_setzero_si128();
  __m128i odd1 = _mm_setzero_si128();
  for (; end - p >= 32; p += 32) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16));
    odd0 = _mm_xor_si128(odd0, _mm_cmpeq_epi8(a, wanted));
    odd1 = _mm_xor_si128(odd1, _mm_cmpeq_epi8(b, wanted));
  }
  const int lanes = _mm_movemask_epi8(_mm_xor_si128(odd0, odd1));
  const bool odd = __builtin_parity(static_cast<unsigned>(lanes)) != 0;
  return odd != odd_count_scalar(p, end, byte);
}

__attribute__((target("avx2"))) bool odd_count_avx2(std::string_view bytes, char byte) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  const __m256i wanted = _mm256_set1_epi8(byte);
  __m256i odd0 = _mm256_setzero_si256();
  __m256i odd1 = _mm256_setzero_si256();
  __m256i odd2 = _mm256_setzero_si256();
  __m256i odd3 = _mm256_setzero_si256();
  for (; end - p >= 128; p += 128) {
    const auto* v = reinterpret_cast<const __m256i*>(p);
    odd0 = _mm256_xor_si256(odd0, _mm256_cmpeq_epi8(_mm256_loadu_si256(v), wanted));
    odd1 = _mm256_xor_si256(odd1, _mm256_cmpeq_epi8(_mm256_loadu_si256(v + 1), wanted));
    odd2 = _mm256_xor_si256(odd2, _mm256_cmpeq_epi8(_mm256_loadu_si256(v + 2), wanted));
    odd3 = _mm256_xor_si256(odd3, _mm256_cmpeq_epi8(_mm256_loadu_si256(v + 3), wanted));
  }
  const __m256i all = _mm256_xor_si256(_mm256_xor_si256(odd0, odd1), _mm256_xor_si256(odd2, odd3));
  const int lanes = _mm256_movemask_epi8(all);
  const bool odd = __builtin_parity(static_cast<unsigned>(lanes)) != 0;
  return odd != odd_count_scalar(p, end, byte);
}

}  // namespace internal

bool odd_count(std::string_view bytes, char byte) {
  static const auto kernel =
      __builtin_cpu_supports("avx2") ? internal::odd_count_avx2 : internal::odd_count_sse2;
  return kernel(bytes, byte);
}

}  // namespace weir
