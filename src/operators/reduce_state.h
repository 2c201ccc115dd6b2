// The running values of one reduced column, by group.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "data/column.h"
#include "operators/huge_memory.h"
#include "state/snapshot.h"

namespace weir {

class ReduceState {
 public:
  explicit ReduceState(Type type);

  const Type& type() const { return type_; }
  size_t size() const { return size_; }
  void resize(size_t groups);  // new ones are NULL
  // Takes row i of a column of the same type.
  void set(uint32_t group, const Column& column, size_t i);
  // The values of some groups; strings are copied into `arena`.
  ColumnPtr gather(std::span<const uint32_t> groups, Arena& arena) const;

  // Direct access to values of `type().width()` bytes, for the loops; only if is_fixed().
  bool is_fixed() const { return width_ > 0; }
  template <class T>
  T* values() {
    return reinterpret_cast<T*>(fixed_.data());
  }
  uint8_t* valid() { return valid_.data(); }

  size_t memory_bytes() const;
  void snapshot(SnapshotWriter& writer) const;
  void restore(SnapshotReader& reader);

 private:
  Type type_;
  size_t width_;  // of fixed values; 0: kept encoded
  size_t size_ = 0;
  HugeVec<char> fixed_;
  HugeVec<uint8_t> valid_;
  std::vector<std::string> encoded_;
};

}  // namespace weir
