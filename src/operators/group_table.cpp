#include "operators/group_table.h"

#include <random>

#include "operators/encoded_key_table.h"
#include "operators/fixed_key_table.h"
#include "operators/string_key_table.h"

namespace weir {

std::unique_ptr<GroupTable> make_group_table(std::vector<Type> key_types, uint64_t seed) {
  if (key_types.size() == 1 && key_types[0].is_string_like()) {
    return std::make_unique<StringKeyTable>(key_types[0], seed);
  }
  switch (packed_words(key_types)) {
    case 1: return std::make_unique<FixedKeyTable<1>>(std::move(key_types), seed);
    case 2: return std::make_unique<FixedKeyTable<2>>(std::move(key_types), seed);
    case 3: return std::make_unique<FixedKeyTable<3>>(std::move(key_types), seed);
    case 4: return std::make_unique<FixedKeyTable<4>>(std::move(key_types), seed);
    default: return std::make_unique<EncodedKeyTable>(std::move(key_types), seed);
  }
}

uint64_t run_hash_seed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return (uint64_t{device()} << 32) | device();
  }();
  return seed;
}

}  // namespace weir
