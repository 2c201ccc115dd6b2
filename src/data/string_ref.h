// A borrowed string of a column: 16 bytes, pointer, length and the first four bytes.
//
// The prefix lets comparisons and hash probes decide most cases without touching the bytes
// (idea: Neumann and Freitag, "Umbra", CIDR 2020).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

struct StringRef {
  const char* ptr = nullptr;
  uint32_t len = 0;
  uint32_t prefix = 0;  // first min(4, len) bytes, zero padded, in memory order

  StringRef() = default;
  StringRef(const char* p, size_t n) : ptr(p), len(static_cast<uint32_t>(n)) {
    if (n >= 4) {
      std::memcpy(&prefix, p, 4);
    } else {
      for (size_t i = 0; i < n; ++i)
        prefix |= static_cast<uint32_t>(static_cast<unsigned char>(p[i])) << (8 * i);
    }
  }
  explicit(false) StringRef(std::string_view s) : StringRef(s.data(), s.size()) {}

  std::string_view view() const { return {ptr, len}; }
  size_t size() const { return len; }

  friend bool operator==(const StringRef& a, const StringRef& b) {
    return a.len == b.len && a.prefix == b.prefix &&
           (a.len <= 4 || std::memcmp(a.ptr + 4, b.ptr + 4, a.len - 4) == 0);
  }
  // By bytes, unsigned; a prefix sorts before what it starts.
  friend int compare(const StringRef& a, const StringRef& b) {
    if (a.prefix != b.prefix) {
      return __builtin_bswap32(a.prefix) < __builtin_bswap32(b.prefix) ? -1 : 1;
    }
    // Equal prefixes are equal first bytes, and an empty text may have no bytes at all.
    const uint32_t common = std::min(a.len, b.len);
    const int c = common > 4 ? std::memcmp(a.ptr + 4, b.ptr + 4, common - 4) : 0;
    if (c != 0) return c;
    return a.len < b.len ? -1 : (a.len > b.len ? 1 : 0);
  }
  friend bool operator<(const StringRef& a, const StringRef& b) { return compare(a, b) < 0; }
};
static_assert(sizeof(StringRef) == 16);

}  // namespace weir
