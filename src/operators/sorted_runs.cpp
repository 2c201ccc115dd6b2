#include "operators/sorted_runs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace weir {

namespace {

constexpr size_t kWritten = size_t{256} << 10;
constexpr size_t kRead = size_t{64} << 10;  // of each run at a time
constexpr size_t kFewRuns = 64;             // are read side by side
constexpr size_t kSizes = 2 * sizeof(uint32_t);

[[noreturn]] void cannot(const char* what, int problem) {
  throw SpillError(
      io_error(std::string("cannot ") + what + " what does not fit into memory", problem));
}

void put_size(size_t size, std::string& out) {
  const auto n = static_cast<uint32_t>(size);
  char bytes[sizeof(n)];
  std::memcpy(bytes, &n, sizeof(n));
  out.append(bytes, sizeof(n));
}

uint32_t size_at(const char* bytes) {
  uint32_t n = 0;
  std::memcpy(&n, bytes, sizeof(n));
  return n;
}

}  // namespace

void SortedRuns::begin_run() {
  const std::string path = space_->make_path();
  Descriptor file = open_descriptor(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!file) cannot("make a file for", errno);
  ::unlink(path.c_str());
  runs_.push_back(std::move(file));
}

void SortedRuns::add(std::string_view key, std::string_view value) {
  put_size(key.size(), buffer_);
  put_size(value.size(), buffer_);
  buffer_.append(key).append(value);
  if (buffer_.size() >= kWritten) write_out();
}

void SortedRuns::end_run() {
  write_out();
  buffer_ = {};
}

void SortedRuns::write_out() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(runs_.back().get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) cannot("write", errno);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
}

void SortedRuns::take(SortedRuns& other) {
  std::move(other.runs_.begin(), other.runs_.end(), std::back_inserter(runs_));
  other.runs_.clear();
}

void SortedRuns::make_few() {
  while (runs_.size() > kFewRuns) {
    // The first of them, which are the smallest, become one more at the end.
    const size_t some = std::min(kFewRuns, runs_.size() - kFewRuns + 1);
    begin_run();
    for (Reader reader(runs_, 0, some); reader.valid(); reader.next())
      add(reader.key(), reader.value());
    end_run();
    runs_.erase(runs_.begin(), runs_.begin() + static_cast<ptrdiff_t>(some));
  }
}

SortedRuns::Reader::Reader(const SortedRuns& runs) : Reader(runs.runs_, 0, runs.runs_.size()) {}

SortedRuns::Reader::Reader(const std::vector<Descriptor>& runs, size_t begin, size_t end) {
  for (size_t r = begin; r < end; ++r) {
    auto head = std::make_unique<Head>();
    head->file = runs[r].get();
    if (head->advance()) heap_.push_back(std::move(head));
  }
  std::make_heap(heap_.begin(), heap_.end(), comes_later);
}

void SortedRuns::Reader::next() {
  std::pop_heap(heap_.begin(), heap_.end(), comes_later);
  if (heap_.back()->advance()) {
    std::push_heap(heap_.begin(), heap_.end(), comes_later);
  } else {
    heap_.pop_back();
  }
}

bool SortedRuns::Reader::Head::fill(size_t size) {
  if (buffer.size() - at >= size) return true;
  buffer.erase(0, at);
  at = 0;
  const size_t had = buffer.size();
  buffer.resize(std::max(size, kRead));
  const ssize_t got = pread_all(file, buffer.data() + had, buffer.size() - had, offset);
  if (got < 0) cannot("read", errno);
  offset += static_cast<uint64_t>(got);
  buffer.resize(had + static_cast<size_t>(got));
  return buffer.size() >= size;
}

bool SortedRuns::Reader::Head::advance() {
  if (!fill(kSizes)) {
    if (!buffer.empty()) throw unreadable_spill();
    return false;
  }
  const size_t key_size = size_at(buffer.data() + at);
  const size_t value_size = size_at(buffer.data() + at + sizeof(uint32_t));
  if (!fill(kSizes + key_size + value_size)) throw unreadable_spill();
  const std::string_view entry = std::string_view(buffer).substr(at + kSizes);
  key = entry.substr(0, key_size);
  value = entry.substr(key_size, value_size);
  at += kSizes + key_size + value_size;
  return true;
}

}  // namespace weir
