// Runs the program through what a checkpoint is for, and compares with an undisturbed run:
//
//   A1 A2 A3 A4 A7 A8 A12   kill -9 at random moments, started again until it ends; files in parts that are finished never
//                     change
//   A9                killed again and again before the restart has made a checkpoint
//   A14               stopped, continued, killed
//   A10 A15           one log, cut at random places into runs as cron would start them, by 1 to 4 threads
//   A11               runs over nothing new change nothing
//   H4 H5             SIGTERM at random moments, once and twice
//
//   checkpoints WEIR FOLDER [KILLS SPLITS]
//
// Every random choice follows from the round's number.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>

#include "bench.h"

using namespace faults;

namespace {

std::string parallelism(std::mt19937& random) { return std::to_string(1 + random() % 4); }

bool split(Bench& bench, const Pipeline& pipeline, unsigned round) {
  std::mt19937 random(round);
  const std::string log = make_log(round, 300);
  const std::string what = std::string("A10 split ") + std::to_string(round) + ", " + pipeline.name;
  if (!bench.make_reference(pipeline, log)) return false;
  fs::remove(bench.path("in.csv"));
  size_t at = 0;
  while (at < log.size()) {
    // The header at least: half a header is a wrong pipeline, of which nothing is read.
    const size_t n =
        std::min<size_t>(log.size() - at, (at == 0 ? 10 : 1) + random() % (log.size() / 3));
    write_file(bench.path("in.csv"), log.substr(at, n), true);
    at += n;
    std::vector<std::string> args = {"-p", parallelism(random)};
    if (random() % 2 == 0) args.insert(args.end(), {"--set", "runtime.block_size=1KB"});
    if (at == log.size()) args.emplace_back("--drain");
    if (const int rc = bench.run(args); rc != 0) {
      fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
      return false;
    }
  }
  return bench.same_output(pipeline, what);
}

// The finished files of a folder of parts: those that are seen once never change and never go.
class FinishedParts {
 public:
  FinishedParts(const Bench& bench, const Pipeline& pipeline)
      : folder_(bench.path(pipeline.outputs[0])) {}

  bool as_before() {
    if (!fs::is_directory(folder_)) return seen_.empty();
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename();
      if (name[0] != '.') seen_.try_emplace(name, read_file(entry));
    }
    for (const auto& [name, content] : seen_)
      if (read_file(folder_ / name) != content) return false;
    return true;
  }

 private:
  const fs::path folder_;
  std::map<std::string, std::string> seen_;
};

void forget(const Bench& bench, const Pipeline& pipeline) {
  for (const auto& name : pipeline.outputs) fs::remove_all(bench.path(name));
  fs::remove_all(bench.path("state"));
}

