// The scanners with what every x86-64 has.
#include "formats/simd.h"

#include <emmintrin.h>

namespace weir {
namespace {

#define WEIR_INLINE static inline __attribute__((always_inline))

struct Bytes64 {
  __m128i part[4];
};
WEIR_INLINE Bytes64 load(const char* p) {
  const auto* v = reinterpret_cast<const __m128i*>(p);
  return {
      {_mm_loadu_si128(v), _mm_loadu_si128(v + 1), _mm_loadu_si128(v + 2), _mm_loadu_si128(v + 3)}};
}
WEIR_INLINE uint64_t equal(const Bytes64& bytes, char c) {
  const __m128i wanted = _mm_set1_epi8(c);
  uint64_t mask = 0;
  for (int i = 0; i < 4; ++i) {
    const auto bits =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes.part[i], wanted)));
    mask |= static_cast<uint64_t>(bits) << (16 * i);
  }
  return mask;
}
WEIR_INLINE uint64_t prefix_xor(uint64_t mask) {
  mask ^= mask << 1;
  mask ^= mask << 2;
  mask ^= mask << 4;
  mask ^= mask << 8;
  mask ^= mask << 16;
  return mask ^ (mask << 32);
}
// Without the popcnt instruction the builtin calls a function with a table; this stays in registers.
WEIR_INLINE size_t count_bits(uint64_t mask) {
  mask -= (mask >> 1) & 0x5555555555555555;
  mask = (mask & 0x3333333333333333) + ((mask >> 2) & 0x3333333333333333);
  mask = (mask + (mask >> 4)) & 0x0F0F0F0F0F0F0F0F;
  return (mask * 0x0101010101010101) >> 56;
}
WEIR_INLINE size_t lowest_bit(uint64_t mask) { return static_cast<size_t>(__builtin_ctzll(mask)); }
WEIR_INLINE size_t select_bit(uint64_t mask, uint32_t k) {
  for (; k > 0; --k) mask &= mask - 1;
  return lowest_bit(mask);
}
WEIR_INLINE uint64_t extract_bits(uint64_t bits, uint64_t mask) {
  uint64_t out = 0;
  for (uint32_t n = 0; mask != 0; mask &= mask - 1, ++n) out |= (bits >> lowest_bit(mask) & 1) << n;
  return out;
}
WEIR_INLINE size_t write_positions(uint64_t mask, uint32_t base, uint32_t* out) {
  size_t n = 0;
  for (; mask != 0; mask &= mask - 1) out[n++] = base + static_cast<uint32_t>(lowest_bit(mask));
  return n;
}

#include "formats/simd_kernels.inc"

}  // namespace

const Scanners kSse2Scanners = {find_all, count,      find,          scan_positions, scan_masks,
                                jump,     take_lines, read_decimals, read_integers,  read_strings};

}  // namespace weir
