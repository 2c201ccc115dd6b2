#include "sources/file_position.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "io/descriptor.h"
#include "io/input.h"
#include "sources/file_copies.h"
#include "state/hash.h"
#include "state/snapshot.h"

namespace weir {

namespace {

constexpr uint64_t kHashedBytes = 1024;
constexpr size_t kMostOthers = 1000;  // positions kept of files that are gone

struct Identity {
  bool regular = false;
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t birth_ns = 0;
  uint64_t size = 0;
};

Result<Identity> identify(const std::string& path) {
  struct statx info{};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS | STATX_BTIME, &info) != 0)
    return fail(ErrorKind::kIo, "cannot open " + path + ": " + std::strerror(errno));
  Identity id;
  id.regular = S_ISREG(info.stx_mode);
  id.device = makedev(info.stx_dev_major, info.stx_dev_minor);
  id.inode = info.stx_ino;
  id.size = info.stx_size;
  if ((info.stx_mask & STATX_BTIME) != 0)
    id.birth_ns = info.stx_btime.tv_sec * 1'000'000'000 + info.stx_btime.tv_nsec;
  return id;
}

bool same_file(const Identity& id, const FilePosition& saved) {
  return id.device == saved.device && id.inode == saved.inode && id.birth_ns == saved.birth_ns;
}

// Decoded bytes [begin, begin + size) of a file; fewer at its end.
Result<std::string> read_part(const std::string& path, uint64_t begin, uint64_t size) {
  auto stream = open_stream(path);
  if (!stream) return fail(stream.error());
  std::string bytes;
  char chunk[4096];
  for (uint64_t at = 0; at < begin + size;) {
    const auto n = (*stream)->read(chunk, std::min<uint64_t>(sizeof chunk, begin + size - at));
    if (!n) return fail(n.error());
    if (*n == 0) break;
    if (at + *n > begin) {
      const uint64_t skip = begin > at ? begin - at : 0;
      bytes.append(chunk + skip, *n - skip);
    }
    at += *n;
  }
  return bytes;
}

// The same of a plain file, at once.
Result<std::string> read_at(const std::string& path, uint64_t begin, uint64_t size) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(ErrorKind::kIo, "cannot open " + path + ": " + std::strerror(errno));
  std::string bytes(size, '\0');
  const ssize_t n = pread_all(fd, bytes.data(), size, begin);
  ::close(fd);
  if (n < 0) return fail(ErrorKind::kIo, "cannot read " + path + ": " + std::strerror(errno));
  bytes.resize(static_cast<size_t>(n));
  return bytes;
}

Result<bool> is_compressed(const std::string& path) {
  const auto head = read_at(path, 0, 16);
  if (!head) return fail(head.error());
  return detect_compression(*head) != Compression::kNone;
}

// True if the file's content is that which was read up to the saved place. A disk that cannot be read says
// nothing about it: an error.
Result<bool> same_content(const std::string& path, const Identity& id, const FilePosition& saved) {
  const auto compressed = is_compressed(path);
  if (!compressed) return fail(compressed.error());
  if (!*compressed && id.size < saved.offset) return false;
  const auto head = read_part(path, 0, saved.head_bytes);
  if (!head && head.error().kind == ErrorKind::kIo) return fail(head.error());
  if (!head || head->size() != saved.head_bytes || hash_bytes(*head) != saved.head_hash)
    return false;
  if (saved.tail_bytes == 0) return true;
  const uint64_t tail_begin = saved.offset - saved.tail_bytes;
  const auto tail = *compressed ? read_part(path, tail_begin, saved.tail_bytes)
                                : read_at(path, tail_begin, saved.tail_bytes);
  if (!tail && *compressed && tail.error().kind != ErrorKind::kIo) return false;
  if (!tail) return fail(tail.error());
  return tail->size() == saved.tail_bytes && hash_bytes(*tail) == saved.tail_hash;
}

// True if it is a compressed file with that content. One that cannot be read is not it.
bool is_compressed_copy(const std::string& path, const Identity& id, const FilePosition& saved) {
  if (saved.head_bytes == 0) return false;  // an empty head would fit everything
  const auto compressed = is_compressed(path);
  if (!compressed || !*compressed) return false;
  const auto same = same_content(path, id, saved);
  return same && *same;
}

// True if it is that file behind another device number: its disk was mounted anew.
bool is_mounted_anew(const std::string& path, const Identity& id, const FilePosition& saved) {
  if (saved.offset == 0 || path != saved.path || id.device == saved.device) return false;
  if (id.inode != saved.inode || id.birth_ns != saved.birth_ns) return false;
  const auto same = same_content(path, id, saved);
  return same && *same;
}

