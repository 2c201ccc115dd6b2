// Bytes to 64 bits: XXH3.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// The checksum of what lies on disk.
uint64_t hash_bytes(std::string_view bytes);
// Of keys in a table: with a seed of the run crafted ones gain nothing.
uint64_t hash_key(std::string_view key, uint64_t seed);

}  // namespace weir
