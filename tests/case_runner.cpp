// Runs golden cases: case_runner WEIR CASE.toml|FOLDER...
//
// A case is one TOML file:
//   pipeline = '''...'''   the pipeline; ${DATA} is the testdata folder
//   pipeline_file = "wordcount.toml"   instead: one of pipelines/, its testdata/ found wherever it runs
//   sql = '''...'''        the same as a script for weir sql, beside the pipeline or instead of it
//   sql_file = "top-urls.sql"   instead: one of pipelines/
//   input = '''...'''      given as a file named `input` and again through a pipe; optional
//   files = { "a.csv" = '''...''' }   further files in the working folder; optional
//   args = ["-t", "csv"]   further arguments; optional
//   stdout = '''...'''     expected bytes
//   stderr = '''...'''     expected bytes under -q; optional, compared in the first run only
//   out_files = { "out.csv" = '''...''' }   files that the run leaves, named out...; optional
//   exit = 0
//   vary = false           run it once only; optional
//   unoptimized = false    leave out the runs without the optimiser: columns that nothing needs are not
//                          decoded, so a record that is bad only there counts as good with it; optional
//   emit = false           do not run what weir sql --emit-toml prints of the script; optional, with the reason beside it
//   on_disk = false        leave out the run with its state on the disk; optional, with the reason beside it
//   resume = false         do not stop it at a checkpoint and go on; optional, with the reason beside it
// Every case runs with parallelism 1, 2, 4 x tiny, small and default blocks x optimiser on and off, and
// must give the same bytes each time, once more with as much of its state as can be on the disk. Where its steps allow
// checkpoints it is also stopped at one, a third of the way, and goes on with another parallelism: the same bytes in
// total. What --emit-toml prints of a script has no queries in it, gives the same bytes, and is stopped and resumed as
// well if it is one pipeline. WEIR_BLESS=1 writes the first run's output back into the file.
// WEIR_QUICK=1 takes a part of the variations (sanitizer builds).

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/toml_text.h"

extern char** environ;

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// Any state is too much for the memory.
constexpr const char* kOnDisk = "runtime.state_limit=1B";

struct Outcome {
  std::string out;
  std::string err;
  int exit = -1;
};

