// The values of one declared `value` state, by group, with the time of the last write where they expire.
//
// Values of fixed width lie side by side; strings are kept as they are, nested values encoded.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "data/column.h"
#include "data/value.h"
#include "operators/huge_memory.h"
#include "operators/scalar.h"
#include "state/time_to_live.h"

namespace weir {

class ProcessValues {
 public:
  // `fallback` is read where nothing is set; NULL or of type `type`.
  ProcessValues(Type type, const Value& fallback, TimeToLive ttl);

  // What is set for a group: kept while a record may still turn out bad.
  struct Saved {
    std::string bytes;  // as in the store
    int64_t stamp = 0;
  };

  const TimeToLive& ttl() const { return ttl_; }
  void resize(size_t groups);
  bool is_set(uint32_t group) const { return present_[group] != 0; }
  bool is_set(uint32_t group, int64_t now) const {
    return present_[group] != 0 && !(ttl_.limited() && ttl_.expired(stamps_[group], now));
  }

  // Takes row i of a column of the same type, not constant; NULL clears.
  void set(uint32_t group, int64_t now, const Column& column, size_t i);
  void clear(uint32_t group);
  void expire(uint32_t group, int64_t now) {
    if (present_[group] != 0 && ttl_.expired(stamps_[group], now)) clear(group);
  }
  // The values of some groups, `now` for each of them; strings are copied into `arena`.
  ColumnPtr gather(std::span<const uint32_t> groups, std::span<const int64_t> now, Arena& arena);

  std::optional<Saved> save(uint32_t group) const;
  void put(uint32_t group, const std::optional<Saved>& saved);

  // The same for one value at a time, of types that a Scalar holds and that do not expire.
  Scalar scalar(uint32_t group) const;
  // What is set, without the default; NULL where nothing is.
  Scalar set_scalar(uint32_t group) const;
  void set_scalar(uint32_t group, const Scalar& value);

  // Keeps the given groups, renumbered in this order.
  void keep(std::span<const uint32_t> groups);
  size_t memory_bytes() const;

 private:
  bool alive(uint32_t group, int64_t now);
  template <class T>
  void gather_fixed(std::span<const uint32_t> groups, std::span<const int64_t> now, Column& out);
  void set_bytes(uint32_t group, std::string bytes);

  Type type_;
  size_t width_ = 0;  // of fixed values; 0: `bytes_`
  Arena fallback_strings_{64};
  ColumnPtr fallback_;  // one row
  Scalar fallback_scalar_;
  const TimeToLive ttl_;
  size_t size_ = 0;
  HugeVec<uint8_t> present_;
  HugeVec<char> fixed_;
  HugeVec<int64_t> stamps_;
  std::vector<std::string> bytes_;
  size_t long_bytes_ = 0;  // of strings that do not fit into std::string itself
};

}  // namespace weir
