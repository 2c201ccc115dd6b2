// Runs the program through what a checkpoint is for, and compares with an undisturbed run:
//
//   splits   one log, cut at random places into runs as cron would start them: the same bytes in total
//   kills    kill -9 at random moments, started again until it ends
//   damage   the newest checkpoint damaged, all of them, another pipeline's, a changed step
//
//   checkpoints WEIR FOLDER [ROUNDS]     prints what it did, "FAIL ..." for what went wrong
//
// Every random choice follows from the round's number.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

extern char** environ;

namespace {

namespace fs = std::filesystem;

int failed = 0;

void fail(const std::string& what) {
  std::printf("FAIL %s\n", what.c_str());
  ++failed;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}
void write_file(const fs::path& path, const std::string& text, bool append = false) {
  std::ofstream(path, std::ios::binary | (append ? std::ios::app : std::ios::trunc)) << text;
}

// A log with disorder, late and malformed lines.
std::string make_log(unsigned seed, int lines) {
  std::mt19937 random(seed);
  std::string log = "t,user,n\n";
  int second = 0;
  for (int i = 0; i < lines; ++i) {
    second += static_cast<int>(random() % 3);
    const int at = std::max(0, second - static_cast<int>(random() % (random() % 20 == 0 ? 90 : 4)));
    char line[96];
    std::snprintf(line, sizeof line, "2024-01-31T%02d:%02d:%02dZ,u%u,%u\n", at / 3600 % 24,
                  at / 60 % 60, at % 60, static_cast<unsigned>(random() % 7),
                  static_cast<unsigned>(random() % 100));
    log += random() % 50 == 0 ? "not a time,x,y\n" : line;
  }
  return log;
}

struct Pipeline {
  const char* name;
  const char* output;
  const char* steps;
};

// What the runs do; `output` names the file and so its compression.
const Pipeline kPipelines[] = {
    {"rows to a plain file", "out.csv", "[[transform]]\nop = \"filter\"\nwhere = \"n > 20\"\n"},
    {"windows to zstd", "out.csv.zst",
     "[window]\ntype = \"tumbling\"\nsize = \"1m\"\nkey_by = [\"user\"]\n"
     "aggregate = { n = \"COUNT(*)\", s = \"SUM(n)\", f = \"FIRST_VALUE(n)\" }\n"},
    {"running results to gzip", "out.json.gz",
     "[[transform]]\nop = \"reduce\"\nkey_by = [\"user\"]\nreduce = { n = \"a.n + b.n\" }\n"},
    {"distinct rows and a window behind them", "out.csv",
     "[[transform]]\nop = \"distinct\"\ncolumns = [\"user\", \"n\"]\n"
     "[window]\ntype = \"tumbling\"\nsize = \"30s\"\naggregate = { n = \"COUNT(*)\" }\n"},
};

class Bench {
 public:
  Bench(std::string weir, fs::path folder) : weir_(fs::absolute(weir)), folder_(std::move(folder)) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  fs::path path(const std::string& name) const { return folder_ / name; }

  void write_pipeline(const Pipeline& pipeline, const std::string& out, const std::string& state) {
    write_file(
        path("p.toml"),
        "name = \"faults\"\non_error = \"skip\"\n[source]\npath = \"in.csv\"\nformat = \"csv\"\n"
        "[source.schema]\nt = \"TIMESTAMP(3)\"\nuser = \"STRING\"\nn = \"BIGINT\"\n"
        "[source.event_time]\ncolumn = \"t\"\nmax_out_of_orderness = \"3s\"\n" +
            std::string(pipeline.steps) + "[sink]\npath = \"" + out + "\"\n[checkpoint]\ndir = \"" +
            state + "\"\ninterval = \"1ms\"\n");
  }

