#include "run/memory_budget.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace weir {

namespace {

// The smallest limit of a control group and of those around it; `root`/PATH/`file` holds it.
uint64_t group_limit(const std::string& root, std::string path, const char* file) {
  uint64_t least = std::numeric_limits<uint64_t>::max();
  for (;;) {
    uint64_t limit = 0;
    if (std::ifstream(root + path + "/" + file) >> limit) least = std::min(least, limit);
    if (path.empty()) return least;
    path.resize(path == "/" ? 0 : path.rfind('/'));
  }
}

// Of the groups that this process is in, by both versions: lines "0::/PATH" and "N:memory:/PATH". In a container
// the path may be that outside, and only the root be there.
uint64_t memory_of_groups() {
  uint64_t least = std::numeric_limits<uint64_t>::max();
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t names = line.find(':');
    const size_t path = line.find(":/", names == std::string::npos ? names : names + 1);
    if (path == std::string::npos) continue;
    const std::string controllers = "," + line.substr(names + 1, path - names - 1) + ",";
    if (controllers == ",,")
      least = std::min(least, group_limit("/sys/fs/cgroup", line.substr(path + 1), "memory.max"));
    if (controllers.find(",memory,") != std::string::npos)
      least = std::min(least, group_limit("/sys/fs/cgroup/memory", line.substr(path + 1),
                                          "memory.limit_in_bytes"));
  }
  return least;
}

uint64_t available_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  uint64_t bytes = std::numeric_limits<uint64_t>::max();
  if (pages > 0 && page > 0) bytes = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page);
  return std::min(bytes, memory_of_groups());
}

}  // namespace

uint64_t memory_budget(ByteSize limit) {
  return limit.bytes > 0 ? limit.bytes : available_memory() / 2;
}

uint64_t used_memory() {
  uint64_t size = 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  if (!(std::ifstream("/proc/self/statm") >> size >> resident >> shared)) return 0;
  return (resident - std::min(resident, shared)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void give_back_free_memory() { ::malloc_trim(0); }

}  // namespace weir
