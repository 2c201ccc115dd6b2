#include "operators/group_snapshot.h"

#include <algorithm>
#include <numeric>

#include "expr/aggregates/row_codec.h"

namespace weir {

namespace {

constexpr size_t kSavedRows = 4096;

}  // namespace

std::vector<std::string> encoded_keys(const GroupTable& table, std::span<const uint32_t> groups) {
  std::vector<std::string> encoded(groups.size());
  Arena arena;
  for (const auto& column : table.keys(groups, arena)) {
    for (size_t i = 0; i < groups.size(); ++i) encode_value(*column, i, encoded[i]);
  }
  return encoded;
}

std::optional<uint32_t> find_encoded_key(GroupTable& table, const std::vector<Type>& key_types,
                                         std::string_view key) {
  Arena arena;
  std::vector<ColumnPtr> columns;
  for (const auto& type : key_types) {
    columns.push_back(make_column(type));
    if (!decode_value(key, *columns.back(), arena)) return std::nullopt;
  }
  if (!key.empty()) return std::nullopt;
  uint32_t group = 0;
  table.find_or_add(columns, 1, &group);
  return group;
}

void snapshot_keys(const GroupTable& table, SnapshotWriter& writer) {
  writer.put_u64(table.size());
  Vec<uint32_t> groups;
  for (size_t begin = 0; begin < table.size(); begin += kSavedRows) {
    groups.resize(std::min(kSavedRows, table.size() - begin));
    std::iota(groups.begin(), groups.end(), static_cast<uint32_t>(begin));
    for (const auto& key : encoded_keys(table, {groups.data(), groups.size()}))
      writer.put_text(key);
  }
}

bool restore_keys(GroupTable& table, const std::vector<Type>& key_types, SnapshotReader& reader) {
  const uint64_t total = reader.get_u64();
  for (uint64_t g = 0; g < total && reader.ok(); ++g) {
    const auto group = find_encoded_key(table, key_types, reader.get_text());
    if (group != g) reader.refuse();
  }
  return reader.ok();
}

}  // namespace weir
