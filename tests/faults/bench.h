// What the fault tests share: a folder with a pipeline and its input, runs of the program in it, and the account
// of what passed. Ids such as A7 are those of the fault matrix (README.md beside this).
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace faults {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path);
void write_file(const fs::path& path, const std::string& text, bool append = false);

// --- the account ---

// Prints "FAIL ..." and counts it.
void fail(const std::string& what);
void pass(size_t n = 1);
// A test that cannot run here, and why; counted as not run.
void skip(const std::string& what, const std::string& why);
// One line of the report: "A7 kill -9, sessions: ...".
void report(const std::string& line);
// The last line, and main's exit code.
int finish();

// --- pipelines ---

// A log with disorder, late and malformed lines.
std::string make_log(unsigned seed, int lines);

struct Pipeline {
  const char* id;  // of the matrix
  const char* name;
  std::vector<std::string> outputs;  // file names; they tell the compression
  const char* steps;                 // what stands between source and sinks
  const char* sinks =
      nullptr;  // nullptr: one sink for the one output; else ${N} is the n-th output
};

// The pipelines over which runs are killed, split and disturbed.
const std::vector<Pipeline>& pipelines();

// --- runs ---

struct Fault {
  std::vector<std::string> environment;  // "NAME=value"
  long kill_after_us = -1;               // kill -9 then, or the other signal
  int signal = 9;
  long stopped_us = 0;              // SIGSTOP before that, and SIGCONT so much later
  long again_after_us = -1;         // the signal a second time
  long file_limit_bytes = -1;       // RLIMIT_FSIZE
  std::function<void()> meanwhile;  // done while it runs
};

class Bench {
 public:
  Bench(const std::string& weir, fs::path folder);

  fs::path path(const std::string& name) const { return folder_ / name; }
  const fs::path& folder() const { return folder_; }
  const std::string& weir() const { return weir_; }
  void empty() const;  // removes everything in the folder

  // p.toml: reads in.csv, writes the outputs with `prefix` before their names, keeps its state in `state`.
  void write_pipeline(const Pipeline& pipeline, const std::string& prefix, const std::string& state,
                      const std::string& interval = "1ms") const;
  // Empties the folder, writes the log as in.csv and the reference: the whole input in one run, as ref-...
  bool make_reference(const Pipeline& pipeline, const std::string& log) const;

  // Runs the pipeline: the exit code, or minus the signal.
  int run(const std::vector<std::string>& args, const Fault& fault = {}) const;
  std::string errors() const { return read_file(path("stderr")); }  // of the last run

  // True if every output is the reference's, decompressed by the program itself; else it fails.
  bool same_output(const Pipeline& pipeline, const std::string& what) const;
  bool same_output(const std::string& name, const std::string& reference) const;

 private:
  std::string content(const std::string& name) const;

  std::string weir_;
  fs::path folder_;
};

}  // namespace faults
