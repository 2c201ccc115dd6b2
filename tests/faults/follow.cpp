// Follows files while a writer rotates them, and counts that no line is lost and none comes twice:
//
//   renames    log -> log.N, as fast as it goes, N times
//   shifts     log.2 -> log.3, log.1 -> log.2, log -> log.1 each time, as logrotate does
//   kills      the same with checkpoints and kill -9, all files matched by a glob
//   truncates  copytruncate with a pause before it: what had been read stays read, once
//
//   follow WEIR FOLDER [ROTATIONS]     prints what it did, "FAIL ..." for what went wrong
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

extern char** environ;

namespace {

namespace fs = std::filesystem;

int failed = 0;
fs::path weir;
fs::path folder;

void fail(const std::string& what) {
  std::printf("FAIL %s\n", what.c_str());
  ++failed;
}

// A run in the folder whose stdout comes through a pipe.
class Run {
 public:
  explicit Run(std::vector<std::string> args) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    args.insert(args.begin(), {weir.string(), "run", "-q"});
    std::vector<char*> argv;
    for (auto& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) std::abort();
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ends[0];
  }
  ~Run() {
    end(SIGKILL);
    ::close(out_);
  }

  void end(int signal) {
    if (pid_ == 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // Reads until so many lines have come; what came.
  std::string read_lines(size_t lines, int timeout_ms = 20'000) {
    std::string text;
    size_t seen = 0;
    char buffer[65536];
    while (seen < lines) {
      pollfd wait = {out_, POLLIN, 0};
      if (::poll(&wait, 1, timeout_ms) <= 0) break;
      const ssize_t n = ::read(out_, buffer, sizeof buffer);
      if (n <= 0) break;
      text.append(buffer, static_cast<size_t>(n));
      seen += static_cast<size_t>(std::count(buffer, buffer + n, '\n'));
    }
    return text;
  }

 private:
  pid_t pid_ = 0;
  int out_ = -1;
};

void clear() {
  fs::remove_all(folder);
  fs::create_directories(folder);
}

// Writes numbered lines by a descriptor of its own, as a service does.
class Writer {
 public:
  void reopen() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }
  void write(int lines) {
    std::string text;
    for (int i = 0; i < lines; ++i) text += "line " + std::to_string(++count_) + "\n";
    // In two parts, so that lines are seen half written.
    const size_t half = text.size() / 2;
    if (::write(fd_, text.data(), half) < 0) std::abort();
    if (::write(fd_, text.data() + half, text.size() - half) < 0) std::abort();
  }
  size_t count() const { return count_; }

 private:
  int fd_ = -1;
  size_t count_ = 0;
};

void check(const std::string& what, const std::string& text, size_t count, bool ordered = false) {
  std::vector<int> seen(count + 1);
  size_t last = 0;
  size_t wrong = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const size_t n = line.starts_with("line ") ? std::strtoul(line.c_str() + 5, nullptr, 10) : 0;
    if (n == 0 || n > count) {
      if (++wrong < 4) fail(what + ": a line that nobody wrote: " + line);
      continue;
    }
    ++seen[n];
    if (ordered && n != last + 1 && ++wrong < 4)
      fail(what + ": line " + std::to_string(n) + " after " + std::to_string(last));
    last = n;
  }
  size_t lost = 0;
  size_t twice = 0;
  for (size_t n = 1; n <= count; ++n) {
    lost += seen[n] == 0 ? 1 : 0;
    twice += seen[n] > 1 ? 1 : 0;
  }
  if (lost + twice > 0)
    fail(what + ": of " + std::to_string(count) + " lines " + std::to_string(lost) + " lost, " +
         std::to_string(twice) + " more than once");
}

const std::vector<std::string> kFollow = {"-e", "", "-F", "-i", "text", "-t", "text", "log"};

void renames(int rotations) {
  clear();
  Writer writer;
  writer.reopen();
  Run run(kFollow);
  writer.write(1);
  std::string text = run.read_lines(1);  // it is there
  for (int i = 0; i < rotations; ++i) {
    writer.write(20);
    fs::rename(folder / "log", folder / ("log." + std::to_string(i)));
    writer.write(3);  // by the old descriptor, after the rename
    writer.reopen();
    writer.write(2);
    if (i % 16 == 0) ::usleep(1000);
  }
  text += run.read_lines(writer.count() - 1);
  check("renames", text, writer.count());
}

