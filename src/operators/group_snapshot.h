// The keys of a group table as bytes that sort as keys do (expr/aggregates/row_codec.h), for snapshots and the disk.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operators/group_table.h"
#include "state/snapshot.h"

namespace weir {

// The listed groups' keys.
std::vector<std::string> encoded_keys(const GroupTable& table, std::span<const uint32_t> groups);
// The group of such a key, new or not; nullopt after damage.
std::optional<uint32_t> find_encoded_key(GroupTable& table, const std::vector<Type>& key_types,
                                         std::string_view key);

// All keys as part of a snapshot, in order of their group numbers.
void snapshot_keys(const GroupTable& table, SnapshotWriter& writer);
// Adds the keys to an empty table: they get the same numbers again. False when damaged.
bool restore_keys(GroupTable& table, const std::vector<Type>& key_types, SnapshotReader& reader);

}  // namespace weir
