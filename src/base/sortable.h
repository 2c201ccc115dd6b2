// Numbers as bytes that sort as the numbers do: the highest byte first, the sign bit of signed ones flipped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

template <class U>
void put_big_endian(U value, std::string& out) {
  char bytes[sizeof(U)];
  for (size_t k = 0; k < sizeof(U); ++k)
    bytes[k] = static_cast<char>(static_cast<unsigned char>(value >> (8 * (sizeof(U) - 1 - k))));
  out.append(bytes, sizeof(U));
}

// Takes it from the front; false: too few bytes.
template <class U>
bool get_big_endian(std::string_view& in, U& value) {
  if (in.size() < sizeof(U)) return false;
  value = 0;
  for (size_t k = 0; k < sizeof(U); ++k)
    value = static_cast<U>((value << (sizeof(U) > 1 ? 8 : 0)) | static_cast<unsigned char>(in[k]));
  in.remove_prefix(sizeof(U));
  return true;
}

template <class U>
constexpr U sign_bit() {
  return static_cast<U>(U{1} << (8 * sizeof(U) - 1));
}

inline void put_sortable(int64_t value, std::string& out) {
  put_big_endian(static_cast<uint64_t>(value) ^ sign_bit<uint64_t>(), out);
}
// Of at least eight bytes.
inline int64_t get_sortable(std::string_view in) {
  uint64_t bits = 0;
  get_big_endian(in, bits);
  return static_cast<int64_t>(bits ^ sign_bit<uint64_t>());
}

}  // namespace weir
