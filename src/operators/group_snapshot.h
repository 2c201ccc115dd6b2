// The keys of a group table as part of a snapshot, in order of their group numbers.
#pragma once

#include <vector>

#include "operators/group_table.h"
#include "state/snapshot.h"

namespace weir {

void snapshot_keys(const GroupTable& table, SnapshotWriter& writer);
// Adds the keys to an empty table: they get the same numbers again. False when damaged.
bool restore_keys(GroupTable& table, const std::vector<Type>& key_types, SnapshotReader& reader);

}  // namespace weir
