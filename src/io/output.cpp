#include "io/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "io/descriptor.h"

namespace weir {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr uint64_t kSyncAheadBytes = uint64_t{8} << 20;

// Buffers small writes; shared by all sinks that end in a descriptor.
class DescriptorWriter {
 public:
  DescriptorWriter(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  Result<void> write(std::string_view bytes) {
    accepted_ += bytes.size();
    if (buffer_.size() + bytes.size() < kBufferBytes) {
      buffer_.append(bytes);
      return {};
    }
    if (auto r = flush(); !r) return r;
    if (bytes.size() >= kBufferBytes) return write_all(bytes);
    buffer_.append(bytes);
    return {};
  }

  Result<void> flush() {
    if (buffer_.empty()) return {};
    auto r = write_all(buffer_);
    buffer_.clear();  // what could not be written once is not tried again
    return r;
  }

  uint64_t accepted() const { return accepted_; }
  bool closed_pipe() const { return closed_pipe_; }
  int fd() const { return fd_; }
  const std::string& name() const { return name_; }

 private:
  Result<void> write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n >= 0) {
        bytes.remove_prefix(static_cast<size_t>(n));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {  // somebody made the descriptor non-blocking
        pollfd wait = {fd_, POLLOUT, 0};
        ::poll(&wait, 1, -1);
        continue;
      }
      closed_pipe_ = closed_pipe_ || errno == EPIPE;
      return fail(io_error("cannot write " + name_, errno));
    }
    return {};
  }

  int fd_;
  std::string name_;
  std::string buffer_;
  uint64_t accepted_ = 0;
  bool closed_pipe_ = false;
};

// Also devices and FIFOs given as a path; those it closes.
class DescriptorSink final : public ByteSink {
 public:
  DescriptorSink(int fd, std::string name, bool owned)
      : owner_(owned ? fd : -1), writer_(fd, std::move(name)) {}

  Result<void> write(std::string_view bytes) override { return writer_.write(bytes); }
  Result<void> flush() override { return writer_.flush(); }
  Result<uint64_t> checkpoint() override {
    if (auto r = writer_.flush(); !r) return fail(r.error());
    return writer_.accepted();
  }
  Result<void> commit() override {
    if (auto r = writer_.flush(); !r) return r;
    if (const int error = owner_.close(); error != 0) {
      return fail(io_error("cannot write " + writer_.name(), error));
    }
    return {};
  }
  // What has been written is with the reader already; the rest of it belongs there too.
  void abort() override {
    if (!closed_pipe()) static_cast<void>(writer_.flush());
  }
  uint64_t bytes_written() const override { return writer_.accepted(); }
  bool closed_pipe() const override { return writer_.closed_pipe(); }

 private:
  Descriptor owner_;
  DescriptorWriter writer_;
};

Result<void> sync_descriptor(int fd, const std::string& name) {
  int rc;
  do {
    rc = ::fdatasync(fd);
  } while (rc != 0 && errno == EINTR);
  if (rc == 0 || errno == EINVAL) return {};  // a device that cannot be synced: not a failure
  return fail(io_error("cannot write " + name, errno));
}

// Adds to a file in place.
class AppendSink final : public ByteSink {
 public:
  AppendSink(Descriptor fd, std::string path, off_t begin, bool sync)
      : fd_(std::move(fd)),
        writer_(fd_.get(), std::move(path)),
        begin_at_open_(begin),
        begin_(begin),
        sync_(sync) {}
  ~AppendSink() override { abort(); }

  Result<void> write(std::string_view bytes) override { return writer_.write(bytes); }
  Result<void> flush() override { return writer_.flush(); }
  Result<uint64_t> checkpoint() override {
    if (auto r = writer_.flush(); !r) return fail(r.error());
    if (later_ != nullptr) {
      later_->push_back(fd_.get());
    } else if (auto r = sync_descriptor(fd_.get(), writer_.name()); !r) {
      return fail(r.error());
    }
    begin_ = begin_at_open_ + static_cast<off_t>(writer_.accepted());
    return static_cast<uint64_t>(begin_);
  }
  void sync_later(std::vector<int>* files) override { later_ = files; }
  Result<void> commit() override {
    if (auto r = writer_.flush(); !r) return r;
    if (sync_) {
      if (auto r = sync_descriptor(fd_.get(), writer_.name()); !r) return r;
    }
    if (const int error = fd_.close(); error != 0) {
      return fail(io_error("cannot write " + writer_.name(), error));
    }
    return {};
  }
  void abort() override {
    if (fd_ && ::ftruncate(fd_.get(), begin_) != 0) {
      // Nothing more can be done; what was added stays.
    }
    fd_.close();
  }
  uint64_t bytes_written() const override { return writer_.accepted(); }
  int descriptor() const override { return fd_.get(); }