// Runs a command in `folder`; stdin is a pipe that gets `input`, or /dev/null.
Outcome run(const std::vector<std::string>& command, const fs::path& folder,
            const std::string* input) {
  const std::string out_path = folder / ".stdout";
  const std::string err_path = folder / ".stderr";
  int in_pipe[2] = {-1, -1};
  if (input != nullptr && pipe2(in_pipe, O_CLOEXEC) != 0) std::abort();

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input != nullptr) {
    posix_spawn_file_actions_adddup2(&actions, in_pipe[0], 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_addopen(&actions, 1, out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  posix_spawn_file_actions_addopen(&actions, 2, err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  std::vector<char*> argv;
  for (const auto& a : command) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) {
    std::fprintf(stderr, "cannot run %s\n", argv[0]);
    std::exit(1);
  }
  posix_spawn_file_actions_destroy(&actions);
  if (input != nullptr) {
    close(in_pipe[0]);
    size_t done = 0;
    while (done < input->size()) {
      const ssize_t n = write(in_pipe[1], input->data() + done, input->size() - done);
      if (n <= 0) break;  // the program stopped reading
      done += static_cast<size_t>(n);
    }
    close(in_pipe[1]);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return {read_file(out_path), read_file(err_path),
          WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status)};
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string text_of(const weir::Node& node, const char* key) {
  const auto* v = node.find(key);
  return v == nullptr ? std::string() : v->text;
}

// Replaces KEY = '''...''' in a case's text, or adds it at the end.
std::string bless(const std::string& text, const std::string& key, const std::string& value) {
  const std::string entry = key + " = '''\n" + value + "'''";
  const std::string head = key + " = '''";
  size_t at = text.starts_with(head) ? 0 : text.find("\n" + head);
  if (at == std::string::npos) return text + entry + "\n";
  if (at > 0) ++at;
  const size_t end = text.find("'''", at + head.size());
  return text.substr(0, at) + entry + text.substr(end + 3);
}

class Runner {
 public:
  Runner(std::string weir, fs::path data) : weir_(std::move(weir)), data_(std::move(data)) {
    char pattern[] = "/tmp/weir-case-XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~Runner() { fs::remove_all(folder_); }

  void run_case(const fs::path& path) {
    const std::string text = read_file(path);
    const auto parsed = weir::parse_toml(text, path.string());
    if (!parsed) {
      std::printf("FAIL %s\n%s", path.c_str(), weir::format_error(parsed.error()).c_str());
      ++failed_;
      return;
    }
    for (const auto& entry : fs::directory_iterator(folder_)) fs::remove_all(entry);
    const weir::Node& c = *parsed;
    std::string pipeline = replace_all(text_of(c, "pipeline"), "${DATA}", data_.string());
    if (c.find("pipeline_file") != nullptr) {
      const fs::path file = data_.parent_path() / "pipelines" / text_of(c, "pipeline_file");
      pipeline = replace_all(read_file(file), "\"testdata/", "\"" + data_.string() + "/");
    }
    write_file(folder_ / "pipeline.toml", pipeline);
    std::string script = replace_all(text_of(c, "sql"), "${DATA}", data_.string());
    if (c.find("sql_file") != nullptr) {
      const fs::path file = data_.parent_path() / "pipelines" / text_of(c, "sql_file");
      script = replace_all(read_file(file), "'testdata/", "'" + data_.string() + "/");
    }
    write_file(folder_ / "job.sql", script);
    std::vector<bool> spellings;  // true: SQL
    if (!pipeline.empty()) spellings.push_back(false);
    if (!script.empty() || pipeline.empty()) spellings.push_back(true);
    const auto* input = c.find("input");
    if (input != nullptr) write_file(folder_ / "input", input->text);
    std::vector<std::string> args;
    if (const auto* a = c.find("args")) {
      for (const auto& item : a->items)
        args.push_back(replace_all(item.text, "${DATA}", data_.string()));
    }
    Outcome expected{text_of(c, "stdout"), text_of(c, "stderr"), 0};
    if (const auto* e = c.find("exit")) expected.exit = static_cast<int>(e->integer);
    const auto* vary = c.find("vary");
    const auto* unoptimized = c.find("unoptimized");

    const bool quick = std::getenv("WEIR_QUICK") != nullptr;
    bool first = true;
    for (const char* block : {"", "1KB", "48B"}) {
      for (const char* parallelism : {"2", "1", "4"}) {
        for (const bool optimize : {true, false}) {
          for (const bool piped : {false, true})
            for (const bool in_sql : spellings) {
              if (piped && input == nullptr) continue;
              if (!optimize && unoptimized != nullptr && !unoptimized->boolean) continue;
              if (quick && !first && (*parallelism != '4' || optimize == piped)) continue;
              std::vector<std::string> command = {weir_, in_sql ? "sql" : "run", "-q", "-p",
                                                  parallelism};
              if (*block != 0)
                command.insert(command.end(),
                               {"--set", std::string("runtime.block_size=") + block});
              if (!optimize) command.insert(command.end(), {"--set", "runtime.optimize=false"});
              if (in_sql) command.emplace_back("--file");
              command.emplace_back(in_sql ? "job.sql" : "pipeline.toml");
              command.insert(command.end(), args.begin(), args.end());
              if (input != nullptr) command.push_back(piped ? "-" : "input");
              clean(c);
              const Outcome got = run(command, folder_, piped ? &input->text : nullptr);
              if (first && std::getenv("WEIR_BLESS") != nullptr) {
                std::string blessed = bless(text, "stdout", got.out);
                if (c.find("stderr") != nullptr) blessed = bless(blessed, "stderr", got.err);
                if (blessed != text) write_file(path, blessed);
                expected.out = got.out;
                expected.err = got.err;
              }
              const bool same_err =
                  !first || c.find("stderr") == nullptr || got.err == expected.err;
              if (got.out != expected.out || got.exit != expected.exit || !same_err) {
                std::string shown;
                for (const auto& a : command) shown += a + " ";
                std::printf(
                    "FAIL %s\n  %s\n  exit %d, expected %d\n--- stdout\n%s--- expected\n%s--- "
                    "stderr\n%s",
                    path.c_str(), shown.c_str(), got.exit, expected.exit, got.out.c_str(),
                    expected.out.c_str(), got.err.c_str());
                if (!same_err) std::printf("--- expected stderr\n%s", expected.err.c_str());
                ++failed_;
                return;
              }
              if (const auto* files = c.find("out_files")) {
                for (const auto& [name, node] : files->entries) {
                  const std::string left = read_file(folder_ / name);
                  if (left == node.text) continue;
                  std::printf("FAIL %s\n  %s, parallelism %s, block_size %s\n%s--- expected\n%s",
                              path.c_str(), name.c_str(), parallelism, block, left.c_str(),
                              node.text.c_str());
                  ++failed_;
                  return;
                }
              }
              ++runs_;
              first = false;
              if (vary != nullptr && !vary->boolean && in_sql == spellings.back()) {
                emitted_as_expected(path, c, args, expected, spellings.back(), true) ? ++passed_
                                                                                     : ++failed_;
                return;
              }
            }
        }
      }
    }
    for (const bool in_sql : spellings) {
      if (on_disk(path, c, in_sql, args, expected)) continue;
      ++failed_;
      return;
    }
    const bool right = resume(path, c, args, expected) &&
                       emitted_as_expected(path, c, args, expected, spellings.back(), false);
    right ? ++passed_ : ++failed_;
  }

  int finish() const {
    std::printf(
        "%d cases in %d runs, %d of them stopped and resumed, %d of scripts written as TOML; %d "
        "take "
        "no checkpoints\n",
        passed_ + failed_, runs_ + resumed_ + emitted_, resumed_, emitted_, not_resumable_);
    std::printf("%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 && passed_ > 0 ? 0 : 1;
  }

 private:
  // Empties the working folder of what a run leaves, and lays the input files there.
  void clean(const weir::Node& c) const {
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("out") || name == "state") fs::remove_all(entry);
    }
    if (const auto* files = c.find("files")) {
      for (const auto& [name, node] : files->entries) write_file(folder_ / name, node.text);
    }
  }

  // What differs from the case's out_files.
  std::string wrong_files(const weir::Node& c) const {
    std::string wrong;
    const auto* files = c.find("out_files");
    if (files == nullptr) return wrong;
    for (const auto& [name, node] : files->entries) {
      const std::string left = read_file(folder_ / name);
      if (left != node.text) wrong += "--- " + name + "\n" + left + "--- expected\n" + node.text;
    }
    return wrong;
  }

  // With the state on the disk between any two blocks.
  bool on_disk(const fs::path& path, const weir::Node& c, bool in_sql,
               const std::vector<std::string>& args, const Outcome& expected) {
    const auto* wanted = c.find("on_disk");
    if (wanted != nullptr && !wanted->boolean) return true;
    std::vector<std::string> command = {weir_,   in_sql ? "sql" : "run",   "-q",    "-p",   "2",
                                        "--set", "runtime.block_size=48B", "--set", kOnDisk};
    if (in_sql) command.emplace_back("--file");
    command.emplace_back(in_sql ? "job.sql" : "pipeline.toml");
    command.insert(command.end(), args.begin(), args.end());
    if (c.find("input") != nullptr) command.emplace_back("input");
    clean(c);
    const Outcome got = run(command, folder_, nullptr);
    const std::string wrong = wrong_files(c);
    ++runs_;
    if (got.out == expected.out && got.exit == expected.exit && wrong.empty()) return true;
    std::printf(
        "FAIL %s\n  with state on the disk%s\n  exit %d, expected %d\n--- stdout\n%s--- "
        "expected\n%s%s--- stderr\n%s",
        path.c_str(), in_sql ? ", in SQL" : "", got.exit, expected.exit, got.out.c_str(),
        expected.out.c_str(), wrong.c_str(), got.err.c_str());
    return false;
  }

  // A third of the bytes that it reads; of inputs in testdata a few kilobytes.
  static size_t bytes_to_read(const weir::Node& c) {
    size_t total = 0;
    if (const auto* input = c.find("input")) total += input->text.size();
    if (const auto* files = c.find("files")) {
      for (const auto& [name, node] : files->entries) total += node.text.size();
    }
    return total == 0 ? 4096 : total / 3 + 1;
  }

  // The pipelines that --emit-toml prints of the script, run one after the other.
  bool emitted_as_expected(const fs::path& path, const weir::Node& c,
                           const std::vector<std::string>& args, const Outcome& expected,
                           bool is_script, bool once) {
    const auto* wanted = c.find("emit");
    if (!is_script || (wanted != nullptr && !wanted->boolean)) return true;
    // What one of them writes another may read: the files that the last run has left are still there.
    std::vector<std::string> command = {weir_, "sql", "--emit-toml", "--file", "job.sql"};
    command.insert(command.end(), args.begin(), args.end());
    if (c.find("input") != nullptr) command.emplace_back("input");
    const Outcome printed = run(command, folder_, nullptr);
    std::vector<std::string> pipelines;
    const std::string heading = "# pipeline ";
    for (size_t at = 0; at < printed.out.size();) {
      const size_t end = printed.out.find("\n" + heading, at);
      pipelines.push_back(printed.out.substr(at, end - at));
      at = end == std::string::npos ? end : end + 1;
    }
    struct Variation {
      const char* block;
      const char* parallelism;
    };
    for (const Variation& v : {Variation{"1MB", "2"}, {"48B", "4"}}) {
      clean(c);
      Outcome total{"", printed.err, printed.exit};
      for (const auto& pipeline : pipelines) {
        write_file(folder_ / "pipeline.toml", pipeline);
        const Outcome got = run({weir_, "run", "-q", "-p", v.parallelism, "--set",
                                 std::string("runtime.block_size=") + v.block, "pipeline.toml"},
                                folder_, nullptr);
        total.out += got.out;
        total.err += got.err;
        total.exit = got.exit;
        if (got.exit != 0) break;
      }
      std::string wrong;
      if (printed.out.find("op = \"sql\"") != std::string::npos) wrong = "a query is left\n";
      if (total.out != expected.out || total.exit != expected.exit)
        wrong += "--- stdout\n" + total.out + "--- expected\n" + expected.out;
      wrong += wrong_files(c);
      if (!wrong.empty()) {
        std::printf(
            "FAIL %s\n  --emit-toml, parallelism %s, blocks of %s\n%s\n  exit %d, expected "
            "%d\n%s--- stderr\n%s",
            path.c_str(), v.parallelism, v.block, printed.out.c_str(), total.exit, expected.exit,
            wrong.c_str(), total.err.c_str());
        return false;
      }
      ++emitted_;
      if (once) return true;
    }
    return pipelines.size() != 1 || expected.exit != 0 ||
           stopped_and_resumed(path, c, {}, expected);
  }

  bool resume(const fs::path& path, const weir::Node& c, const std::vector<std::string>& args,
              const Outcome& expected) {
    if (c.find("pipeline") == nullptr && c.find("pipeline_file") == nullptr)
      return true;  // a script
    std::vector<std::string> all = args;
    if (c.find("input") != nullptr) all.emplace_back("input");
    return stopped_and_resumed(path, c, all, expected);
  }

  bool stopped_and_resumed(const fs::path& path, const weir::Node& c,
                           const std::vector<std::string>& args, const Outcome& expected) {
    const auto* wanted = c.find("resume");
    if (wanted != nullptr && !wanted->boolean) return true;
    struct Variation {
      const char* block;
      const char* first;
      const char* second;
      bool on_disk;
    };
    for (const Variation& v :
         {Variation{"48B", "1", "4", false}, {"1KB", "4", "2", false}, {"48B", "4", "1", true}}) {
      clean(c);
      Outcome total;
      for (const bool last : {false, true}) {
        std::vector<std::string> command = {weir_,
                                            "run",
                                            "-q",
                                            "-p",
                                            last ? v.second : v.first,
                                            "--set",
                                            std::string("runtime.block_size=") + v.block,
                                            "--set",
                                            "checkpoint.dir=state",
                                            "--set",
                                            "checkpoint.delivery=at_least_once"};
        if (v.on_disk) command.insert(command.end(), {"--set", kOnDisk});
        if (last) {
          command.emplace_back("--drain");
        } else {
          command.insert(command.end(),
                         {"--set", "checkpoint.stop_after=" + std::to_string(bytes_to_read(c))});
        }
        command.emplace_back("pipeline.toml");
        command.insert(command.end(), args.begin(), args.end());
        const Outcome got = run(command, folder_, nullptr);
        if (got.exit == 2 && got.err.find("[checkpoint]") != std::string::npos) {
          ++not_resumable_;
          return true;
        }
        total.out += got.out;
        total.err += got.err;
        total.exit = got.exit;
        if (got.exit != 0) break;
      }
      std::string wrong;
      if (total.out != expected.out || total.exit != expected.exit)
        wrong = "--- stdout\n" + total.out + "--- expected\n" + expected.out;
      wrong += wrong_files(c);
      if (!wrong.empty()) {
        std::printf(
            "FAIL %s\n  stopped and resumed: parallelism %s, then %s, blocks of %s%s\n  exit %d, "
            "expected %d\n%s--- stderr\n%s",
            path.c_str(), v.first, v.second, v.block, v.on_disk ? ", with state on the disk" : "",
            total.exit, expected.exit, wrong.c_str(), total.err.c_str());
        return false;
      }
      ++resumed_;
    }
    return true;
  }

  std::string weir_;
  fs::path data_;
  fs::path folder_;
  int passed_ = 0;
  int failed_ = 0;
  int runs_ = 0;
  int resumed_ = 0;
  int emitted_ = 0;
  int not_resumable_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: case_runner WEIR TESTDATA CASE.toml|FOLDER...\n");
    return 2;
  }
  Runner runner(fs::absolute(argv[1]), fs::absolute(argv[2]));
  std::vector<fs::path> cases;
  for (int i = 3; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      cases.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(argv[i])) {
      if (entry.path().extension() == ".toml") cases.push_back(entry.path());
    }
  }
  std::sort(cases.begin(), cases.end());
  for (const auto& c : cases) runner.run_case(c);
  return runner.finish();
}
