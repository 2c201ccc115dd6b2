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

#define WEIR_READS_FIELDS

// The pointers of four fields, and their lengths with the kinds above them; in the order 0, 2, 1, 3.
struct FourFields {
  __m256i pointers;
  __m256i lengths;
  __m256i kinds;
};
WEIR_INLINE FourFields load_fields(const FieldSpan* fields) {
  const auto* v = reinterpret_cast<const __m256i*>(fields);
  const __m256i a = _mm256_loadu_si256(v);
  const __m256i b = _mm256_loadu_si256(v + 1);
  const __m256i rest = _mm256_unpackhi_epi64(a, b);
  return {_mm256_unpacklo_epi64(a, b), _mm256_and_si256(rest, _mm256_set1_epi64x(0xFFFFFFFF)),
          _mm256_srli_epi64(rest, 32)};
}
// 0, 2, 1, 3 and back.
WEIR_INLINE __m256i cross(__m256i v) { return _mm256_permute4x64_epi64(v, 0xD8); }

// Digits' values, eight to a number, the last one lowest in worth, as four numbers of 64 bits.
WEIR_INLINE __m256i numbers_of(__m256i digits) {
  const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010A));
  const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00010064));
  return _mm256_add_epi64(_mm256_mul_epu32(fours, _mm256_set1_epi64x(10000)),
                          _mm256_srli_epi64(fours, 32));
}

// The texts of four fields as digits' values at the ends of their words, behind the sign, and the signs (all
// ones for a minus). `odd`: not zero where a field is too long or has nothing but a sign.
struct FourNumbers {
  __m256i digits;
  __m256i negative;
  __m256i length;
  __m256i odd;
};
WEIR_INLINE FourNumbers load_numbers(const FieldSpan* fields) {
  const __m256i one = _mm256_set1_epi64x(1);
  const FourFields four = load_fields(fields);
  __m256i word = _mm256_i64gather_epi64(nullptr, four.pointers, 1);
  const __m256i first = _mm256_and_si256(word, _mm256_set1_epi64x(0xFF));
  const __m256i negative = _mm256_cmpeq_epi64(first, _mm256_set1_epi64x('-'));
  word = _mm256_srlv_epi64(word, _mm256_and_si256(negative, _mm256_set1_epi64x(8)));
  const __m256i length = _mm256_add_epi64(four.lengths, negative);
  const __m256i too_long = _mm256_cmpgt_epi64(four.lengths, _mm256_set1_epi64x(8));
  const __m256i empty = _mm256_cmpgt_epi64(one, length);
  const __m256i unused = _mm256_sub_epi64(_mm256_set1_epi64x(64), _mm256_slli_epi64(length, 3));
  const __m256i digits = _mm256_sllv_epi64(_mm256_xor_si256(word, _mm256_set1_epi8('0')), unused);
  return {digits, negative, length, _mm256_or_si256(too_long, empty)};
}
// Nothing but digits, and nothing odd?
WEIR_INLINE bool all_good(__m256i digits, __m256i odd) {
  const __m256i above = _mm256_subs_epu8(digits, _mm256_set1_epi8(9));
  const __m256i wrong = _mm256_or_si256(above, odd);
  return _mm256_testz_si256(wrong, wrong) != 0;
}

// 0 to 7 digits before the point leave 7 to 0 behind it; 8: there is no point.
alignas(64) const double kPowerBehindPoint[9] = {1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1e0, 1e0};

size_t read_decimals(const FieldSpan* fields, size_t n, double* out) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i ones = _mm256_set1_epi64x(-1);
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const FourNumbers numbers = load_numbers(fields + i);
    // The digits before the first point move over it. Without one `before` is all of them, and nothing moves.
    const __m256i points = _mm256_cmpeq_epi8(numbers.digits, _mm256_set1_epi8('.' ^ '0'));
    const __m256i lowest = _mm256_and_si256(points, _mm256_sub_epi64(zero, points));
    const __m256i before = _mm256_add_epi64(lowest, ones);
    const __m256i behind = _mm256_andnot_si256(
        before, _mm256_add_epi64(_mm256_sub_epi64(lowest, _mm256_slli_epi64(lowest, 8)), ones));
    const __m256i no_point = _mm256_cmpeq_epi64(points, zero);
    const __m256i moved =
        _mm256_or_si256(_mm256_slli_epi64(_mm256_and_si256(numbers.digits, before), 8),
                        _mm256_and_si256(numbers.digits, behind));
    const __m256i digits = _mm256_blendv_epi8(moved, numbers.digits, no_point);
    const __m256i lone_point =
        _mm256_andnot_si256(no_point, _mm256_cmpeq_epi64(numbers.length, _mm256_set1_epi64x(1)));
    if (!all_good(digits, _mm256_or_si256(numbers.odd, lone_point))) break;
    const __m256i place = _mm256_sad_epu8(_mm256_and_si256(before, _mm256_set1_epi8(1)), zero);
    const __m256d power = _mm256_i64gather_pd(kPowerBehindPoint, place, 8);
    const __m256i packed =
        _mm256_permutevar8x32_epi32(numbers_of(digits), _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
    const __m256d whole = _mm256_cvtepi32_pd(_mm256_castsi256_si128(packed));
    const __m256d sign = _mm256_castsi256_pd(_mm256_slli_epi64(numbers.negative, 63));
    const __m256d value = _mm256_xor_pd(_mm256_div_pd(whole, power), sign);
    _mm256_storeu_pd(out + i, _mm256_permute4x64_pd(value, 0xD8));
  }
  return i;
}

size_t read_integers(const FieldSpan* fields, size_t n, int64_t* out) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const FourNumbers numbers = load_numbers(fields + i);
    if (!all_good(numbers.digits, numbers.odd)) break;
    const __m256i value = _mm256_sub_epi64(
        _mm256_xor_si256(numbers_of(numbers.digits), numbers.negative), numbers.negative);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), cross(value));
  }
  return i;
}

size_t read_strings(const FieldSpan* fields, size_t n, StringRef* out) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const FourFields four = load_fields(fields + i);
    const __m256i absent = _mm256_cmpeq_epi64(four.kinds, _mm256_set1_epi64x(FieldSpan::kAbsent));
    if (_mm256_testz_si256(absent, absent) == 0) break;
    const __m256i bytes = _mm256_i64gather_epi64(nullptr, four.pointers, 1);
    // The first 4 bytes at most: shifting by 32 bits and more leaves nothing of the ones.
    const __m256i cut =
        _mm256_sllv_epi32(_mm256_set1_epi64x(0xFFFFFFFF), _mm256_slli_epi64(four.lengths, 3));
    const __m256i prefix = _mm256_slli_epi64(_mm256_andnot_si256(cut, bytes), 32);
    const __m256i rest = _mm256_or_si256(four.lengths, prefix);
    auto* to = reinterpret_cast<__m256i*>(out + i);
    _mm256_storeu_si256(to, _mm256_unpacklo_epi64(four.pointers, rest));
    _mm256_storeu_si256(to + 1, _mm256_unpackhi_epi64(four.pointers, rest));
  }
  return i;
}

#include "formats/simd_kernels.inc"

}  // namespace

extern const Scanners kAvx2Scanners;
const Scanners kAvx2Scanners = {find_all, count,         find,          scan_positions, scan_masks,
                                jump,     read_decimals, read_integers, read_strings};

}  // namespace weir

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
