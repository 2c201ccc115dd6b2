// The checksum of what lies on disk: XXH3, 64 bits. Not for keys: it has no seed.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

uint64_t hash_bytes(std::string_view bytes);

}  // namespace weir
