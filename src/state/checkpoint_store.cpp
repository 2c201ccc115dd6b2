#include "state/checkpoint_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir {

namespace {

constexpr std::string_view kPrefix = "ckpt-";
constexpr size_t kKept = 3;
constexpr int kLookEveryMs = 20;
constexpr auto kGoneWithin = std::chrono::milliseconds(60);  // from the signal to where it shows
constexpr auto kGivenBackWithin = std::chrono::seconds(10);
constexpr int kChildNiceness = 5;
constexpr size_t kWrittenBytes = size_t{256} << 10;

std::unexpected<Error> failed(const std::string& what, const std::string& path) {
  return fail(io_error(what + " " + path, errno));
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
    if (::mkdir(part.c_str(), 0700) == 0) {
      // Its name must last as long as what will be in it.
      const size_t slash = part.rfind('/');
      const std::string parent = slash == std::string::npos ? "."
                                 : slash == 0               ? "/"
                                                            : part.substr(0, slash);
      const File folder{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
      if (folder.fd >= 0 && ::fsync(folder.fd) != 0)
        return failed("cannot sync the folder", parent);
    } else if (errno != EEXIST) {
      return failed("cannot make the folder", part);
    }
  }
  struct stat info{};
  if (::stat(dir.c_str(), &info) != 0) return failed("cannot open the folder", dir);
  if (!S_ISDIR(info.st_mode)) return fail(ErrorKind::kState, dir + " is not a folder");
  return {};
}

// Why users other than this one and root can change or swap what is in the folder; empty: they cannot.
std::string open_to_others(const std::string& dir) {
  struct stat info{};
  if (::stat(dir.c_str(), &info) != 0) return {};
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return fmt::format("the checkpoint folder {} belongs to another user, who can change it", dir);
  if ((info.st_mode & S_IWOTH) != 0)
    return fmt::format("every user can change the checkpoint folder {}; chmod o-w keeps them out",
                       dir);
  if (::stat((dir + "/..").c_str(), &info) != 0) return {};
  if ((info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0)
    return fmt::format(
        "every user can put another folder in the place of {}: chmod o-w, or +t, for the one it is "
        "in",
        dir);
  return {};
}

// Who holds the lock, as it wrote into it; 0: nobody can tell.
pid_t holder_of(int lock) {
  char text[64] = {};
  const ssize_t n = ::pread(lock, text, sizeof text - 1, 0);
  return n > 0 ? static_cast<pid_t>(std::strtol(text, nullptr, 10)) : 0;
}

// The process has ended or is about to: killed runs take a moment to give back their memory.
bool is_gone(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return true;
  // "pid (name) state ppid pgrp session tty tpgid flags ..."
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string state;
  int64_t skipped = 0;
  uint64_t flags = 0;
  fields >> state;
  for (int i = 0; i < 5; ++i) fields >> skipped;
  fields >> flags;
  constexpr uint64_t kExiting = 4;  // PF_EXITING
  return state == "Z" || state == "X" || (flags & kExiting) != 0;
}

// Looks again and again: flock itself has no time limit. A killed run, and the child that still writes its
// last checkpoint, are waited for. False: errno says why.
bool take_lock(int lock, int64_t wait_us, const std::atomic<int>* stop) {
  const auto begin = std::chrono::steady_clock::now();
  while (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return false;
    const auto waited = std::chrono::steady_clock::now() - begin;
    const bool wait = waited < std::max<std::chrono::nanoseconds>(
                                   kGoneWithin, std::chrono::microseconds(wait_us)) ||
                      (waited < kGivenBackWithin && is_gone(holder_of(lock)));
    if (!wait || (stop != nullptr && stop->load() != 0)) {
      errno = EWOULDBLOCK;
      return false;
    }
    ::poll(nullptr, 0, kLookEveryMs);
  }
  return true;
}

std::string busy_message(int lock, const std::string& dir) {
  const pid_t holder = holder_of(lock);
  return "another run uses " + dir +
         (holder == 0 ? "" : " (process " + std::to_string(holder) + ")");
}

}  // namespace

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::open(const std::string& dir,
                                                               int64_t wait_us,
                                                               const std::atomic<int>* stop) {
  if (auto r = make_folder(dir); !r) return fail(r.error());
  const std::string lock_path = dir + "/LOCK";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return failed("cannot open", lock_path);
  if (!take_lock(lock, wait_us, stop)) {
    const File closing{lock};
    if (errno != EWOULDBLOCK) return failed("cannot lock", lock_path);
    return fail(ErrorKind::kBusy, busy_message(lock, dir),
                "one run at a time works on a checkpoint folder");
  }
  std::unique_ptr<CheckpointStore> store(new CheckpointStore(dir, lock));
  if (std::string why = open_to_others(dir); !why.empty())
    store->warnings_.push_back(std::move(why));
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) < 0)
    return failed("cannot write", lock_path);
  // What a killed run left half-written.
  if (DIR* folder = ::opendir(dir.c_str())) {
    while (const dirent* entry = ::readdir(folder)) {
      const std::string left = dir + "/" + entry->d_name;
      std::error_code ignored;
      if (std::string_view(entry->d_name).starts_with("tmp.")) ::unlink(left.c_str());
      if (std::string_view(entry->d_name).starts_with("spill-"))
        std::filesystem::remove_all(left, ignored);
    }
    ::closedir(folder);
  }
  return store;
}

