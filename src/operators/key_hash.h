// Hashing and safe loading of short keys.
//
// Multiply-and-fold with two secrets of the run (idea: wyhash's mum), so crafted keys gain nothing.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Reading a little beyond a short string is harmless on the machine but not in the eyes of the
// sanitizers; they get the plain copy.
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WEIR_WIDE_STRING_LOADS 1
#else
#define WEIR_WIDE_STRING_LOADS 0
#endif

namespace weir {

// Secrets drawn from one seed.
struct HashSecret {
  uint64_t a;
  uint64_t b;
  explicit HashSecret(uint64_t seed) : a(mix(seed + 0x9e3779b97f4a7c15)), b(mix(a) | 1) {}

  static uint64_t mix(uint64_t x) {  // splitmix64's finaliser
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
};

inline uint64_t fold_multiply(uint64_t x, uint64_t y) {
  const unsigned __int128 product = static_cast<unsigned __int128>(x) * y;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// The 32 bits a table uses; all of them depend on all of x.
inline uint32_t tag_of(uint64_t x, const HashSecret& secret) {
  return static_cast<uint32_t>(fold_multiply(x ^ secret.a, secret.b) >> 32);
}

// The first `len` (0 to 16) bytes at p as two words, zero padded.
inline void load_short(const char* p, uint32_t len, uint64_t& w0, uint64_t& w1) {
#if WEIR_WIDE_STRING_LOADS
  // 16 bytes that do not reach into the next page can always be read.
  if ((reinterpret_cast<uintptr_t>(p) & 4095) <= 4080) [[likely]] {
    alignas(32) static constexpr unsigned char kMask[32] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0};
    const char* at = len > 0 ? p : reinterpret_cast<const char*>(kMask);
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + 16 - len));
    const __m128i kept = _mm_and_si128(bytes, mask);
    w0 = static_cast<uint64_t>(_mm_cvtsi128_si64(kept));
    w1 = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(kept, kept)));
    return;
  }
#endif
  uint64_t words[2] = {0, 0};
  if (len > 0) std::memcpy(words, p, len);
  w0 = words[0];
  w1 = words[1];
}

}  // namespace weir
