// How much memory a run may use, and how much it does.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace weir {

// The limit in bytes: the one asked for, or half of what the machine (or the cgroup) has.
uint64_t memory_budget(ByteSize limit);
// The memory of this process that is not backed by files; 0 if it cannot be told.
uint64_t used_memory();
// Gives back to the system what the heap holds free: after state has gone to the disk that is much.
void give_back_free_memory();

}  // namespace weir
