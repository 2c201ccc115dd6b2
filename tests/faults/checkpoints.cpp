// Runs the program through what a checkpoint is for, and compares with an undisturbed run:
//
//   A1 A3 A7 A8 A12   kill -9 at random moments, started again until it ends
//   A9                killed again before the restart has made a checkpoint
//   A10 A15           one log, cut at random places into runs as cron would start them, by 1 to 4 threads
//   A11               runs over nothing new change nothing
//
//   checkpoints WEIR FOLDER [KILLS SPLITS]
//
// Every random choice follows from the round's number.

#include <chrono>
#include <csignal>
#include <cstdlib>

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
    const size_t n = std::min<size_t>(log.size() - at, 1 + random() % (log.size() / 3));
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
  for (const auto& name : pipeline.outputs) fs::remove(bench.path(name));
  fs::remove_all(bench.path("state"));
  int killed = 0;
  for (int tries = 0; tries < 100; ++tries) {
    const bool last = tries == 99 || killed >= wanted;
    // Four in five soon after the start, so that a restart is disturbed as well.
    const long window = random() % 5 == 0 ? whole_us : std::max<long>(500, whole_us / 4);
    Fault fault;
    if (!last) fault.kill_after_us = static_cast<long>(random()) % window;
    const int rc = bench.run({"-p", parallelism(random), "--drain"}, fault);
    if (rc == 0) break;
    if (rc != -SIGKILL) {
      fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
      return 0;
    }
    ++killed;
  }
  return bench.same_output(pipeline, what) ? killed : 0;
}

void idle_runs(Bench& bench, const Pipeline& pipeline) {
  const std::string what = std::string("A11 runs over nothing new, ") + pipeline.name;
  if (!bench.make_reference(pipeline, make_log(5, 200))) return;
  bench.run({});
  const auto look = [&] {
    std::string all;
    for (const auto& name : pipeline.outputs) all += read_file(bench.path(name)) + "|";
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
  for (const auto& pipeline : all) idle_runs(bench, pipeline);
  report("A11 runs over nothing new leave outputs and state as they are");
  const int code = finish();
  if (code == 0) fs::remove_all(bench.folder());
  return code;
}
