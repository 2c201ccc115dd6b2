// Thousands of power cuts a minute: the pipelines of the fault tests in this process, by one thread, with a clock that
// jumps and a disk that forgets.
//
//   simulator FOLDER [SEED RUNS]       FOLDER: on a file system in memory, to be quick
//
// The calls that change files are caught here. Beside each file is kept what of it is certain: its bytes at its last fsync, its
// name since its folder's last fsync. At some call, which follows from the seed, the power goes: every later call fails,
// and when the run has ended, the folder is put back to what is certain, with some of the rest as it may happen (a part of
// the unsynced bytes, the first of the unsynced names). Then the run starts again. At the end all outputs must be those of
// a run that nobody disturbed.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

#include "bench.h"
#include "cli/pipeline_flags.h"
#include "run/run.h"

namespace {

namespace fs = std::filesystem;

// --- the disk ---

class Disk {
 public:
  void begin(fs::path root, unsigned seed) {
    root_ = std::move(root);
    random_.seed(seed);
  }

  // What is there now is certain.
  void settle() {
    certain_.clear();
    names_.clear();
    steps_.clear();
    for (const auto& [path, inode] : files()) {
      names_[path] = inode;
      certain_[inode] = faults::read_file(path);
    }
  }

  // From now on the calls count; the power goes at the given one. 0: it stays.
  void start(size_t power_goes_at) {
    calls_ = 0;
    power_goes_at_ = power_goes_at;
    dark_ = false;
    watching_ = true;
  }
  void stop() { watching_ = false; }
  bool dark() const { return dark_; }

  // A call that changes something is to be made: false if there is no power any more.
  bool may(const std::string& path) {
    if (!watching_ || !path.starts_with(root_.string())) return true;
    ++calls_;
    if (power_goes_at_ > 0 && calls_ >= power_goes_at_) dark_ = true;
    return !dark_;
  }

  void synced(const std::string& path) {
    if (!watching_ || !path.starts_with(root_.string())) return;
    if (fs::is_directory(path)) {
      // Names settle in the order in which they were given.
      std::erase_if(steps_, [&](const Step& step) {
        if (fs::path(step.path).parent_path() != path) return false;
        apply(step, names_);
        return true;
      });
    } else {
      certain_[inode_of(path)] = faults::read_file(path);
    }
  }
  void named(const std::string& path) { note(path, inode_of(path)); }
  void unnamed(const std::string& path) { note(path, 0); }

  // The power comes back.
  void restore() {
    stop();
    std::map<std::string, ino_t> target = names_;
    const size_t kept = steps_.empty() ? 0 : random_() % (steps_.size() + 1);
    for (size_t i = 0; i < kept; ++i) apply(steps_[i], target);
    const auto now = files();
    std::map<ino_t, std::string> content;
    for (const auto& [path, inode] : now) content[inode] = faults::read_file(path);
    // Names first, so that files keep their inodes, then what is in them.
    for (const auto& [path, inode] : now) {
      const auto it = target.find(path);
      if (it == target.end() || it->second != inode) fs::rename(path, aside(inode));
    }
    for (const auto& [path, inode] : target) {
      if (fs::exists(aside(inode))) fs::rename(aside(inode), path);
      faults::write_file(path, survived(certain_[inode], content[inode]));
    }
    for (const auto& [path, inode] : now) fs::remove(aside(inode));
    settle();
  }

 private:
  struct Step {
    std::string path;
    ino_t inode;  // 0: the name goes
  };

  static ino_t inode_of(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
  }
  std::string aside(ino_t inode) const { return (root_ / (".aside-" + std::to_string(inode))); }
  std::map<std::string, ino_t> files() const {
    std::map<std::string, ino_t> found;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      if (entry.is_regular_file()) found[entry.path()] = inode_of(entry.path());
    return found;
  }
  void note(const std::string& path, ino_t inode) {
    if (watching_ && path.starts_with(root_.string())) steps_.push_back({path, inode});
  }
  static void apply(const Step& step, std::map<std::string, ino_t>& names) {
    // A file has one name here: a new one takes the old one's place.
    std::erase_if(names, [&](const auto& name) { return name.second == step.inode; });
    if (step.inode == 0) {
      names.erase(step.path);
    } else {
      names[step.path] = step.inode;
    }
  }
  // What is left of bytes of which some were not synced.
  std::string survived(const std::string& certain, const std::string& written) {
    if (written.size() < certain.size()) return random_() % 2 == 0 ? certain : written;
    if (written.compare(0, certain.size(), certain) != 0) return certain;
    return written.substr(0, certain.size() + random_() % (written.size() - certain.size() + 1));
  }

