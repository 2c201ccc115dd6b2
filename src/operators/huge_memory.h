// Big zeroed buffers on huge pages, for hash tables and states.
//
// Buffers from 2 MiB up come straight from the kernel, aligned and advised to huge pages: a random access
// then costs a cache miss but hardly ever a TLB miss as well (measured 1.2x to 1.5x on large tables).
// They grow by moving their pages to a larger range of addresses: nothing is copied, and old and new never
// take memory at the same time. Smaller ones come from the heap.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

namespace weir {

class HugeBuffer {
 public:
  HugeBuffer() = default;
  explicit HugeBuffer(size_t bytes);  // zeroed; large ones are rounded up to whole huge pages
  ~HugeBuffer();
  HugeBuffer(HugeBuffer&& other) noexcept { swap(other); }
  HugeBuffer& operator=(HugeBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  HugeBuffer(const HugeBuffer&) = delete;
  HugeBuffer& operator=(const HugeBuffer&) = delete;

  char* data() const { return data_; }
  size_t size() const { return size_; }
  // Makes it larger and keeps its content; the rest is zeroed.
  void grow(size_t bytes);
  void swap(HugeBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(mapping_, other.mapping_);
    std::swap(mapping_size_, other.mapping_size_);
  }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  void* mapping_ = nullptr;  // null: from the heap
  size_t mapping_size_ = 0;
};

// A growable array in a HugeBuffer. New elements are not initialised.
template <class T>
class HugeVec {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  T* data() { return reinterpret_cast<T*>(buffer_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(buffer_.data()); }
  size_t size() const { return size_; }
  size_t capacity() const { return buffer_.size() / sizeof(T); }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  void clear() { size_ = 0; }
  void resize(size_t n) {
    if (n > capacity()) grow(n);
    size_ = n;
  }
  void push_back(const T& value) {
    if (size_ == capacity()) grow(size_ + 1);
    data()[size_++] = value;
  }
  size_t memory_bytes() const { return buffer_.size(); }

 private:
  void grow(size_t n) {
    size_t wanted = capacity() * 2;
    if (wanted < n) wanted = n;
    if (wanted * sizeof(T) < 512) wanted = 512 / sizeof(T) + 1;
    buffer_.grow(wanted * sizeof(T));
  }

  HugeBuffer buffer_;
  size_t size_ = 0;
};

}  // namespace weir
