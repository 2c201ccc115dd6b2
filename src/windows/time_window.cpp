#include "windows/time_window.h"

#include "base/sortable.h"

namespace weir {

std::string window_rank(const WindowBounds& window, uint64_t arrival) {
  std::string rank;
  put_sortable(window.end, rank);
  put_sortable(window.start, rank);
  put_big_endian(arrival, rank);
  return rank;
}

}  // namespace weir