  fs::path root_;
  std::mt19937 random_;
  std::map<ino_t, std::string> certain_;
  std::map<std::string, ino_t> names_;
  std::vector<Step> steps_;  // names given and taken that are not certain
  size_t calls_ = 0;
  size_t power_goes_at_ = 0;
  bool dark_ = false;
  std::atomic<bool> watching_{false};
};

Disk disk;

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

std::string path_of(int fd) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char path[4096];
  const ssize_t n = ::readlink(link, path, sizeof path);
  return n > 0 ? std::string(path, static_cast<size_t>(n)) : std::string();
}
std::string absolute(const char* path) {
  if (path[0] == '/') return path;
  char folder[4096];
  return ::getcwd(folder, sizeof folder) == nullptr ? path : std::string(folder) + "/" + path;
}
int no_power() {
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t n) {
  static auto* const call = real<ssize_t(int, const void*, size_t)>("write");
  return fd > 2 && !disk.may(path_of(fd)) ? no_power() : call(fd, bytes, n);
}
int fsync(int fd) {
  const std::string path = path_of(fd);
  if (!disk.may(path)) return no_power();
  disk.synced(path);
  return 0;
}
int fdatasync(int fd) { return fsync(fd); }
int ftruncate(int fd, off_t length) noexcept {
  static auto* const call = real<int(int, off_t)>("ftruncate");
  return disk.may(path_of(fd)) ? call(fd, length) : no_power();
}
int rename(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("rename");
  if (!disk.may(absolute(from))) return no_power();
  const int rc = call(from, to);
  if (rc == 0) disk.named(absolute(to));
  return rc;
}
int unlink(const char* path) noexcept {
  static auto* const call = real<int(const char*)>("unlink");
  if (!disk.may(absolute(path))) return no_power();
  const int rc = call(path);
  if (rc == 0) disk.unnamed(absolute(path));
  return rc;
}
int open(const char* path, int flags, ...) {
  static auto* const call = real<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  const bool makes = (flags & O_CREAT) != 0 && ::access(path, F_OK) != 0;
  if ((makes || (flags & O_TRUNC) != 0) && !disk.may(absolute(path))) return no_power();
  const int fd = call(path, flags, mode);
  if (fd >= 0 && makes) disk.named(absolute(path));
  return fd;
}

}  // extern "C"

namespace {

// A clock that goes on with every look, mostly a little.
class JumpingClock final : public weir::Clock {
 public:
  explicit JumpingClock(unsigned seed) : random_(seed) {}
  int64_t now_us() const override {
    const std::lock_guard lock(mutex_);
    return now_us_ += random_() % 4 == 0 ? 1500 : 10;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::mt19937 random_;
  mutable int64_t now_us_ = 1'700'000'000'000'000;
};

struct Outcome {
  int code = 0;
  std::string error;
};

Outcome run(const weir::Clock& clock, bool drain) {
  weir::PipelineText text;
  text.file = "p.toml";
  text.settings = {"runtime.parallelism=1", "runtime.pin=false", "runtime.block_size=1KB"};
  const auto plan = weir::prepare_plan(text, false, [](const weir::PipelineSpec&) { return true; });
  if (!plan) return {2, plan.error().front().message};
  weir::RunOptions options;
  options.clock = &clock;
  options.drain = drain;
  const weir::RunResult result = weir::run_plan(**plan, options);
  return {result.exit_code, result.error ? result.error->message : ""};
}

// One log, read in a few runs while the power goes again and again. The number of power cuts; -1: it went wrong.
int simulate(const faults::Bench& bench, const faults::Pipeline& pipeline, unsigned seed) {
  std::mt19937 random(seed);
  const std::string what = std::string(pipeline.name) + ", seed " + std::to_string(seed);
  const JumpingClock clock(seed);
  const std::string log = faults::make_log(seed, 120);
  bench.empty();
  faults::write_file(bench.path("in.csv"), log);
  bench.write_pipeline(pipeline, "ref-", "ref-state", "1h");
  if (const Outcome o = run(clock, true); o.code != 0) {
    faults::fail(what + ": no reference: " + o.error);
    return -1;
  }
  bench.write_pipeline(pipeline, "", "state");
  faults::write_file(bench.path("in.csv"), "");
  fs::create_directory(bench.path("state"));
  disk.begin(bench.folder(), seed);
  int cuts = 0;
  for (size_t at = 0; at < log.size();) {
    // The header at least: without it there are no columns.
    const size_t n = std::min<size_t>(log.size() - at, 10 + random() % (log.size() / 2));
    faults::write_file(bench.path("in.csv"), log.substr(at, n), true);
    at += n;
    disk.settle();
    for (int tries = 0;; ++tries) {
      disk.start(tries < 12 && random() % 6 != 0 ? 1 + random() % 40 : 0);
      const Outcome o = run(clock, at == log.size());
      disk.stop();
      if (!disk.dark()) {
        if (o.code == 0) break;
        faults::fail(what + ", after " + std::to_string(cuts) + " cuts: exit " +
                     std::to_string(o.code) + " " + o.error);
        return -1;
      }
      ++cuts;
      disk.restore();
    }
  }
  return bench.same_output(pipeline, what) ? cuts : -1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const unsigned seed = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1;
  const int runs = argc > 3 ? std::atoi(argv[3]) : 1000;
  const faults::Bench bench("weir", argv[1]);
  fs::current_path(bench.folder());
  std::vector<const faults::Pipeline*> plain;
  for (const auto& pipeline : faults::pipelines()) {
    bool readable = true;  // without the program
    for (const auto& output : pipeline.outputs)
      readable = readable && (output.ends_with(".csv") || output.ends_with(".json"));
    if (readable) plain.push_back(&pipeline);
  }
  const auto start = std::chrono::steady_clock::now();
  long cuts = 0;
  for (int i = 0; i < runs; ++i) {
    const int n = simulate(bench, *plain[static_cast<size_t>(i) % plain.size()],
                           seed + static_cast<unsigned>(i));
    if (n < 0) continue;
    cuts += n;
    faults::pass();
  }
  const double minutes =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / 60;
  std::printf("A6 B1 simulated: %ld power cuts in %d logs, %.0f a minute\n", cuts, runs,
              static_cast<double>(cuts) / minutes);
  const int code = faults::finish();
  if (code == 0) {
    fs::current_path("/");
    fs::remove_all(bench.folder());
  }
  return code;
}
