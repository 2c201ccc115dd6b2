#include "state/checkpoint_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace weir {

namespace {

constexpr std::string_view kPrefix = "ckpt-";
constexpr size_t kKept = 3;

std::unexpected<Error> failed(const std::string& what, const std::string& path) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return fail(full ? ErrorKind::kDiskFull : ErrorKind::kIo,
              what + " " + path + ": " + std::strerror(code));
}

// Closes at the end of its scope.
struct File {
  int fd;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

std::string file_name(uint64_t epoch) { return fmt::format("{}{:016}", kPrefix, epoch); }

// Makes a folder and its parents, for the owner alone.
Result<void> make_folder(const std::string& dir) {
  for (size_t at = 0; at != std::string::npos;) {
    at = dir.find('/', at + 1);
    const std::string part = dir.substr(0, at);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
      return failed("cannot make the folder", part);
  }
  struct stat info{};
  if (::stat(dir.c_str(), &info) != 0) return failed("cannot open the folder", dir);
  if (!S_ISDIR(info.st_mode)) return fail(ErrorKind::kState, dir + " is not a folder");
  return {};
}

std::string busy_message(int lock, const std::string& dir) {
  char text[64] = {};
  const ssize_t n = ::pread(lock, text, sizeof text - 1, 0);
  std::string holder(text, n > 0 ? static_cast<size_t>(n) : 0);
  holder = holder.substr(0, holder.find('\n'));
  return "another run uses " + dir + (holder.empty() ? "" : " (process " + holder + ")");
}

}  // namespace

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::open(const std::string& dir) {
  if (auto r = make_folder(dir); !r) return fail(r.error());
  const std::string lock_path = dir + "/LOCK";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return failed("cannot open", lock_path);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    File closing{lock};
    if (errno != EWOULDBLOCK) return failed("cannot lock", lock_path);
    return fail(ErrorKind::kBusy, busy_message(lock, dir),
                "one run at a time works on a checkpoint folder");
  }
  std::unique_ptr<CheckpointStore> store(new CheckpointStore(dir, lock));
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) < 0)
    return failed("cannot write", lock_path);
  // What a killed run left half-written.
  if (DIR* folder = ::opendir(dir.c_str())) {
    while (const dirent* entry = ::readdir(folder)) {
      if (std::string_view(entry->d_name).starts_with("tmp."))
        ::unlink((dir + "/" + entry->d_name).c_str());
    }
    ::closedir(folder);
  }
  return store;
}

CheckpointStore::~CheckpointStore() { ::close(lock_); }

Result<std::vector<std::pair<uint64_t, std::string>>> CheckpointStore::list(
    const std::string& dir) {
  DIR* folder = ::opendir(dir.c_str());
  if (folder == nullptr) return failed("cannot open the folder", dir);
  std::vector<std::pair<uint64_t, std::string>> found;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kPrefix)) continue;
    found.emplace_back(std::strtoull(entry->d_name + kPrefix.size(), nullptr, 10),
                       dir + "/" + entry->d_name);
  }
  ::closedir(folder);
  std::sort(found.begin(), found.end());
  return found;
}

Result<CheckpointFile> read_checkpoint(const std::string& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (file.fd < 0) return failed("cannot open", path);
  std::string bytes;
  char chunk[size_t{64} << 10];
  for (;;) {
    const ssize_t n = ::read(file.fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("cannot read", path);
    if (n == 0) break;
    bytes.append(chunk, static_cast<size_t>(n));
  }
  return decode_checkpoint(bytes, path);
}

Result<std::optional<CheckpointFile>> CheckpointStore::load() {
  auto files = list(dir_);
  if (!files) return fail(files.error());
  std::optional<Error> damage;
  for (size_t i = files->size(); i-- > 0;) {
    const std::string& file = (*files)[i].second;
    auto checkpoint = read_checkpoint(file);
    if (checkpoint) return std::optional<CheckpointFile>(std::move(*checkpoint));
    if (checkpoint.error().kind != ErrorKind::kState ||
        checkpoint.error().message.find("format") != std::string::npos)
      return fail(checkpoint.error());
    const std::string aside = path("damaged-" + file.substr(file.rfind('/') + 1));
    if (::rename(file.c_str(), aside.c_str()) != 0) return failed("cannot put aside", file);
    warnings_.push_back(checkpoint.error().message + "; it is kept as " + aside);
    damage = checkpoint.error();
  }
  if (damage) {
    damage->hint = "--fresh starts over without it";
    return fail(*damage);
  }
  return std::optional<CheckpointFile>();
}

Result<void> CheckpointStore::sync_folder() const {
  const File folder{::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.fd < 0 || ::fsync(folder.fd) != 0) return failed("cannot sync the folder", dir_);
  return {};
}

Result<void> CheckpointStore::save(const CheckpointFile& checkpoint) {
  const std::string bytes = encode_checkpoint(checkpoint);
  const std::string temporary = path("tmp." + std::to_string(::getpid()));
  {
    const File file{
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (file.fd < 0) return failed("cannot create", temporary);
    if (auto r = write_all(file.fd, bytes, temporary); !r) return r;
    if (::fsync(file.fd) != 0) return failed("cannot sync", temporary);
  }
  const std::string name = path(file_name(checkpoint.epoch));
  if (::rename(temporary.c_str(), name.c_str()) != 0) return failed("cannot rename to", name);
  if (auto r = sync_folder(); !r) return r;
  // The new one is safe: older ones beyond those kept may go.
  const auto files = list(dir_);
  if (!files) return fail(files.error());
  for (size_t i = 0; i + kKept < files->size(); ++i) ::unlink((*files)[i].second.c_str());
  return {};
}

Result<void> CheckpointStore::clear() {
  const auto files = list(dir_);
  if (!files) return fail(files.error());
  for (const auto& [epoch, file] : *files)
    if (::unlink(file.c_str()) != 0) return failed("cannot remove", file);
  return sync_folder();
}

}  // namespace weir
