// Runs golden cases with all state on the disk: spilled_cases TESTDATA CASE.toml|FOLDER...
//
// Between any two blocks nothing that can go to the disk stays in memory, and the output must be the case's bytes:
// at parallelism 1 and 4, in tiny and default blocks, and stopped at a checkpoint and resumed. Cases are as
// case_runner.cpp describes them; those are left out that are scripts or that mean to fail.
// Every run is a process of its own, for its standard output.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/toml_text.h"
#include "plan/plan.h"
#include "run/run.h"

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Outcome {
  std::string out;
  std::string problem;
  int exit = -1;
};

class SpilledCases {
 public:
  explicit SpilledCases(std::string data) : data_(std::move(data)) {
    char pattern[] = "/tmp/weir-spilled-XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~SpilledCases() { fs::remove_all(folder_); }

  void run_case(const fs::path& path) {
    const auto parsed = weir::parse_toml(read_file(path), path.string());
    if (!parsed) return fail(path, "cannot be read", {}, {});
    const weir::Node& c = *parsed;
    const auto* exit = c.find("exit");
    if (c.find("pipeline") == nullptr || !take_flags(c) || (exit != nullptr && exit->integer != 0))
      return;
    pipeline_ = c.find("pipeline")->text;
    for (size_t at = 0; (at = pipeline_.find("${DATA}", at)) != std::string::npos;)
      pipeline_.replace(at, 7, data_);
    const std::string expected = c.find("stdout") == nullptr ? "" : c.find("stdout")->text;
    for (const char* parallelism : {"1", "4"}) {
      for (const char* block : {"48B", ""}) {
        lay_out(c);
        const Outcome got = run(c, parallelism, block, {}, false);
        if (got.exit != 0 || got.out != expected)
          return fail(path, std::string("parallelism ") + parallelism + ", blocks " + block, got,
                      expected);
      }
    }
    const auto* resume = c.find("resume");
    if (resume == nullptr || resume->boolean) {
      lay_out(c);
      const std::string places = "checkpoint.dir=" + (folder_ / "state").string();
      const std::string delivery = "checkpoint.delivery=at_least_once";
      const std::string stop = "checkpoint.stop_after=" + std::to_string(bytes_ / 3 + 1);
      Outcome got = run(c, "4", "48B", {places, delivery, stop}, false);
      if (got.exit == 2 && got.problem.find("[checkpoint]") != std::string::npos) {
        ++passed_;
        return;
      }
      if (got.exit == 0) {
        const std::string first = got.out;
        got = run(c, "1", "48B", {places, delivery}, true);
        got.out = first + got.out;
      }
      if (got.exit != 0 || got.out != expected)
        return fail(path, "stopped and resumed", got, expected);
      ++resumed_;
    }
    ++passed_;
  }

  int finish() const {
    std::printf("%d passed with state on the disk, %d of them stopped and resumed, %d failed\n",
                passed_, resumed_, failed_);
    return failed_ == 0 && passed_ > 0 ? 0 : 1;
  }

 private:
  // False: there are others than those for formats.
  bool take_flags(const weir::Node& c) {
    flags_ = {};
    const auto* args = c.find("args");
    if (args == nullptr) return true;
    for (size_t i = 0; i + 1 < args->items.size(); i += 2) {
      const std::string& flag = args->items[i].text;
      if (flag != "-t" && flag != "-i") return false;
      (flag == "-t" ? flags_.output_format : flags_.input_format) = args->items[i + 1].text;
    }
    return args->items.size() % 2 == 0;
  }

  // The folder as a case wants it.
  void lay_out(const weir::Node& c) {
    for (const auto& entry : fs::directory_iterator(folder_)) fs::remove_all(entry);
    bytes_ = 0;
    const auto write = [&](const std::string& name, const std::string& text) {
      std::ofstream(folder_ / name, std::ios::binary) << text;
      bytes_ += text.size();
    };
    if (const auto* input = c.find("input")) write("input", input->text);
    if (const auto* files = c.find("files")) {
      for (const auto& [name, node] : files->entries) write(name, node.text);
    }
    if (bytes_ == 0) bytes_ = 12288;
  }

  Outcome run(const weir::Node& c, const std::string& parallelism, const std::string& block,
              std::vector<std::string> settings, bool drain) const {
    weir::PipelineText text;
    text.fragments = {pipeline_};
    text.settings = std::move(settings);
    text.settings.push_back("runtime.parallelism=" + parallelism);
    if (!block.empty()) text.settings.push_back("runtime.block_size=" + block);
    text.flags = flags_;
    if (c.find("input") != nullptr) text.flags.inputs = {"input"};
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      const auto open_as = [&](const char* name, int fd) {
        const int file = open((folder_ / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        dup2(file, fd);
      };
      if (chdir(folder_.c_str()) != 0) _exit(1);
      open_as(".stdout", 1);
      open_as(".stderr", 2);
      std::_Exit(run_here(text, drain));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return {read_file(folder_ / ".stdout"), read_file(folder_ / ".stderr"),
            WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status)};
  }

  static int run_here(const weir::PipelineText& text, bool drain) {
    const auto refused = [](const weir::Errors& errors) {
      for (const auto& error : errors) std::cerr << weir::format_error(error);
      std::cerr.flush();
      return 2;
    };
    const auto spec = weir::read_pipeline(text);
    if (!spec) return refused(spec.error());
    weir::PlanContext context;
    context.usable_cores = 2;
    context.now_us = weir::wall_clock().now_us();
    const auto plan = weir::make_plan(*spec, context);
    if (!plan) return refused(plan.error());
    weir::RunOptions options;
    options.state_limit_bytes = 0;
    options.drain = drain;
    const weir::RunResult result = weir::run_plan(**plan, options);
    if (result.error) std::cerr << weir::format_error(*result.error) << std::flush;
    return result.exit_code;
  }

  void fail(const fs::path& path, const std::string& how, const Outcome& got,
            const std::string& expected) {
    std::printf("FAIL %s\n  %s\n  exit %d\n--- stdout\n%s--- expected\n%s--- stderr\n%s",
                path.c_str(), how.c_str(), got.exit, got.out.c_str(), expected.c_str(),
                got.problem.c_str());
    ++failed_;
  }

  const std::string data_;
  fs::path folder_;
  std::string pipeline_;
  weir::PipelineFlags flags_;
  size_t bytes_ = 0;
  int passed_ = 0;
  int resumed_ = 0;
  int failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: spilled_cases TESTDATA CASE.toml|FOLDER...\n");
    return 2;
  }
  SpilledCases all(fs::absolute(argv[1]).string());
  std::vector<fs::path> cases;
  for (int i = 2; i < argc; ++i) {
    if (!fs::is_directory(argv[i])) {
      cases.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(argv[i])) {
      if (entry.path().extension() == ".toml") cases.push_back(entry.path());
    }
  }
  std::sort(cases.begin(), cases.end());
  for (const auto& c : cases) all.run_case(c);
  return all.finish();
}
