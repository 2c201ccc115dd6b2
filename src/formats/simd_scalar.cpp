// The scanners without vector instructions: the reference for the others, and for other machines.
#include "formats/simd.h"

namespace weir {
namespace {

#define WEIR_INLINE static inline __attribute__((always_inline))

struct Bytes64 {
  const char* p;
};
WEIR_INLINE Bytes64 load(const char* p) { return {p}; }
WEIR_INLINE uint64_t equal(Bytes64 bytes, char c) {
  uint64_t mask = 0;
  for (size_t i = 0; i < 64; ++i) mask |= static_cast<uint64_t>(bytes.p[i] == c) << i;
  return mask;
}
WEIR_INLINE uint64_t prefix_xor(uint64_t mask) {
  for (int shift = 1; shift < 64; shift *= 2) mask ^= mask << shift;
  return mask;
}
WEIR_INLINE size_t count_bits(uint64_t mask) {
  return static_cast<size_t>(__builtin_popcountll(mask));
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

const Scanners kScalarScanners = {find_all,      count,       find,       scan_positions,
                                  scan_masks,    jump,        take_lines, read_decimals,
                                  read_integers, read_strings};

}  // namespace weir
