// Makes every call fail in turn, and looks whether the run says so, and whether the next one makes it good:
//
//   A6   kill -9 at the n-th write, fsync, rename, truncate or unlink
//   B5   ENOSPC at the n-th write
//   B7   EIO at the n-th write, read, open or rename
//   B8   EIO at the n-th fsync
//   B9   every fsync takes its time
//   B10  short writes and reads, EINTR, all the time
//   B13  RLIMIT_FSIZE
//   B17  no memory at the n-th request
//
//   failing_io WEIR FOLDER LIBRARY [MOST_CALLS]
//
// The disturbed run is the second over a log that has grown: it goes on from a checkpoint, and makes others.

#include <csignal>
#include <cstdlib>

#include "bench.h"

using namespace faults;

namespace {

struct Kind {
  const char* id;
  const char* how;
  const char* calls;
};

const Kind kKinds[] = {
    {"A6", "kill", "write,fsync,rename,truncate,unlink"},
    {"B5", "enospc", "write"},
    {"B7", "eio", "write,rename,truncate"},
    {"B7", "eio", "read,open"},
    {"B8", "eio", "fsync"},
    {"B17", "no memory", "new"},
};

class FailingIo {
 public:
  FailingIo(Bench& bench, std::string library, int most_calls)
      : bench_(bench), library_(fs::absolute(library).string()), most_calls_(most_calls) {}

  void disturb(const Pipeline& pipeline) {
    if (!prepare(pipeline)) return;
    for (const auto& kind : kKinds) {
      const std::string what = std::string(kind.id) + " " + kind.how + " at the n-th " +
                               kind.calls + ", " + pipeline.name;
      int made = 0;
      size_t good = 0;
      // There are many requests for memory: a short test takes some of them.
      const bool memory = std::string(kind.calls) == "new";
      for (int k = 1; k <= most_calls_; ++k) {
        const int n = memory && most_calls_ < 100 ? k * k : k;
        begin();
        const int rc = bench_.run({"-p", "2"}, fault(kind, "FAULT_AT=" + std::to_string(n)));
        if (!fs::exists(mark())) break;
        ++made;
        if (!as_it_should(kind, rc)) {
          fail(what + ", n = " + std::to_string(n) + ": exit " + std::to_string(rc) + " " +
               bench_.errors());
          continue;
        }
        good += recovers(pipeline, what + ", n = " + std::to_string(n)) ? 1 : 0;
      }
      if (made == 0) fail(what + ": no call was made to fail");
      report(what + ": " + std::to_string(made) + " faults, " + std::to_string(good) + " exact");
      pass(good);
    }
    always(pipeline);
    file_limit(pipeline);
  }

 private:
  fs::path mark() const { return bench_.path("mark"); }

  // The state behind the first half of the log, to begin every run with.
  bool prepare(const Pipeline& pipeline) {
    const std::string log = make_log(7, 400);
    if (!bench_.make_reference(pipeline, log)) return false;
    const size_t half = log.find('\n', log.size() / 2) + 1;
    write_file(bench_.path("in.csv"), log.substr(0, half));
    if (bench_.run({}) != 0) {
      fail(std::string(pipeline.name) + ": " + bench_.errors());
      return false;
    }
    write_file(bench_.path("in.csv"), log.substr(half), true);
    fs::remove_all(bench_.path("saved"));
    fs::create_directory(bench_.path("saved"));
    for (const auto& name : pipeline.outputs) copy(name, "saved/" + name);
    copy("state", "saved/state");
    outputs_ = pipeline.outputs;
    return true;
  }
  void copy(const std::string& from, const std::string& to) const {
    fs::copy(bench_.path(from), bench_.path(to),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  void begin() const {
    fs::remove(mark());
    fs::remove_all(bench_.path("state"));
    copy("saved/state", "state");
    for (const auto& name : outputs_) copy("saved/" + name, name);
  }

  Fault fault(const Kind& kind, const std::string& when) const {
    Fault f;
    f.environment = {"LD_PRELOAD=" + library_,
                     std::string("FAULT_HOW=") + kind.how,
                     std::string("FAULT_CALLS=") + kind.calls,
                     when,
                     "FAULT_ROOT=" + bench_.folder().string(),
                     "FAULT_MARK=" + mark().string()};
    return f;
  }

  // Killed, or an error that is said; 0 where it does no harm (a file that could not be removed).
  bool as_it_should(const Kind& kind, int rc) const {
    if (std::string(kind.how) == "kill") return rc == -SIGKILL;
    if (rc == 0) return true;
    if (std::string(kind.calls) == "new")
      return rc == 6 && bench_.errors().find("out of memory") != std::string::npos;
    const bool full = std::string(kind.how) == "enospc";
    return (full ? rc == 6 : rc == 1 || rc == 3 || rc == 4 || rc == 2) &&
           bench_.errors().find("error: ") != std::string::npos;
  }

  bool recovers(const Pipeline& pipeline, const std::string& what) const {
    if (const int rc = bench_.run({"--drain"}); rc != 0) {
      fail(what + ", afterwards: exit " + std::to_string(rc) + " " + bench_.errors());
      return false;
    }
    return bench_.same_output(pipeline, what);
  }

  void always(const Pipeline& pipeline) {
    for (const char* how : {"short", "eintr", "slow"}) {
      begin();
      const bool slow = std::string(how) == "slow";
      const Kind kind{slow ? "B9" : "B10", how, slow ? "fsync" : "write,read"};
      const std::string what = std::string(kind.id) + " " + how + " all the time, " + pipeline.name;
      const int rc = bench_.run({"--drain"}, fault(kind, slow ? "FAULT_EVERY=1" : "FAULT_EVERY=3"));
      if (rc != 0 || !fs::exists(mark())) {
        fail(what + ": exit " + std::to_string(rc) + " " + bench_.errors());
      } else if (bench_.same_output(pipeline, what)) {
        report(what + ": exact");
        pass();
      }
    }
  }

  void file_limit(const Pipeline& pipeline) {
    begin();
    Fault limit;
    limit.file_limit_bytes = static_cast<long>(fs::file_size(bench_.path(outputs_[0]))) + 40;
    const std::string what = std::string("B13 RLIMIT_FSIZE, ") + pipeline.name;
    const int rc = bench_.run({}, limit);
    if (rc != 6) return fail(what + ": exit " + std::to_string(rc) + " " + bench_.errors());
    if (!recovers(pipeline, what)) return;
    report(what + ": exact");
    pass();
  }

  Bench& bench_;
  const std::string library_;
  const int most_calls_;
  std::vector<std::string> outputs_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  Bench bench(argv[1], argv[2]);
  FailingIo test(bench, argv[3], argc > 4 ? std::atoi(argv[4]) : 1000);
  for (const auto& pipeline : pipelines()) {
    const std::string name = pipeline.name;
    if (name == "text to gzip" || name == "sessions" || name == "several outputs")
      test.disturb(pipeline);
  }
  const int code = finish();
  if (code == 0) fs::remove_all(bench.folder());
  return code;
}