  // Runs the pipeline; kill_after_us >= 0: kills it then. The exit code, or minus the signal.
  int run(std::vector<std::string> args, long kill_after_us = -1) {
    args.insert(args.begin(), {weir_.string(), "run", "p.toml", "-q"});
    std::vector<char*> argv;
    for (auto& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
    posix_spawn_file_actions_addopen(&actions, 2, (folder_ / "stderr").c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t pid = 0;
    if (posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) std::abort();
    posix_spawn_file_actions_destroy(&actions);
    if (kill_after_us >= 0) {
      ::usleep(static_cast<useconds_t>(kill_after_us));
      ::kill(pid, SIGKILL);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // The output's content, decompressed by the program itself.
  std::string content(const std::string& name) {
    const std::string command = "cd " + folder_.string() + " && " + weir_.string() +
                                " run -q -i text -t text -e '' " + name + " > content";
    if (std::system(command.c_str()) != 0) return "unreadable " + name;
    return read_file(path("content"));
  }

  std::string errors() const { return read_file(path("stderr")); }

 private:
  fs::path weir_;
  fs::path folder_;
};

std::string parallelism(std::mt19937& random) { return std::to_string(1 + random() % 4); }

void check_output(Bench& bench, const Pipeline& pipeline, const std::string& what) {
  const std::string name = pipeline.output;
  if (bench.content(name) != bench.content("ref-" + name)) fail(what + ": another output");
}

// The reference: the whole input in one run.
void run_reference(Bench& bench, const Pipeline& pipeline, const std::string& log) {
  for (const auto& entry : fs::directory_iterator(bench.path(""))) fs::remove_all(entry);
  write_file(bench.path("in.csv"), log);
  bench.write_pipeline(pipeline, std::string("ref-") + pipeline.output, "ref-state");
  if (bench.run({"--drain"}) != 0) fail(std::string(pipeline.name) + ": " + bench.errors());
  bench.write_pipeline(pipeline, pipeline.output, "state");
}

void split(Bench& bench, const Pipeline& pipeline, unsigned round) {
  std::mt19937 random(round);
  const std::string log = make_log(round, 400);
  run_reference(bench, pipeline, log);
  fs::remove(bench.path("in.csv"));
  const std::string what = std::string("split ") + std::to_string(round) + ", " + pipeline.name;
  size_t at = 0;
  while (at < log.size()) {
    const size_t n = std::min<size_t>(log.size() - at, 1 + random() % (log.size() / 4));
    write_file(bench.path("in.csv"), log.substr(at, n), true);
    at += n;
    std::vector<std::string> args = {"-p", parallelism(random)};
    if (random() % 2 == 0) args.insert(args.end(), {"--set", "runtime.block_size=1KB"});
    if (at == log.size()) args.emplace_back("--drain");
    if (const int rc = bench.run(args); rc != 0)
      return fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
  }
  check_output(bench, pipeline, what);
}

int kills(Bench& bench, const Pipeline& pipeline, unsigned round) {
  std::mt19937 random(round);
  const auto start = std::chrono::steady_clock::now();
  run_reference(bench, pipeline, make_log(round, 20'000));
  // Somewhere in the first half of an undisturbed run, however fast the machine is.
  const long half_us =
      std::max<long>(500, static_cast<long>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                std::chrono::steady_clock::now() - start)
                                                .count()) /
                              2);
  const std::string what = std::string("kill ") + std::to_string(round) + ", " + pipeline.name;
  int killed = 0;
  for (int tries = 0; tries < 60; ++tries) {
    const bool last = tries == 59;  // so that a slow machine ends as well
    const int rc = bench.run({"-p", parallelism(random), "--drain"},
                             last ? -1 : static_cast<long>(random()) % half_us);
    if (rc == 0) break;
    if (rc != -SIGKILL) {
      fail(what + ": exit " + std::to_string(rc) + " " + bench.errors());
      break;
    }
    ++killed;
  }
  check_output(bench, pipeline, what);
  return killed;
}

void expect(Bench& bench, const std::string& what, int code, const std::string& text,
            const std::vector<std::string>& args = {}) {
  const int rc = bench.run(args);
  if (rc != code)
    fail(what + ": exit " + std::to_string(rc) + ", expected " + std::to_string(code) + ": " +
         bench.errors());
  if (bench.errors().find(text) == std::string::npos)
    fail(what + ": no `" + text + "` in: " + bench.errors());
}

void damage_newest(Bench& bench) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(bench.path("state")))
    if (entry.path().filename().string().starts_with("ckpt-") && entry.path() > newest)
      newest = entry.path();
  std::string bytes = read_file(newest);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(newest, bytes);
}

void damages(Bench& bench) {
  const Pipeline& pipeline = kPipelines[1];
  const std::string log = make_log(1, 3000);
  const size_t half = log.find('\n', log.size() / 2) + 1;
  run_reference(bench, pipeline, log);
  write_file(bench.path("in.csv"), log.substr(0, half));
  expect(bench, "first run", 0, "");
  write_file(bench.path("in.csv"), log.substr(half), true);
  damage_newest(bench);
  expect(bench, "a damaged checkpoint is left for the one before", 0, "", {"--drain"});
  check_output(bench, pipeline, "a damaged checkpoint is left for the one before");

  bench.write_pipeline(kPipelines[3], "other.csv", "state");
  expect(bench, "a changed step", 4, "does not fit");
  expect(bench, "a changed step, started over", 0, "", {"--fresh"});
  expect(bench, "another pipeline's folder", 4, "faults", {"--set", "name='another'"});
  write_file(bench.path("other.csv"), "short");
  expect(bench, "an output that somebody has cut", 4, "other.csv");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const unsigned rounds = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 10;
  Bench bench(argv[1], fs::path(argv[2]));
  int killed = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    for (const auto& pipeline : kPipelines) {
      split(bench, pipeline, round);
      killed += kills(bench, pipeline, round);
    }
  }
  if (killed == 0) fail("no run was killed: the test has shown nothing");
  damages(bench);
  const size_t runs = rounds * std::size(kPipelines);
  std::printf("%zu logs split into runs, %d kills survived over %zu runs\n", runs, killed, runs);
  if (failed == 0) fs::remove_all(argv[2]);
  std::printf("%d failed\n", failed);
  return failed == 0 ? 0 : 1;
}
