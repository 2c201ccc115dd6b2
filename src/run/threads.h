// The run's threads: which cores may be used, naming, pinning.
#pragma once

#include <string>
#include <vector>

namespace weir {

// The cores this process may use (affinity mask and cpuset respected), by number.
std::vector<int> usable_cores();
// Confines the calling thread to some cores. Failing is not an error: a core may have gone offline.
void pin_thread(const std::vector<int>& cores);
// Names the calling thread (15 characters) and, with core >= 0, pins it there.
void take_role(const std::string& name, int core);

}  // namespace weir
