#include "run/memory_budget.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

namespace weir {

namespace {

uint64_t available_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  uint64_t bytes = std::numeric_limits<uint64_t>::max();
  if (pages > 0 && page > 0) bytes = static_cast<uint64_t>(pages) * static_cast<uint64_t>(page);
  uint64_t group = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> group) bytes = std::min(bytes, group);
  return bytes;
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