CheckpointStore::~CheckpointStore() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::close(report_);
  }
  leave(0);
  ::close(lock_);
}

int64_t CheckpointStore::own_pid() { return ::getpid(); }

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

namespace {

// A file's bytes, mapped: state larger than memory is read where it lies.
struct Mapping {
  void* address = nullptr;
  size_t size = 0;
  ~Mapping() {
    if (address != nullptr) ::munmap(address, size);
  }
};

}  // namespace

Result<CheckpointFile> read_checkpoint(const std::string& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  struct stat info{};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) return failed("cannot open", path);
  auto mapping = std::make_shared<Mapping>();
  const auto size = static_cast<size_t>(info.st_size);
  if (size > 0) {
    void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd, 0);
    if (address == MAP_FAILED) return failed("cannot read", path);
    mapping->address = address;
    mapping->size = size;
  }
  const std::string_view bytes(static_cast<const char*>(mapping->address), size);
  return decode_checkpoint(bytes, path, std::move(mapping));
}

Result<std::optional<CheckpointFile>> CheckpointStore::load() {
  auto files = list(dir_);
  if (!files) return fail(files.error());
  std::optional<Error> damage;
  for (size_t i = files->size(); i-- > 0;) {
    const std::string& file = (*files)[i].second;
    auto checkpoint = read_checkpoint(file);
    if (checkpoint) {
      for (const auto& section : checkpoint->sections) saved_bytes_ += section.bytes.size();
      return std::optional<CheckpointFile>(std::move(*checkpoint));
    }
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
  return save(checkpoint.epoch, checkpoint.pipeline_id, [&](CheckpointWriter& writer) {
    for (const auto& section : checkpoint.sections) writer.add(section.name, section.bytes);
  });
}

Result<void> CheckpointStore::save(uint64_t epoch, uint64_t pipeline_id, const Fill& fill) {
  return write(epoch, pipeline_id, fill, [] { return true; });
}

Result<void> CheckpointStore::write(uint64_t epoch, uint64_t pipeline_id, const Fill& fill,
                                    const std::function<bool()>& goes_on) {
  const std::string temporary = path(temporary_);
  {
    const File file{
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (file.fd < 0) return failed("cannot create", temporary);
    // Small pieces together.
    std::string buffer;
    const auto flush = [&]() -> Result<void> {
      if (!goes_on()) return fail(ErrorKind::kState, "the run has gone");
      auto r = write_all(file.fd, buffer, temporary);
      buffer.clear();
      return r;
    };
    CheckpointWriter writer(
        [&](std::string_view bytes) {
          buffer += bytes;
          return buffer.size() >= kWrittenBytes ? flush() : Result<void>{};
        },
        epoch, pipeline_id);
    fill(writer);
    if (auto r = writer.finish(); !r) return r;
    if (auto r = flush(); !r) return r;
    if (::fsync(file.fd) != 0) return failed("cannot sync", temporary);
    saved_bytes_ = writer.written();
  }
  const std::string name = path(file_name(epoch));
  if (::rename(temporary.c_str(), name.c_str()) != 0) return failed("cannot rename to", name);
  if (auto r = sync_folder(); !r) return r;
  // The new one is safe: older ones beyond those kept may go.
  const auto files = list(dir_);
  if (!files) return fail(files.error());
  for (size_t i = 0; i + kKept < files->size(); ++i) ::unlink((*files)[i].second.c_str());
  return {};
}

// --- in a child process ---

Result<void> CheckpointStore::start_saving(uint64_t epoch, uint64_t pipeline_id, const Fill& fill,
                                           const std::vector<int>& files) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return failed("cannot save to", dir_);
  const pid_t parent = ::getpid();
  // A signal meant for the run must not reach the child's copy of its handlers.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    run_child(epoch, pipeline_id, fill, files, parent, ends[1]);
  }
  const int problem = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    errno = problem;
    return failed("cannot start saving to", dir_);
  }
  child_ = child;
  report_ = ends[0];
  return {};
}

