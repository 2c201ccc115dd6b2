#include "sources/file_copies.h"

#include <sys/stat.h>

#include <array>
#include <fstream>
#include <string_view>

#include "io/input.h"

namespace weir {
namespace {

constexpr size_t kCompared = size_t{64} << 10;
constexpr off_t kSmallestHead =
    24;  // a program that compresses has written its head by then, or nothing

// Up to `size` decoded bytes; fewer at the end or where the data are cut off.
std::string beginning_of(const std::string& path, size_t size) {
  auto stream = open_stream(path);
  std::string bytes;
  if (!stream) return bytes;
  bytes.resize(size);
  size_t used = 0;
  while (used < size) {
    const auto n = (*stream)->read(bytes.data() + used, size - used);
    if (!n || *n == 0) break;
    used += *n;
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace

bool is_rotated_name(const std::string& path, const std::string& log) {
  return path.size() > log.size() + 1 && path.starts_with(log) &&
         (path[log.size()] == '.' || path[log.size()] == '-');
}

std::string without_compression_suffix(const std::string& path) {
  constexpr std::array<std::string_view, 4> kSuffixes = {".gz", ".zst", ".bz2", ".xz"};
  for (const std::string_view suffix : kSuffixes)
    if (path.size() > suffix.size() && path.ends_with(suffix))
      return path.substr(0, path.size() - suffix.size());
  return {};
}

bool is_compressed_beginning(const std::string& path, const std::string& plain) {
  struct stat copy{};
  struct stat original{};
  if (::stat(path.c_str(), &copy) != 0 || ::stat(plain.c_str(), &original) != 0) return false;
  if (!S_ISREG(copy.st_mode) || !S_ISREG(original.st_mode)) return false;
  if (copy.st_size < kSmallestHead) return true;
  std::string head(16, '\0');
  if (!std::ifstream(path, std::ios::binary).read(head.data(), 16)) return false;
  if (detect_compression(head) == Compression::kNone) return false;
  const std::string decoded = beginning_of(path, kCompared);
  return beginning_of(plain, kCompared).starts_with(decoded);
}

}  // namespace weir
