#include "operators/group_snapshot.h"

#include <algorithm>

#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

constexpr size_t kSavedRows = 4096;

}  // namespace

void snapshot_keys(const GroupTable& table, SnapshotWriter& writer) {
  writer.put_u64(table.size());
  Vec<uint32_t> ids;
  std::string encoded;
  for (size_t begin = 0; begin < table.size(); begin += kSavedRows) {
    ids.clear();
    for (size_t g = begin; g < std::min(table.size(), begin + kSavedRows); ++g)
      ids.push_back(static_cast<uint32_t>(g));
    Arena arena;
    const auto columns = table.keys({ids.data(), ids.size()}, arena);
    for (size_t i = 0; i < ids.size(); ++i) {
      encoded.clear();
      for (const auto& column : columns) encode_value(*column, i, encoded);
      writer.put_text(encoded);
    }
  }
}

bool restore_keys(GroupTable& table, const std::vector<Type>& key_types, SnapshotReader& reader) {
  const uint64_t total = reader.get_u64();
  for (uint64_t g = 0; g < total && reader.ok(); ++g) {
    std::string_view encoded = reader.get_text();
    Arena arena;
    std::vector<ColumnPtr> columns;
    for (const auto& type : key_types) {
      columns.push_back(make_column(type));
      if (!decode_value(encoded, *columns.back(), arena)) reader.refuse();
    }
    if (!reader.ok()) return false;
    uint32_t group = 0;
    table.find_or_add(columns, 1, &group);
    if (!encoded.empty() || group != g) reader.refuse();
  }
  return reader.ok();
}

}  // namespace weir
