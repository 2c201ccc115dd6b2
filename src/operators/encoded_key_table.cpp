#include "operators/encoded_key_table.h"

#include <algorithm>

#include "base/check.h"
#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

constexpr size_t kEncodedRows = 4096;  // rows encoded at a time: the bytes stay in the cache

}  // namespace

void EncodedKeyTable::find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) {
  for (size_t begin = 0; begin < rows; begin += kEncodedRows) {
    const size_t n = std::min(kEncodedRows, rows - begin);
    encoded_.clear();
    ends_.resize(n);
    for (size_t i = 0; i < n; ++i) {
      for (const auto& key : keys) encode_value(*key, begin + i, encoded_);
      ends_[i] = encoded_.size();
    }
    rows_.resize(n);
    size_t start = 0;
    for (size_t i = 0; i < n; ++i) {
      rows_[i] = StringRef(encoded_.data() + start, ends_[i] - start);
      start = ends_[i];
    }
    table_.find_or_add(rows_.data(), nullptr, n, groups + begin);
  }
}

uint32_t EncodedKeyTable::find(std::span<const ColumnPtr> keys, size_t row) const {
  std::string encoded;
  for (const auto& key : keys) encode_value(*key, row, encoded);
  return table_.find(StringRef(encoded.data(), encoded.size()));
}

std::vector<ColumnPtr> EncodedKeyTable::keys(std::span<const uint32_t> groups, Arena& arena) const {
  std::vector<ColumnPtr> columns;
  for (const auto& type : types_) {
    columns.push_back(make_column(type));
    columns.back()->reserve(groups.size());
  }
  for (const uint32_t group : groups) {
    std::string_view bytes = table_.key(group).view();
    for (auto& column : columns) {
      const bool ok = decode_value(bytes, *column, arena);
      WEIR_CHECK(ok);
    }
  }
  return columns;
}

}  // namespace weir
