// Groups by any other list of columns: rows are encoded to bytes, then looked up as strings.
#pragma once

#include <string>

#include "operators/group_table.h"
#include "operators/string_key_table.h"

namespace weir {

class EncodedKeyTable final : public GroupTable {
 public:
  EncodedKeyTable(std::vector<Type> types, uint64_t seed)
      : types_(std::move(types)), table_(Type::bytes(), seed) {}

  void find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) override;
  uint32_t find(std::span<const ColumnPtr> keys, size_t row) const override;
  void find_all(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) const override;
  size_t size() const override { return table_.size(); }
  std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const override;
  // The encoding keeps the order.
  Vec<uint32_t> sorted() const override { return table_.sorted(); }
  uint64_t prefix(uint32_t group) const override { return table_.prefix(group); }
  bool less(uint32_t a, const GroupTable& other, uint32_t b) const override {
    return table_.less(a, static_cast<const EncodedKeyTable&>(other).table_, b);
  }
  void spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
              uint16_t* out) const override;
  size_t memory_bytes() const override { return table_.memory_bytes() + encoded_.bytes.capacity(); }
  void clear() override { table_.clear(); }

 private:
  // Some rows as bytes.
  struct Encoded {
    std::string bytes;
    Vec<size_t> ends;
    Vec<StringRef> rows;
    void load(std::span<const ColumnPtr> keys, size_t begin, size_t n);
  };

  std::vector<Type> types_;
  StringKeyTable table_;
  Encoded encoded_;
};

}  // namespace weir
