#include "run/line_counter.h"

#include <sys/stat.h>

#include <algorithm>

namespace weir {

namespace {

constexpr size_t kChunk = size_t{256} << 10;

bool is_regular_file(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

uint64_t LineCounter::line_at(const std::string& path, uint64_t offset) {
  // A read that fails once is tried again from the start.
  for (int tries = 0; tries < 2; ++tries)
    if (const uint64_t line = count_to(path, offset); line > 0) return line;
  return 0;
}

uint64_t LineCounter::count_to(const std::string& path, uint64_t offset) {
  auto found = readings_.find(path);
  if (found != readings_.end() && offset < found->second.offset) {
    readings_.erase(found);
    found = readings_.end();
  }
  if (found == readings_.end()) {
    if (!is_regular_file(path)) return 0;  // a pipe's bytes belong to the run
    auto opened = open_stream(path);
    if (!opened) return 0;
    if (readings_.size() >= kMostOpen) readings_.clear();
    found = readings_.emplace(path, Reading{std::move(*opened), 0, 1}).first;
    buffer_.resize(kChunk);
  }
  Reading& reading = found->second;
  while (reading.offset < offset) {
    const auto n =
        reading.stream->read(buffer_.data(), std::min<uint64_t>(kChunk, offset - reading.offset));
    if (!n || *n == 0) {
      readings_.erase(found);
      return 0;
    }
    reading.line += static_cast<uint64_t>(
        std::count(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(*n), '\n'));
    reading.offset += *n;
  }
  return reading.line;
}

}  // namespace weir
