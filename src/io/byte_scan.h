// Vectorised scans over bytes, the widest kernel of this machine chosen once.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// True if `byte` stands an odd number of times in `bytes`. Memory speed (one compare and one xor a vector).
bool odd_count(std::string_view bytes, char byte);

namespace internal {
// The kernels themselves, for tests that compare them. The AVX2 one needs a processor that has it.
bool odd_count_sse2(std::string_view bytes, char byte);
bool odd_count_avx2(std::string_view bytes, char byte);
}  // namespace internal

}  // namespace weir
