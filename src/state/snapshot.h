// Writes and reads the state of operators as bytes: little-endian, length-prefixed, checked.
//
// A writer keeps what is written, or, given a drain, passes it on in large pieces and keeps nothing.
// Threads: one at a time. A reader never reads past its end: after a short or damaged input every get
// gives zeros and ok() is false.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "data/type.h"

namespace weir {

class SnapshotWriter {
 public:
  using Drain = std::function<void(std::string_view)>;

  SnapshotWriter() = default;
  explicit SnapshotWriter(Drain drain) : drain_(std::move(drain)) {}

  void put_u8(uint8_t v) { put_raw(&v, 1); }
  void put_u32(uint32_t v) { put_raw(&v, 4); }
  void put_u64(uint64_t v) { put_raw(&v, 8); }
  void put_i64(int64_t v) { put_raw(&v, 8); }
  void put_double(double v) { put_raw(&v, 8); }
  void put_text(std::string_view v) {
    put_u64(v.size());
    put_raw(v.data(), v.size());
  }
  // As they are, without their length.
  void put_bytes(std::string_view v) { put_raw(v.data(), v.size()); }

  const std::string& bytes() const { return bytes_; }  // not with a drain
  std::string take() { return std::move(bytes_); }
  // Passes on what is left, if there is a drain.
  void drain() {
    if (!drain_) return;
    drain_(bytes_);
    bytes_.clear();
  }

 private:
  static constexpr size_t kDrainedBytes = size_t{256} << 10;

  void put_raw(const void* p, size_t n) {
    bytes_.append(static_cast<const char*>(p), n);
    if (bytes_.size() >= kDrainedBytes) drain();
  }
  std::string bytes_;
  Drain drain_;
};

class SnapshotReader {
 public:
  explicit SnapshotReader(std::string_view bytes) : rest_(bytes) {}
  uint8_t get_u8() { return get<uint8_t>(); }
  uint32_t get_u32() { return get<uint32_t>(); }
  uint64_t get_u64() { return get<uint64_t>(); }
  int64_t get_i64() { return get<int64_t>(); }
  double get_double() { return get<double>(); }
  std::string_view get_text() {
    const uint64_t n = get_u64();
    if (n > rest_.size()) {
      refuse();
      return {};
    }
    const std::string_view v = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return v;
  }
  // For what was read but cannot be: from now on as after damage.
  void refuse() {
    ok_ = false;
    rest_ = {};
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  // All that is left.
  std::string_view get_rest() { return std::exchange(rest_, {}); }

 private:
  template <class T>
  T get() {
    T v{};
    if (rest_.size() < sizeof(T)) {
      refuse();
      return v;
    }
    std::memcpy(&v, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return v;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace weir