// Gives the number of runs killed; 0 after a failure.
int kill_runs(Bench& bench, const Pipeline& pipeline, unsigned round, int wanted) {
  std::mt19937 random(round);
  const std::string what =
      std::string(pipeline.id) + " kill -9, round " + std::to_string(round) + ", " + pipeline.name;
  if (!bench.make_reference(pipeline, make_log(round, 20'000))) return 0;
  // How long an undisturbed run takes, however fast the machine is.
  const auto start = std::chrono::steady_clock::now();
  bench.run({"--fresh", "--drain"});
  const long whole_us = static_cast<long>(std::chrono::duration_cast<std::chrono::microseconds>(
                                              std::chrono::steady_clock::now() - start)
                                              .count());
  forget(bench, pipeline);
  FinishedParts parts(bench, pipeline);
  int killed = 0;
  for (int tries = 0; tries < 100; ++tries) {
    const bool last = tries == 99 || killed >= wanted;
    // Four in five soon after the start, so that a restart is disturbed as well.
    const long window = random() % 5 == 0 ? whole_us : std::max<long>(500, whole_us / 4);
    Fault fault;
    if (!last) fault.kill_after_us = static_cast<long>(random()) % window;
    if (random() % 16 == 0) fault.stopped_us = 100'000;
    const int rc = bench.run({"-p", parallelism(random), "--drain"}, fault);
    if (rc == 0) break;
    if (rc != -SIGKILL) {
      fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
      return 0;
    }
    if (!parts.as_before()) {
      fail(what + ": a finished part has changed");
      return 0;
    }
    ++killed;
  }
  if (!parts.as_before()) {
    fail(what + ": a finished part has changed");
    return 0;
  }
  return bench.same_output(pipeline, what) ? killed : 0;
}

void idle_runs(Bench& bench, const Pipeline& pipeline) {
  const std::string what = std::string("A11 runs over nothing new, ") + pipeline.name;
  if (!bench.make_reference(pipeline, make_log(5, 200))) return;
  bench.run({});
  const auto look = [&] {
    std::string all;
    for (const auto& name : pipeline.outputs) {
      if (fs::is_directory(bench.path(name))) {
        for (const auto& entry : fs::directory_iterator(bench.path(name)))
          all += read_file(entry.path()) + "|";
      } else {
        all += read_file(bench.path(name)) + "|";
      }
    }
    for (const auto& entry : fs::directory_iterator(bench.path("state"))) {
      if (entry.path().filename().string().starts_with("ckpt-"))
        all = std::to_string(fs::file_size(entry)) + " " + all;
    }
    return all;
  };
  for (int i = 0; i < 3; ++i) bench.run({});
  const std::string before = look();
  for (int i = 0; i < 20; ++i) bench.run({});
  if (look() != before) return fail(what + ": something has changed");
  pass();
}

// Restarts that are killed before they have made a checkpoint leave everything as it was.
void kill_restarts(Bench& bench, const Pipeline& pipeline) {
  const std::string what = std::string("A9 restarts killed five times in a row, ") + pipeline.name;
  std::mt19937 random(9);
  if (!bench.make_reference(pipeline, make_log(9, 20'000))) return;
  bench.run({"--set", "checkpoint.stop_after='200KB'", "--set", "runtime.block_size='4KB'"});
  for (int i = 0; i < 5; ++i) {
    Fault fault;
    fault.kill_after_us = static_cast<long>(random() % 30'000);
    bench.run({"--drain", "-p", parallelism(random), "--set", "checkpoint.interval='1h'"}, fault);
  }
  if (const int rc = bench.run({"--drain"}); rc != 0)
    return fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
  if (bench.same_output(pipeline, what)) pass();
}

// SIGTERM at random moments, sometimes twice: in good order, and the next run goes on.
size_t terminate_runs(Bench& bench, const Pipeline& pipeline, size_t wanted) {
  const std::string what = std::string("H4 H5 SIGTERM, ") + pipeline.name;
  std::mt19937 random(4);
  if (!bench.make_reference(pipeline, make_log(4, 20'000))) return 0;
  size_t done = 0;
  for (; done < wanted; ++done) {
    Fault fault;
    fault.signal = SIGTERM;
    fault.kill_after_us = 3000 + static_cast<long>(random() % 60'000);
    const bool twice = random() % 4 == 0;
    if (twice) fault.again_after_us = static_cast<long>(random() % 50'000);
    const int rc =
        bench.run({"-p", parallelism(random), "--set", "runtime.block_size='1KB'"}, fault);
    // A second signal ends it at once, and one before the handlers are there kills it.
    if (rc != 0 && rc != 143 && rc != -SIGTERM) {
      fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
      return done;
    }
  }
  if (const int rc = bench.run({"--drain"}); rc != 0) {
    fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
    return 0;
  }
  return bench.same_output(pipeline, what) ? done : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto& all = pipelines();
  const size_t kills = argc > 3 ? static_cast<size_t>(std::atoi(argv[3])) : 300;
  const size_t splits = argc > 4 ? static_cast<size_t>(std::atoi(argv[4])) : 1000;
  Bench bench(argv[1], argv[2]);
  for (size_t p = 0; p < all.size(); ++p) {
    const size_t wanted = (kills + all.size() - 1) / all.size();
    size_t killed = 0;
    unsigned rounds = 0;
    while (killed < wanted && rounds < 100) {
      const int n = kill_runs(bench, all[p], rounds++,
                              static_cast<int>(std::min<size_t>(wanted - killed, 10)));
      if (n == 0 && rounds > 5) break;
      killed += static_cast<size_t>(n);
    }
    if (killed < wanted) fail(std::string(all[p].name) + ": hardly a run could be killed");
    report(std::string(all[p].id) + " kill -9, " + all[p].name + ": " + std::to_string(killed) +
           " kills survived in " + std::to_string(rounds) + " logs");
    pass(killed);
  }
  size_t good = 0;
  for (size_t i = 0; i < splits; ++i)
    good += split(bench, all[i % all.size()], static_cast<unsigned>(i / all.size())) ? 1 : 0;
  report("A10 A15 logs cut into runs: " + std::to_string(good) + " of " + std::to_string(splits) +
         " gave the bytes of one run");
  pass(good);
  for (const auto& pipeline : all) kill_restarts(bench, pipeline);
  report("A9 restarts that were killed five times in a row go on");
  size_t signals = 0;
  for (const auto& pipeline : all)
    signals += terminate_runs(bench, pipeline, std::max<size_t>(kills / all.size(), 2));
  report("H4 H5 SIGTERM: " + std::to_string(signals) + " runs ended in good order");
  pass(signals);
  for (const auto& pipeline : all) idle_runs(bench, pipeline);
  report("A11 runs over nothing new leave outputs and state as they are");
  const int code = finish();
  if (code == 0) fs::remove_all(bench.folder());
  return code;
}
