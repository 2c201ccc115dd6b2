#include "io/held_input.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

namespace weir {
namespace {

std::mutex list_mutex;
std::map<std::string, std::shared_ptr<HeldInput>>& held_inputs() {
  static std::map<std::string, std::shared_ptr<HeldInput>> list;
  return list;
}

}  // namespace

Result<Descriptor> open_input(const std::string& path) {
  // Without O_NONBLOCK a FIFO's open(2) would wait for a writer, out of reach of a stop. Reads are
  // preceded by poll(2), which waits for the first writer by itself.
  Descriptor fd = open_descriptor(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return fail(io_error("cannot open " + path, errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail(io_error("cannot open " + path, errno));
  if (S_ISDIR(info.st_mode)) return fail(io_error("cannot read " + path, EISDIR));
  return fd;
}

Result<std::shared_ptr<HeldInput>> hold_input(const std::string& path) {
  const std::lock_guard lock(list_mutex);
  auto& entry = held_inputs()[path];
  if (entry) return entry;
  auto held = std::make_shared<HeldInput>();
  if (path == "-") {
    held->fd = 0;
  } else {
    auto fd = open_input(path);
    if (!fd) {
      held_inputs().erase(path);
      return fail(fd.error());
    }
    held->owner = std::move(*fd);
    held->fd = held->owner.get();
  }
  entry = held;
  return held;
}

std::shared_ptr<HeldInput> take_held_input(const std::string& path) {
  const std::lock_guard lock(list_mutex);
  const auto found = held_inputs().find(path);
  if (found == held_inputs().end()) return nullptr;
  auto held = std::move(found->second);
  held_inputs().erase(found);
  return held;
}

HeldStream::HeldStream(std::shared_ptr<HeldInput> held, std::string name,
                       std::shared_ptr<const StopSignal> stop, bool keep)
    : held_(std::move(held)),
      rest_(held_->fd, false, std::move(name), std::move(stop)),
      keep_(keep) {}

Result<size_t> HeldStream::read(char* to, size_t size) {
  if (at_ < held_->bytes.size()) {
    const size_t n = std::min(size, held_->bytes.size() - at_);
    std::memcpy(to, held_->bytes.data() + at_, n);
    at_ += n;
    consumed_ += n;
    if (!keep_ && at_ == held_->bytes.size()) {
      held_->bytes = {};
      at_ = 0;
    }
    return n;
  }
  if (held_->at_end) return 0;  // a terminal would start again after its end
  auto n = rest_.read(to, size);
  if (!n) return n;
  held_->at_end = *n == 0;
  if (keep_) {
    held_->bytes.append(to, *n);
    at_ += *n;
  }
  consumed_ += *n;
  return n;
}

bool HeldStream::wait_ready(int timeout_ms) {
  return at_ < held_->bytes.size() || held_->at_end || rest_.wait_ready(timeout_ms);
}

}  // namespace weir
