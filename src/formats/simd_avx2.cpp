// The scanners with AVX2, BMI1, BMI2, POPCNT and PCLMULQDQ (Haswell 2013, Zen 2017, and later).
#include "formats/simd.h"

#include <immintrin.h>

// All headers stand above: only what follows is compiled for the newer instructions.
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,pclmul,popcnt"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,pclmul,popcnt")
#endif

namespace weir {
namespace {

#define WEIR_INLINE static inline __attribute__((always_inline))

struct Bytes64 {
  __m256i low;
  __m256i high;
};
WEIR_INLINE Bytes64 load(const char* p) {
  const auto* v = reinterpret_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(v), _mm256_loadu_si256(v + 1)};
}
WEIR_INLINE uint64_t equal(const Bytes64& bytes, char c) {
  const __m256i wanted = _mm256_set1_epi8(c);
  const auto low =
      static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes.low, wanted)));
  const auto high =
      static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes.high, wanted)));
  return low | static_cast<uint64_t>(high) << 32;
}
WEIR_INLINE uint64_t prefix_xor(uint64_t mask) {
  const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(mask)),
                                               _mm_set1_epi8(static_cast<char>(0xFF)), 0);
  return static_cast<uint64_t>(_mm_cvtsi128_si64(product));
}
WEIR_INLINE size_t count_bits(uint64_t mask) { return static_cast<size_t>(_mm_popcnt_u64(mask)); }
WEIR_INLINE size_t lowest_bit(uint64_t mask) { return static_cast<size_t>(_tzcnt_u64(mask)); }
WEIR_INLINE size_t select_bit(uint64_t mask, uint32_t k) {
  return static_cast<size_t>(_tzcnt_u64(_pdep_u64(uint64_t{1} << k, mask)));
}
WEIR_INLINE uint64_t extract_bits(uint64_t bits, uint64_t mask) { return _pext_u64(bits, mask); }
// Asks for the number of bits as seldom as possible: it is hard to predict bit by bit, but whether a step
// has more than two (separators of a table) or not (newlines of a log) hardly changes. What is written
// past the count is overwritten by the next step.
WEIR_INLINE size_t write_positions(uint64_t mask, uint32_t base, uint32_t* out) {
  const size_t n = count_bits(mask);
  for (int i = 0; i < 2; ++i) {
    out[i] = base + static_cast<uint32_t>(_tzcnt_u64(mask));
    mask = _blsr_u64(mask);
  }
  if (n > 2) {
    for (int i = 2; i < 8; ++i) {
      out[i] = base + static_cast<uint32_t>(_tzcnt_u64(mask));
      mask = _blsr_u64(mask);
    }
    for (size_t written = 8; written < n; written += 8) {
      for (size_t i = 0; i < 8; ++i) {
        out[written + i] = base + static_cast<uint32_t>(_tzcnt_u64(mask));
        mask = _blsr_u64(mask);
      }
    }
  }
  return n;
}

#include "formats/simd_fields.inc"
#include "formats/simd_kernels.inc"

}  // namespace

extern const Scanners kAvx2Scanners;
const Scanners kAvx2Scanners = {find_all, count,      find,          scan_positions, scan_masks,
                                jump,     take_lines, read_decimals, read_integers,  read_strings};

}  // namespace weir

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