 private:
  Descriptor fd_;
  DescriptorWriter writer_;
  const off_t begin_at_open_;
  off_t begin_;  // the length to go back to: at the last checkpoint, else at the opening
  bool sync_;
  std::vector<int>* later_ = nullptr;  // who syncs instead
};

struct SplitPath {
  std::string folder;  // with its slash; empty: the current one
  std::string name;
};
SplitPath split_path(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

// Makes sure that a renamed file is found after a power failure.
Result<void> sync_folder(const std::string& folder) {
  const Descriptor fd = open_descriptor(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return {};  // not readable: writing into it was still allowed
  if (::fsync(fd.get()) == 0 || errno == EINVAL) return {};
  return fail(io_error("cannot write the folder " + folder, errno));
}

// A file that somebody else has made under the name in the meantime is not replaced unasked.
Result<void> rename_file(const std::string& temporary, const std::string& path, bool overwrite) {
  int rc = -1;
  bool plain = overwrite;
  if (!plain) {
    rc = ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
    plain = rc != 0 && (errno == EINVAL || errno == ENOSYS);  // not known to this file system
  }
  if (plain) rc = ::rename(temporary.c_str(), path.c_str());
  if (rc == 0) return {};
  return fail(io_error("cannot rename " + temporary + " to " + path, errno));
}

class TemporaryFileSink final : public ByteSink {
 public:
  TemporaryFileSink(Descriptor fd, std::string temporary, std::string path,
                    const FileSinkOptions& options)
      : fd_(std::move(fd)),
        temporary_(std::move(temporary)),
        path_(std::move(path)),
        options_(options),
        writer_(fd_.get(), path_) {}
  ~TemporaryFileSink() override { abort(); }

  Result<void> write(std::string_view bytes) override {
    auto r = writer_.write(bytes);
    if (r && options_.sync && writer_.accepted() - on_its_way_ >= kSyncAheadBytes) begin_sync();
    return r;
  }
  Result<void> flush() override { return writer_.flush(); }
  Result<uint64_t> checkpoint() override {
    return fail(ErrorKind::kInternal, path_ + " is not written in place");
  }
  Result<void> commit() override {
    if (auto r = writer_.flush(); !r) return r;
    if (options_.sync) {
      if (auto r = sync_descriptor(fd_.get(), path_); !r) return r;
    }
    if (const int error = fd_.close(); error != 0) {
      return fail(io_error("cannot write " + path_, error));
    }
    if (auto r = rename_file(temporary_, path_, options_.overwrite); !r) return r;
    temporary_.clear();
    return options_.sync ? sync_folder(split_path(path_).folder) : Result<void>{};
  }
  void abort() override {
    fd_.close();
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
  }
  uint64_t bytes_written() const override { return writer_.accepted(); }

 private:
  // The disk begins to take what is written, so that commit() has little to wait for. Only a hint.
  void begin_sync() {
    const uint64_t bytes = writer_.accepted() - on_its_way_;
    static_cast<void>(::sync_file_range(fd_.get(), static_cast<off_t>(on_its_way_),
                                        static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE));
    on_its_way_ += bytes;
  }

  Descriptor fd_;
  std::string temporary_;
  std::string path_;
  FileSinkOptions options_;
  DescriptorWriter writer_;
  uint64_t on_its_way_ = 0;  // to the disk
};

// Creates the temporary file, locked for as long as it is written: a name that is left from a process that
// died is taken over, one that is being written (by another sink of this process) is not.
Result<Descriptor> create_temporary(const std::string& temporary, const std::string& path) {
  for (int tries = 0; tries < 3; ++tries) {
    Descriptor fd = open_descriptor(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd) {
      ::flock(fd.get(), LOCK_EX | LOCK_NB);
      return fd;
    }
    if (errno != EEXIST) return fail(io_error("cannot create " + path, errno));
    const Descriptor old = open_descriptor(temporary, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!old) return fail(io_error("cannot replace the old " + temporary, errno));
    if (::flock(old.get(), LOCK_EX | LOCK_NB) != 0) {
      return fail(ErrorKind::kConfig, path + " is written twice at the same time");
    }
    ::unlink(temporary.c_str());
  }
  return fail(io_error("cannot create " + path, EEXIST));
}

Result<std::unique_ptr<ByteSink>> open_append(const std::string& path, bool sync) {
  const bool makes = ::access(path.c_str(), F_OK) != 0;
  // Readable where that is allowed: what was written is looked at when a run goes on behind it.
  Descriptor fd = open_descriptor(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW);
  if (!fd && errno == EACCES)
    fd = open_descriptor(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW);
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) return fail(io_error("cannot open " + path, errno));
  if (makes && sync) {
    if (auto r = sync_folder(split_path(path).folder); !r) return fail(r.error());
  }
  return std::make_unique<AppendSink>(std::move(fd), path, info.st_size, sync);
}

// Links that the system makes and nobody else can: /dev/stderr, /dev/fd/3.
bool is_link_of_system(const std::string& path) {
  return path.starts_with("/dev/fd/") || path.starts_with("/dev/std") || path.starts_with("/proc/");
}

// The file to write for a path: itself, but for the system's links to files, which are followed.
Result<std::string> writable_path(const std::string& path) {
  if (auto r = refuse_link(path); !r) return fail(r.error());
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return path;
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) return path;
  char* const target = ::realpath(path.c_str(), nullptr);
  if (target == nullptr) return fail(io_error("cannot follow the symbolic link " + path, errno));
  std::string result(target);
  std::free(target);
  return result;
}

}  // namespace

