// The scanners with AVX-512 as far as VBMI2, beside what the AVX2 ones use (Ice Lake 2019, Zen 4, and later). Lighter
// parts of it than multiplications leave those processors at their full speed.
#include "formats/simd.h"

// Intrinsics without a mask start from a register of any content, which g++ 12 takes for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

// All headers stand above: only what follows is compiled for the newer instructions.
#ifdef __clang__
#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,pclmul,popcnt"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,pclmul,popcnt")
#endif

namespace weir {
namespace {

#define WEIR_INLINE static inline __attribute__((always_inline))

struct Bytes64 {
  __m512i all;
};
WEIR_INLINE Bytes64 load(const char* p) { return {_mm512_loadu_si512(p)}; }
WEIR_INLINE uint64_t equal(const Bytes64& bytes, char c) {
  return _mm512_cmpeq_epi8_mask(bytes.all, _mm512_set1_epi8(c));
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
alignas(64) const char kPlaces[64] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
// Sixteen at once. What is written past the count is overwritten by the next step.
WEIR_INLINE size_t write_positions(uint64_t mask, uint32_t base, uint32_t* out) {
  const size_t n = count_bits(mask);
  const __m512i places = _mm512_maskz_compress_epi8(mask, _mm512_load_si512(kPlaces));
  const __m512i from = _mm512_set1_epi32(static_cast<int>(base));
  const auto write = [&](size_t i, __m128i sixteen) __attribute__((always_inline)) {
    _mm512_storeu_si512(out + i, _mm512_add_epi32(_mm512_cvtepu8_epi32(sixteen), from));
  };
  write(0, _mm512_castsi512_si128(places));
  if (n > 16) {
    write(16, _mm512_extracti32x4_epi32(places, 1));
    write(32, _mm512_extracti32x4_epi32(places, 2));
    write(48, _mm512_extracti32x4_epi32(places, 3));
  }
  return n;
}

#include "formats/simd_eight_fields.inc"
#include "formats/simd_fields.inc"
#include "formats/simd_kernels.inc"

}  // namespace

extern const Scanners kAvx512Scanners;
const Scanners kAvx512Scanners = {find_all,      count,       find,       scan_positions,
                                  scan_masks,    jump,        take_lines, read_decimals,
                                  read_integers, read_strings};

}  // namespace weir

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
