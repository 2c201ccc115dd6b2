#include "io/input.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/decoding_stream.h"
#include "io/descriptor_stream.h"
#include "io/held_input.h"

namespace weir {
namespace {

// How long a producer's pause may last before a peek goes with what there is. A fast producer thus always
// gives the whole sample, whatever the sizes of its writes; a slow one is delayed by this once.
constexpr int kPeekPauseMs = 20;

// Reads until `size` bytes, the end, damage, or (with a whole line at hand) a pause of `raw`, which is null
// for files that never wait.
Result<Peek> gather(ByteStream& decoded, HeldStream* raw, size_t size) {
  Peek peek;
  bool has_line = false;
  while (peek.head.size() < size) {
    const size_t old = peek.head.size();
    peek.head.resize(size);
    const auto n = decoded.read(peek.head.data() + old, size - old);
    peek.head.resize(old + n.value_or(0));
    if (!n) {
      if (old == 0) return fail(n.error());
      return peek;  // the run will tell, in its place
    }
    if (*n == 0) {
      peek.whole = true;
      return peek;
    }
    has_line = has_line || peek.head.find('\n', old) != std::string::npos;
    if (raw != nullptr && has_line && !raw->wait_ready(kPeekPauseMs)) return peek;
  }
  if (raw == nullptr) {  // the end may be exactly here
    char one;
    const auto n = decoded.read(&one, 1);
    peek.whole = n && *n == 0;
  }
  return peek;
}

// Made at start, because a signal handler raises it.
const std::shared_ptr<StopSignal> peek_stop = std::make_shared<StopSignal>();

// The position that a redirected stdin stands at.
uint64_t current_offset(int fd) {
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  return at < 0 ? 0 : static_cast<uint64_t>(at);
}

Result<std::unique_ptr<ByteStream>> open_raw(const std::string& path,
                                             std::shared_ptr<const StopSignal> stop) {
  if (path == "-") {
    return std::make_unique<DescriptorStream>(0, false, "stdin", std::move(stop),
                                              current_offset(0));
  }
  auto fd = open_input(path);
  if (!fd) return fail(fd.error());
  return std::make_unique<DescriptorStream>(fd->release(), true, path, std::move(stop));
}

}  // namespace

Result<std::unique_ptr<ByteStream>> open_stream(const std::string& path,
                                                std::shared_ptr<const StopSignal> stop) {
  const std::string name = input_name(path);
  if (auto held = take_held_input(path)) {
    return std::make_unique<DecodingStream>(
        std::make_unique<HeldStream>(std::move(held), name, std::move(stop), false), name);
  }
  auto raw = open_raw(path, std::move(stop));
  if (!raw) return fail(raw.error());
  return std::make_unique<DecodingStream>(std::move(*raw), name);
}

Result<std::unique_ptr<ByteStream>> open_stream(const std::string& path) {
  return open_stream(path, nullptr);
}

Result<Peek> peek_file(const std::string& path, size_t size) {
  const std::string name = input_name(path);
  struct stat info{};
  if ((path == "-" ? ::fstat(0, &info) : ::stat(path.c_str(), &info)) != 0) {
    return fail(io_error("cannot open " + name, errno));
  }
  if (S_ISREG(info.st_mode)) {
    auto raw = open_raw(path, nullptr);
    if (!raw) return fail(raw.error());
    DecodingStream decoded(std::move(*raw), name);
    return gather(decoded, nullptr, size);
  }
  auto held = hold_input(path);
  if (!held) return fail(held.error());
  auto raw = std::make_unique<HeldStream>(*held, name, peek_stop, true);
  HeldStream* const raw_stream = raw.get();
  DecodingStream decoded(std::move(raw), name);
  auto peek = gather(decoded, raw_stream, size);
  if (peek_stop->raised()) return fail(ErrorKind::kIo, "interrupted while waiting for " + name);
  return peek;
}

void interrupt_peeks() {
  const int saved = errno;
  peek_stop->raise();
  errno = saved;
}

}  // namespace weir