// The neighbours of a path, written as it is.
std::vector<std::string> neighbours(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(path).parent_path();
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored))
    found.push_back((folder / entry.path().filename()).string());
  return found;
}

// The saved positions and what has been found of them.
class Resolver {
 public:
  explicit Resolver(const std::vector<FilePosition>& saved) : saved_(saved), found_(saved.size()) {}

  Result<void> add(const std::string& path) {
    const auto id = identify(path);
    if (!id) return fail(id.error());
    if (!id->regular) {
      work_.inputs.push_back({path, 0, UINT32_MAX});
      return {};
    }
    for (size_t s = 0; s < saved_.size(); ++s) {
      if (found_[s] || !same_file(*id, saved_[s])) continue;
      found_[s] = true;
      const auto same = same_content(path, *id, saved_[s]);
      if (!same) return fail(same.error());
      if (*same) return go_on(path, s);
      work_.warnings.push_back(path + " was truncated or written anew: it is read from its start");
      if (saved_[s].offset > 0) emptied_.push_back(s);
      work_.inputs.push_back({path, 0, UINT32_MAX});
      return {};
    }
    for (size_t s = 0; s < saved_.size(); ++s) {
      if (found_[s] || !is_mounted_anew(path, *id, saved_[s])) continue;
      found_[s] = true;
      return go_on(path, s);
    }
    for (size_t s = 0; s < saved_.size(); ++s) {
      if (found_[s] || !is_compressed_copy(path, *id, saved_[s])) continue;
      found_[s] = true;
      return go_on(path, s);
    }
    work_.inputs.push_back({path, 0, UINT32_MAX});
    return {};
  }

  // A file that was copied and then emptied (logrotate's copytruncate) goes on in the copy. And a compressed copy of a
  // file that is still there (gzip at work, or just before it removes the file) is not read beside it.
  void find_copies() {
    for (const size_t s : emptied_) {
      for (const auto& path : neighbours(saved_[s].path)) {
        if (!is_rotated_name(path, saved_[s].path) || !is_copy(path, saved_[s])) continue;
        forget_new(path);
        static_cast<void>(go_on(path, s));
        break;
      }
    }
    for (const FeedInput& input : std::vector<FeedInput>(work_.inputs)) {
      const std::string original = without_compression_suffix(input.path);
      if (original.empty() || !is_input(original)) continue;
      if (!is_compressed_beginning(input.path, original)) continue;
      forget_new(input.path);
      work_.warnings.push_back(input.path + " is a copy of " + original +
                               ": it is not read as long as that is there");
    }
  }

  // Looks for files that the paths do not name any more, among their former neighbours.
  Result<void> find_renamed() {
    for (size_t s = 0; s < saved_.size(); ++s) {
      if (found_[s]) continue;
      const auto renamed = find_in_folder(s);
      if (!renamed) return fail(renamed.error());
      if (!renamed->empty()) {
        found_[s] = true;
        static_cast<void>(go_on(*renamed, s));
      } else {
        work_.others.push_back(saved_[s]);
      }
    }
    return {};
  }

  FileWork finish() {
    // What an earlier run has begun comes first, in the order in which it was begun.
    std::stable_sort(begun_.begin(), begun_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<FeedInput> inputs;
    for (auto& [order, input] : begun_) inputs.push_back(std::move(input));
    inputs.insert(inputs.end(), work_.inputs.begin(), work_.inputs.end());
    work_.inputs = std::move(inputs);
    if (work_.others.size() > kMostOthers)
      work_.others.erase(work_.others.begin(),
                         work_.others.end() - static_cast<ptrdiff_t>(kMostOthers));
    return std::move(work_);
  }

 private:
  Result<void> go_on(const std::string& path, size_t s) {
    begun_.push_back({s, {path, saved_[s].offset, UINT32_MAX}});
    return {};
  }

  bool is_input(const std::string& path) const {
    const auto named = [&](const FeedInput& input) { return input.path == path; };
    return std::any_of(work_.inputs.begin(), work_.inputs.end(), named) ||
           std::any_of(begun_.begin(), begun_.end(),
                       [&](const auto& begun) { return named(begun.second); });
  }
  void forget_new(const std::string& path) {
    std::erase_if(work_.inputs, [&](const FeedInput& input) { return input.path == path; });
  }
  // True if it is another file with the content that was read at the saved place.
  bool is_copy(const std::string& path, const FilePosition& saved) const {
    const auto id = identify(path);
    if (!id || !id->regular) return false;
    for (const auto& other : saved_)
      if (same_file(*id, other)) return false;
    const auto same = same_content(path, *id, saved);
    return same && *same;
  }

  Result<std::string> find_in_folder(size_t s) const {
    namespace fs = std::filesystem;
    std::string copy;
    for (const auto& path : neighbours(saved_[s].path)) {
      const auto id = identify(path);
      if (!id || !id->regular) continue;
      if (same_file(*id, saved_[s])) {
        const auto same = same_content(path, *id, saved_[s]);
        if (!same) return fail(same.error());
        return *same ? path : std::string();
      }
      // logrotate's compressed copy: access.log -> access.log.1.gz
      const std::string name = fs::path(saved_[s].path).filename().string();
      if (copy.empty() &&
          fs::path(path).filename().string().starts_with(name.substr(0, name.find('.'))) &&
          is_compressed_copy(path, *id, saved_[s]))
        copy = path;
    }
    return copy;
  }

  const std::vector<FilePosition>& saved_;
  std::vector<bool> found_;
  std::vector<std::pair<size_t, FeedInput>> begun_;
  std::vector<size_t> emptied_;  // saved files that hold something else now
  FileWork work_;
};

}  // namespace

