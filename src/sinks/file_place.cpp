#include "sinks/file_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include "io/descriptor.h"
#include "state/hash.h"

namespace weir {

namespace {

constexpr uint64_t kTailBytes = uint64_t{64} << 10;

// The hash of `size` bytes before `length`; nullopt if there are not so many, or they cannot be read.
std::optional<uint64_t> tail_hash(int fd, uint64_t length, uint64_t size) {
  std::string bytes(size, '\0');
  const ssize_t n = pread_all(fd, bytes.data(), size, length - size);
  if (n < 0 || static_cast<uint64_t>(n) < size) return std::nullopt;
  return hash_bytes(bytes);
}

bool is_file(const struct stat& info, const FilePlace& place) {
  return info.st_dev == place.device && info.st_ino == place.inode;
}

// True unless the bytes before the place are others than those that were written.
bool holds(const std::string& path, const FilePlace& place) {
  const Descriptor fd = open_descriptor(path, O_RDONLY);
  if (!fd || place.tail_bytes == 0) return true;
  return tail_hash(fd.get(), place.length, place.tail_bytes) == place.tail_hash;
}

// The file under another name beside its old one; empty: not there.
std::string find_renamed(const FilePlace& place) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(place.path).parent_path();
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored)) {
    struct stat info{};
    const std::string path = (folder / entry.path().filename()).string();
    if (::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && is_file(info, place))
      return path;
  }
  return {};
}

std::unexpected<Error> changed_file(const FilePlace& place, const std::string& how) {
  return fail(ErrorKind::kState, place.path + how,
              "somebody else has changed it; --fresh starts over");
}

}  // namespace

std::string encode_file_place(const FilePlace& place) {
  return fmt::format("@{} {} {} {} {} {}", place.length, place.device, place.inode,
                     place.tail_bytes, place.tail_hash, place.path);
}

std::optional<FilePlace> decode_file_place(std::string_view text) {
  FilePlace place;
  const bool full = text.starts_with('@');
  if (full) text.remove_prefix(1);
  const std::array<uint64_t*, 5> numbers = {&place.length, &place.device, &place.inode,
                                            &place.tail_bytes, &place.tail_hash};
  for (size_t i = 0; i < (full ? numbers.size() : 1); ++i) {
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), *numbers[i]);
    if (problem != std::errc{} || end == text.data() + text.size() || *end != ' ')
      return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  }
  if (place.tail_bytes > place.length || place.tail_bytes > kTailBytes) return std::nullopt;
  place.path = text;
  return place;
}

Result<FilePlace> file_place(int fd, const std::string& path, uint64_t length) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return fail(io_error("cannot look at " + path, errno));
  FilePlace place;
  place.length = length;
  place.device = info.st_dev;
  place.inode = info.st_ino;
  place.path = path;
  const uint64_t size = std::min(length, kTailBytes);
  if (const auto hash = tail_hash(fd, length, size)) {
    place.tail_bytes = size;
    place.tail_hash = *hash;
  }
  return place;
}

Result<FoundPlace> find_file_place(const FilePlace& place) {
  struct stat info{};
  const bool there = ::stat(place.path.c_str(), &info) == 0;
  if (!there && errno != ENOENT) return fail(io_error("cannot look at " + place.path, errno));
  const uint64_t size = there ? static_cast<uint64_t>(info.st_size) : 0;
  const bool same = there && place.knows_file() && is_file(info, place);
  FoundPlace found{place.path, false};
  if (same || !place.knows_file()) {
    if (size < place.length)
      return changed_file(
          place, fmt::format(" has {} bytes, the last checkpoint knows {}", size, place.length));
    if (!holds(place.path, place))
      return changed_file(place, " holds other bytes than were written");
    return found;
  }
  // Another file is there now, or none. A copy of the one that was written is as good.
  if (place.tail_bytes > 0 && size >= place.length && holds(place.path, place)) return found;
  if (size > 0)
    return changed_file(place, " is another file than the one that was written, and not empty");
  found.path = find_renamed(place);
  if (found.path.empty() && !there && place.length > 0)
    return fail(ErrorKind::kState,
                place.path + " is gone, and no file beside it is the one that was written",
                "if it was rotated away, put an empty file there: the run goes on in it; --fresh "
                "starts over");
  found.rotated = place.length > 0 || !found.path.empty();
  if (found.path.empty()) return found;
  struct stat old{};
  const bool whole =
      ::stat(found.path.c_str(), &old) == 0 && static_cast<uint64_t>(old.st_size) >= place.length;
  if (!whole || !holds(found.path, place)) {
    FilePlace renamed = place;
    renamed.path = found.path;
    return changed_file(renamed, ", formerly " + place.path + ", is not as it was written");
  }
  return found;
}

}  // namespace weir
