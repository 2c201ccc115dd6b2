#include "run/line_counter.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "io/input.h"

namespace weir {

uint64_t LineCounter::line_at(const std::string& path, uint64_t offset) {
  if (path == "stdin" || path == "-") return 0;
  if (path != path_ || offset < offset_) {
    path_ = path;
    offset_ = 0;
    line_ = 1;
  }
  auto stream = open_stream(path);
  if (!stream) return 0;
  std::vector<char> buffer(size_t{1} << 18);
  uint64_t at = 0;
  while (at < offset) {
    const auto n = (*stream)->read(buffer.data(), buffer.size());
    if (!n || *n == 0) return 0;
    const uint64_t end = std::min<uint64_t>(at + *n, offset);
    if (end > offset_) {
      const uint64_t from = std::max(at, offset_);
      line_ +=
          static_cast<uint64_t>(std::count(buffer.begin() + static_cast<int64_t>(from - at),
                                           buffer.begin() + static_cast<int64_t>(end - at), '\n'));
    }
    at += *n;
  }
  offset_ = offset;
  return line_;
}

}  // namespace weir
