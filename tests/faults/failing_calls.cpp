// A library to be preloaded: makes one call of the program fail, for files below a folder.
//
//   FAULT_CALLS   names, comma between them: write,read,open,fsync,rename,unlink,truncate; new: memory that operator
//                 new is asked for, once the pipeline is read
//   FAULT_AT      the n-th of them, from 1; 0: none
//   FAULT_EVERY   instead: every n-th
//   FAULT_HOW     eio, enospc, short (half of it is written or read), eintr, kill (kill -9 before the call), slow (the
//                 call takes 50 ms); of no meaning for new, which throws
//   FAULT_ROOT    the folder
//   FAULT_MARK    a file that is made when it has happened

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

enum class How { kNone, kEio, kEnospc, kShort, kEintr };

std::atomic<long> calls{0};
// A file below the folder has been opened that is no pipeline: the library which reads those is one that ends the
// process itself when there is no memory.
std::atomic<bool> began{false};

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

bool names(const char* list, const char* call) {
  const size_t n = std::strlen(call);
  for (const char* at = list; at != nullptr && *at != '\0';) {
    const char* const end = ::strchrnul(at, ',');
    if (static_cast<size_t>(end - at) == n && std::strncmp(at, call, n) == 0) return true;
    at = *end == ',' ? end + 1 : end;
  }
  return false;
}

bool below_root(const char* path) {
  const char* const root = std::getenv("FAULT_ROOT");
  if (root == nullptr) return false;
  char absolute[PATH_MAX];
  if (path[0] != '/') {
    char folder[PATH_MAX];
    if (::getcwd(folder, sizeof folder) == nullptr) return false;
    std::snprintf(absolute, sizeof absolute, "%.2000s/%.2000s", folder, path);
    path = absolute;
  }
  return std::strncmp(path, root, std::strlen(root)) == 0 &&
         std::strstr(path, "/stderr") == nullptr;
}

bool below_root(int fd) {
  if (fd <= 2) return false;
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char path[PATH_MAX];
  const ssize_t n = ::readlink(link, path, sizeof path - 1);
  if (n <= 0) return false;
  path[n] = '\0';
  return below_root(path);
}

// Counts a call that may fail; true if this one is to.
bool is_due() {
  const long number = ++calls;
  const char* const at = std::getenv("FAULT_AT");
  const char* const every = std::getenv("FAULT_EVERY");
  const bool now =
      every != nullptr ? number % std::atol(every) == 0 : at != nullptr && number == std::atol(at);
  if (!now) return false;
  if (const char* const mark = std::getenv("FAULT_MARK"))
    ::close(real<int(const char*, int, ...)>("open")(mark, O_WRONLY | O_CREAT, 0644));
  return true;
}

// Counts the call and says what is to happen to it.
template <class Place>
How fate(const char* call, Place place) {
  const char* const list = std::getenv("FAULT_CALLS");
  const char* const how = std::getenv("FAULT_HOW");
  if (list == nullptr || how == nullptr || !names(list, call) || !below_root(place))
    return How::kNone;
  if (!is_due()) return How::kNone;
  if (std::strcmp(how, "kill") == 0) ::kill(::getpid(), SIGKILL);
  if (std::strcmp(how, "slow") == 0) {
    ::usleep(50'000);
    return How::kNone;
  }
  if (std::strcmp(how, "eio") == 0) return How::kEio;
  if (std::strcmp(how, "enospc") == 0) return How::kEnospc;
  if (std::strcmp(how, "short") == 0) return How::kShort;
  return How::kEintr;
}

// Memory as the C library gives it, or none.
void* allocate(size_t n, size_t alignment) {
  if (began.load(std::memory_order_relaxed)) {
    const char* const list = std::getenv("FAULT_CALLS");
    if (list != nullptr && names(list, "new") && is_due()) throw std::bad_alloc();
  }
  const size_t size = (std::max<size_t>(n, 1) + alignment - 1) / alignment * alignment;
  void* const p = alignment > alignof(std::max_align_t) ? std::aligned_alloc(alignment, size)
                                                        : std::malloc(size);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}

// True if the call fails, with errno set.
bool fails(How how) {
  switch (how) {
    case How::kEio: errno = EIO; return true;
    case How::kEnospc: errno = ENOSPC; return true;
    case How::kEintr: errno = EINTR; return true;
    default: return false;
  }
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t n) {
  const How how = fate("write", fd);
  if (fails(how)) return -1;
  return real<ssize_t(int, const void*, size_t)>("write")(fd, bytes,
                                                          how == How::kShort ? (n + 1) / 2 : n);
}
ssize_t read(int fd, void* bytes, size_t n) {
  const How how = fate("read", fd);
  if (fails(how)) return -1;
  return real<ssize_t(int, void*, size_t)>("read")(fd, bytes, how == How::kShort ? (n + 1) / 2 : n);
}
ssize_t pread(int fd, void* bytes, size_t n, off_t at) {
  const How how = fate("read", fd);
  if (fails(how)) return -1;
  return real<ssize_t(int, void*, size_t, off_t)>("pread")(
      fd, bytes, how == How::kShort ? (n + 1) / 2 : n, at);
}
ssize_t pread64(int fd, void* bytes, size_t n, off64_t at) { return pread(fd, bytes, n, at); }
int fsync(int fd) {
  if (fails(fate("fsync", fd))) return -1;
  return real<int(int)>("fsync")(fd);
}
int fdatasync(int fd) {
  if (fails(fate("fsync", fd))) return -1;
  return real<int(int)>("fdatasync")(fd);
}
int ftruncate(int fd, off_t length) noexcept {
  if (fails(fate("truncate", fd))) return -1;
  return real<int(int, off_t)>("ftruncate")(fd, length);
}
int ftruncate64(int fd, off64_t length) noexcept { return ftruncate(fd, length); }
int rename(const char* from, const char* to) noexcept {
  if (fails(fate("rename", from))) return -1;
  return real<int(const char*, const char*)>("rename")(from, to);
}
int unlink(const char* path) noexcept {
  if (fails(fate("unlink", path))) return -1;
  return real<int(const char*)>("unlink")(path);
}
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (below_root(path) && std::strstr(path, ".toml") == nullptr) began = true;
  if (fails(fate("open", path))) return -1;
  return real<int(const char*, int, ...)>("open")(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open(path, flags, mode);
}

}  // extern "C"

void* operator new(size_t n) { return allocate(n, 1); }
void* operator new[](size_t n) { return allocate(n, 1); }
void* operator new(size_t n, std::align_val_t a) { return allocate(n, static_cast<size_t>(a)); }
void* operator new[](size_t n, std::align_val_t a) { return allocate(n, static_cast<size_t>(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { std::free(p); }