Result<FilePosition> position_of(const std::string& path, uint64_t offset) {
  const auto id = identify(path);
  if (!id) return fail(id.error());
  FilePosition position;
  position.path = path;
  position.device = id->device;
  position.inode = id->inode;
  position.birth_ns = id->birth_ns;
  position.offset = offset;
  if (!id->regular) return position;
  const auto head = read_part(path, 0, std::min(offset, kHashedBytes));
  if (!head) return fail(head.error());
  position.head_bytes = head->size();
  position.head_hash = hash_bytes(*head);
  const auto compressed = is_compressed(path);
  if (!compressed) return fail(compressed.error());
  if (*compressed) return position;
  position.tail_bytes = std::min(offset, kHashedBytes);
  const auto tail = read_at(path, offset - position.tail_bytes, position.tail_bytes);
  if (!tail) return fail(tail.error());
  position.tail_hash = hash_bytes(*tail);
  return position;
}

Result<FilePosition> moved_on(const FilePosition& from, uint64_t offset) {
  if (offset == from.offset) return from;
  const auto is_it = [&](const std::string& path) {
    const auto id = identify(path);
    return id && same_file(*id, from);
  };
  if (is_it(from.path)) return position_of(from.path, offset);
  for (const auto& path : neighbours(from.path))
    if (is_it(path)) return position_of(path, offset);
  // It has been deleted, or moved elsewhere: what is known of it still finds a copy.
  FilePosition position = from;
  position.offset = offset;
  position.tail_bytes = 0;
  return position;
}

std::string encode_positions(const std::vector<FilePosition>& positions) {
  SnapshotWriter writer;
  writer.put_u64(positions.size());
  for (const auto& p : positions) {
    writer.put_text(p.path);
    for (const uint64_t v : {p.device, p.inode, static_cast<uint64_t>(p.birth_ns), p.offset,
                             p.head_bytes, p.head_hash, p.tail_bytes, p.tail_hash})
      writer.put_u64(v);
  }
  return writer.take();
}

Result<std::vector<FilePosition>> decode_positions(std::string_view bytes) {
  SnapshotReader reader(bytes);
  std::vector<FilePosition> positions;
  const uint64_t n = reader.get_u64();
  for (uint64_t i = 0; i < n && reader.ok(); ++i) {
    FilePosition p;
    p.path = reader.get_text();
    p.device = reader.get_u64();
    p.inode = reader.get_u64();
    p.birth_ns = static_cast<int64_t>(reader.get_u64());
    p.offset = reader.get_u64();
    p.head_bytes = reader.get_u64();
    p.head_hash = reader.get_u64();
    p.tail_bytes = reader.get_u64();
    p.tail_hash = reader.get_u64();
    positions.push_back(std::move(p));
  }
  if (!reader.ok() || !reader.at_end())
    return fail(ErrorKind::kState, "the positions of the files cannot be read");
  return positions;
}

Result<FileWork> plan_files(const std::vector<std::string>& paths,
                            const std::vector<FilePosition>& saved) {
  Resolver resolver(saved);
  for (const auto& path : paths)
    if (auto r = resolver.add(path); !r) return fail(r.error());
  if (auto r = resolver.find_renamed(); !r) return fail(r.error());
  resolver.find_copies();
  return resolver.finish();
}

}  // namespace weir