void shifts(int rotations) {
  clear();
  Writer writer;
  writer.reopen();
  Run run(kFollow);
  writer.write(1);
  std::string text = run.read_lines(1);
  for (int i = 0; i < rotations; ++i) {
    writer.write(20);
    for (int k = i; k > 0; --k) {  // none is removed: a reader may be far behind
      std::error_code ignored;
      fs::rename(folder / ("log." + std::to_string(k)), folder / ("log." + std::to_string(k + 1)),
                 ignored);
    }
    fs::rename(folder / "log", folder / "log.1");
    writer.reopen();
    if (i % 4 == 0) ::usleep(2000);
  }
  text += run.read_lines(writer.count() - 1);
  check("shifts", text, writer.count());
}

void kills(int rotations) {
  clear();
  {
    std::ofstream(folder / "p.toml")
        << "[source]\npath = \"log*\"\nformat = \"text\"\nfollow = true\n[sink]\npath = \"out\"\n"
           "format = \"text\"\n[checkpoint]\ndir = \"state\"\ninterval = \"1ms\"\n";
  }
  Writer writer;
  writer.reopen();
  int killed = 0;
  auto run = std::make_unique<Run>(std::vector<std::string>{"p.toml"});
  for (int i = 0; i < rotations; ++i) {
    writer.write(20);
    fs::rename(folder / "log", folder / ("log." + std::to_string(i)));
    writer.write(3);
    writer.reopen();
    ::usleep(2000);
    if (i % 10 == 9) {
      run->end(i % 20 == 9 ? SIGKILL : SIGTERM);
      ++killed;
      writer.write(5);
      run = std::make_unique<Run>(std::vector<std::string>{"p.toml"});
      ::usleep(40'000);
    }
  }
  std::string text;
  for (int i = 0; i < 600; ++i) {
    std::ifstream in(folder / "out");
    text.assign(std::istreambuf_iterator<char>(in), {});
    if (static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) >= writer.count()) break;
    ::usleep(50'000);
  }
  run->end(SIGTERM);
  check("kills", text, writer.count());
  std::printf("%d runs ended while files were rotated\n", killed);
}

void truncates(int rotations) {
  clear();
  Writer writer;
  writer.reopen();
  Run run(kFollow);
  std::string text;
  for (int i = 0; i < rotations; ++i) {
    writer.write(20);
    text += run.read_lines(20);
    fs::copy_file(folder / "log", folder / "log.copy", fs::copy_options::overwrite_existing);
    if (::truncate((folder / "log").c_str(), 0) != 0) std::abort();
    ::usleep(20'000);
  }
  check("truncates", text, writer.count(), true);
}

// Deleted, made anew, replaced by another file; a file that comes later, and one in a folder that does.
void comings_and_goings() {
  clear();
  Writer writer;
  Run run({"-e", "", "-F", "-i", "text", "-t", "text", "log"});
  ::usleep(300'000);
  std::string text;
  writer.reopen();
  writer.write(3);
  text += run.read_lines(3);
  fs::remove(folder / "log");
  writer.write(2);  // the old file is still open
  text += run.read_lines(2);
  writer.reopen();
  writer.write(4);
  text += run.read_lines(4);
  fs::copy_file(folder / "log", folder / "new");
  {
    std::ofstream(folder / "new", std::ios::trunc) << "line 10\nline 11\n";
  }
  fs::rename(folder / "new", folder / "log");
  text += run.read_lines(2);
  check("comings and goings", text, 11, true);
}

// From a line's write to its arrival.
void latency() {
  clear();
  Writer writer;
  writer.reopen();
  Run run(kFollow);
  ::usleep(300'000);
  std::vector<double> times;
  for (int i = 0; i < 50; ++i) {
    const auto start = std::chrono::steady_clock::now();
    writer.write(1);
    if (run.read_lines(1, 5000).empty()) return fail("latency: a line did not come");
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
    ::usleep(3000);
  }
  std::sort(times.begin(), times.end());
  std::printf("a line comes out after %.2f ms at the median, %.2f ms at most\n",
              times[times.size() / 2], times.back());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  weir = fs::absolute(argv[1]);
  folder = fs::absolute(argv[2]);
  const int rotations = argc > 3 ? std::atoi(argv[3]) : 1000;
  renames(rotations);
  shifts(rotations / 4);
  kills(rotations / 5);
  truncates(rotations / 20);
  comings_and_goings();
  latency();
  if (failed == 0) fs::remove_all(folder);
  std::printf("%d failed\n", failed);
  return failed == 0 ? 0 : 1;
}