Result<void> refuse_link(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) return {};
  if (is_link_of_system(path)) return {};
  std::error_code ignored;
  return fail(ErrorKind::kConfig, "the output " + path + " is a symbolic link",
              "links are not written through; name the file itself: " +
                  std::filesystem::read_symlink(path, ignored).string());
}

Result<void> publish_file(const std::string& temporary, const std::string& path, bool overwrite) {
  if (auto r = rename_file(temporary, path, overwrite); !r) return r;
  return sync_folder(split_path(path).folder);
}

Result<void> cut_back(const std::string& path, uint64_t length) {
  const auto real = writable_path(path);
  if (!real) return fail(real.error());
  const Descriptor fd = open_descriptor(*real, O_WRONLY | O_CREAT | O_NOFOLLOW);
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) return fail(io_error("cannot open " + path, errno));
  if (static_cast<uint64_t>(info.st_size) < length)
    return fail(ErrorKind::kState,
                path + " has " + std::to_string(info.st_size) +
                    " bytes, the last checkpoint knows " + std::to_string(length),
                "it was changed by somebody else; --fresh starts over");
  if (::ftruncate(fd.get(), static_cast<off_t>(length)) != 0)
    return fail(io_error("cannot cut back " + path, errno));
  return {};
}

Result<std::unique_ptr<ByteSink>> make_resumed_file_sink(const std::string& path, uint64_t length) {
  const bool makes = ::access(path.c_str(), F_OK) != 0;
  if (auto r = cut_back(path, length); !r) return fail(r.error());
  const auto real = writable_path(path);
  if (!real) return fail(real.error());
  // Before a checkpoint knows the file its name must last.
  if (makes) {
    if (auto r = sync_folder(split_path(*real).folder); !r) return fail(r.error());
  }
  return open_append(*real, true);
}

std::unique_ptr<ByteSink> make_descriptor_sink(int fd, std::string name) {
  return std::make_unique<DescriptorSink>(fd, std::move(name), false);
}

Result<std::unique_ptr<ByteSink>> make_file_sink(const std::string& path,
                                                 const FileSinkOptions& options) {
  auto real = writable_path(path);
  if (!real) return fail(real.error());
  struct stat info{};
  const bool exists = ::stat(real->c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) return fail(io_error("cannot write " + path, EISDIR));
  if (exists && !S_ISREG(info.st_mode)) {
    Descriptor fd = open_descriptor(*real, O_WRONLY | O_NOCTTY);
    if (!fd) return fail(io_error("cannot open " + path, errno));
    return std::make_unique<DescriptorSink>(fd.release(), path, true);
  }
  if (options.append) return open_append(*real, options.sync);
  if (exists && !options.overwrite) {
    return fail(ErrorKind::kConfig, "the file " + path + " exists already",
                "`overwrite = true` replaces it when the run succeeds, `append = true` adds to it");
  }
  const SplitPath split = split_path(*real);
  const std::string temporary =
      split.folder + "." + split.name + ".weir-" + std::to_string(::getpid()) + ".tmp";
  auto fd = create_temporary(temporary, path);
  if (!fd) return fail(fd.error());
  if (exists && ::fchmod(fd->get(), info.st_mode & 07777) != 0) {
    // Kept if possible; where it is not, the new file has the usual mode.
  }
  return std::make_unique<TemporaryFileSink>(std::move(*fd), temporary, *real, options);
}

}  // namespace weir
