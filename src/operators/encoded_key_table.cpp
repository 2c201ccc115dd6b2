#include "operators/encoded_key_table.h"

#include <algorithm>

#include "base/check.h"
#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

constexpr size_t kEncodedRows = 4096;  // rows encoded at a time: the bytes stay in the cache

}  // namespace

void EncodedKeyTable::Encoded::load(std::span<const ColumnPtr> keys, size_t begin, size_t n) {
  bytes.clear();
  ends.resize(n);
  for (size_t i = 0; i < n; ++i) {
    for (const auto& key : keys) encode_value(*key, begin + i, bytes);
    ends[i] = bytes.size();
  }
  rows.resize(n);
  size_t start = 0;
  for (size_t i = 0; i < n; ++i) {
    rows[i] = StringRef(bytes.data() + start, ends[i] - start);
    start = ends[i];
  }
}

void EncodedKeyTable::find_or_add(std::span<const ColumnPtr> keys, size_t rows, uint32_t* groups) {
  for (size_t begin = 0; begin < rows; begin += kEncodedRows) {
    const size_t n = std::min(kEncodedRows, rows - begin);
    encoded_.load(keys, begin, n);
    table_.find_or_add(encoded_.rows.data(), nullptr, n, groups + begin);
  }
}

void EncodedKeyTable::find_all(std::span<const ColumnPtr> keys, size_t rows,
                               uint32_t* groups) const {
  Encoded encoded;
  for (size_t begin = 0; begin < rows; begin += kEncodedRows) {
    const size_t n = std::min(kEncodedRows, rows - begin);
    encoded.load(keys, begin, n);
    table_.find_all(encoded.rows.data(), nullptr, n, groups + begin);
  }
}

void EncodedKeyTable::spread(std::span<const ColumnPtr> keys, size_t rows, uint16_t mask,
                             uint16_t* out) const {
  Encoded encoded;
  for (size_t begin = 0; begin < rows; begin += kEncodedRows) {
    const size_t n = std::min(kEncodedRows, rows - begin);
    encoded.load(keys, begin, n);
    table_.spread(encoded.rows.data(), nullptr, n, mask, out + begin);
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
