// A growable array of trivially copyable values whose growth leaves new elements uninitialised.
//
// std::vector zero-fills on resize; decoders and kernels write every element they ask for, and the
// filling showed in profiles. Everything else behaves as in std::vector.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace weir {

template <class T>
class Vec {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Vec() = default;
  explicit Vec(size_t size) { resize(size); }
  Vec(size_t size, T value) { assign(size, value); }
  Vec(const Vec& other) { append(other.data_, other.size_); }
  Vec(Vec&& other) noexcept { swap(other); }
  Vec& operator=(const Vec& other) {
    if (this != &other) {
      size_ = 0;
      append(other.data_, other.size_);
    }
    return *this;
  }
  Vec& operator=(Vec&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Vec() { std::free(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  void clear() { size_ = 0; }
  void reserve(size_t n) {
    if (n > capacity_) grow_to(n);
  }
  // New elements are not initialised.
  void resize(size_t n) {
    if (n > capacity_) grow_to(n > 2 * capacity_ ? n : 2 * capacity_);
    size_ = n;
  }
  void assign(size_t n, T value) {
    resize(n);
    for (size_t i = 0; i < n; ++i) data_[i] = value;
  }
  void push_back(T value) {
    if (size_ == capacity_) grow_to(capacity_ < 8 ? 16 : 2 * capacity_);
    data_[size_++] = value;
  }
  void pop_back() { --size_; }
  void append(const T* values, size_t n) {
    if (n == 0) return;
    const size_t old = size_;
    resize(old + n);
    std::memcpy(static_cast<void*>(data_ + old), values, n * sizeof(T));
  }
  // Adds n uninitialised elements and gives the first of them.
  T* extend(size_t n) {
    const size_t old = size_;
    resize(old + n);
    return data_ + old;
  }
  void swap(Vec& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void grow_to(size_t n) {
    void* p = std::realloc(static_cast<void*>(data_), n * sizeof(T));
    if (p == nullptr) throw std::bad_alloc();
    data_ = static_cast<T*>(p);
    capacity_ = n;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace weir
