#include "windows/time_window.h"

namespace weir {

namespace {

void append_rank(std::string& out, uint64_t bits) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift);
}

}  // namespace

std::string window_rank(const WindowBounds& window, uint64_t arrival) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  std::string rank;
  append_rank(rank, static_cast<uint64_t>(window.end) ^ kSign);
  append_rank(rank, static_cast<uint64_t>(window.start) ^ kSign);
  append_rank(rank, arrival);
  return rank;
}

}  // namespace weir
