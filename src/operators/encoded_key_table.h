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
  size_t size() const override { return table_.size(); }
  std::vector<ColumnPtr> keys(std::span<const uint32_t> groups, Arena& arena) const override;
  Vec<uint32_t> sorted() const override { return table_.sorted(); }  // the encoding keeps the order
  size_t memory_bytes() const override { return table_.memory_bytes() + encoded_.capacity(); }
  void clear() override { table_.clear(); }

 private:
  std::vector<Type> types_;
  StringKeyTable table_;
  std::string encoded_;
  Vec<StringRef> rows_;
  Vec<size_t> ends_;
};

}  // namespace weir