// Nothing but this runs in the child: of the threads that held locks when it was made, none goes on in it. (malloc's
// own locks are seen to by fork.)
void CheckpointStore::run_child(uint64_t epoch, uint64_t pipeline_id, const Fill& fill,
                                const std::vector<int>& files, pid_t parent, int report) {
  Result<void> result;
  // The stream goes first where they share a core.
  if (::nice(kChildNiceness) == -1) errno = 0;
  try {
    for (const int fd : files) {
      if (::fdatasync(fd) != 0 && errno != EINVAL) result = failed("cannot sync", "an output");
      if (!result) break;
    }
    if (result)
      result = write(epoch, pipeline_id, fill, [parent] { return ::getppid() == parent; });
  } catch (const std::exception& e) {
    result = fail(ErrorKind::kInternal, e.what());
  }
  // A letter for the kind, then the message; or the size.
  const std::string text =
      result ? "=" + std::to_string(saved_bytes_)
             : std::string(1, static_cast<char>('a' + static_cast<int>(result.error().kind))) +
                   result.error().message;
  const ssize_t n = ::write(report, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
  _exit(n > 0 ? 0 : 1);
}

// Waits for the end of the child before this one, which has had an interval's time, and not for this one's.
void CheckpointStore::leave(pid_t child) {
  while (leaving_ > 0 && ::waitpid(leaving_, nullptr, 0) < 0 && errno == EINTR) {
  }
  leaving_ = child;
}

Result<void> CheckpointStore::look_at_saving(bool wait) {
  if (child_ <= 0) return {};
  if (wait) {
    pollfd end = {report_, POLLIN, 0};
    while (::poll(&end, 1, -1) < 0 && errno == EINTR) {
    }
  }
  std::string text(PIPE_BUF, '\0');
  const ssize_t n = ::read(report_, text.data(), text.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  leave(child_);
  ::close(report_);
  child_ = 0;
  report_ = -1;
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  if (text.empty())
    return fail(ErrorKind::kIo, "the process that was saving to " + dir_ + " has died");
  if (text[0] != '=') return fail(static_cast<ErrorKind>(text[0] - 'a'), text.substr(1));
  saved_bytes_ = std::strtoull(text.c_str() + 1, nullptr, 10);
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
