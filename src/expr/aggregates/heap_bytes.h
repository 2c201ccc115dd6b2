// Bytes that an aggregate's state owns, movable with the state: the value of MIN over strings and such.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace weir {

struct HeapBytes {
  char* data = nullptr;
  uint32_t len = 0;
  uint32_t capacity = 0;

  std::string_view view() const { return {data, len}; }
  void assign(std::string_view text) {
    if (text.size() > capacity || data == nullptr) {
      const size_t wanted = text.size() < 16 ? 16 : text.size();
      void* p = std::realloc(data, wanted);
      if (p == nullptr) throw std::bad_alloc();
      data = static_cast<char*>(p);
      capacity = static_cast<uint32_t>(wanted);
    }
    if (!text.empty()) std::memcpy(data, text.data(), text.size());
    len = static_cast<uint32_t>(text.size());
  }
  // Takes over another's bytes.
  void take(HeapBytes& other) {
    std::free(data);
    *this = other;
    other = HeapBytes();
  }
  void release() {
    std::free(data);
    *this = HeapBytes();
  }
};

}  // namespace weir
