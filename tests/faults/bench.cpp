#include "bench.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>

extern char** environ;

namespace faults {

namespace {

size_t passed = 0;
size_t failed = 0;
size_t skipped = 0;

// The parts' content, one after another by name and number: u1.json, u1-1.json ... u1-10.json, u2.json. A run's end
// finishes a part, so how many there are says nothing; a file of another name is one too many.
std::string joined_parts(const fs::path& folder) {
  std::map<std::pair<std::string, int>, std::string> parts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem();
    const size_t dash = stem.find('-');
    const int number = dash == std::string::npos ? 0 : std::atoi(stem.c_str() + dash + 1);
    parts[{stem.substr(0, dash), number}] = read_file(entry.path());
  }
  std::string all;
  std::string before;
  for (const auto& [part, text] : parts) {
    if (part.first != before) all += part.first + ":\n";
    before = part.first;
    all += text;
  }
  return all;
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text, bool append) {
  std::ofstream(path, std::ios::binary | (append ? std::ios::app : std::ios::trunc)) << text;
}

void fail(const std::string& what) {
  std::printf("FAIL %s\n", what.c_str());
  std::fflush(stdout);
  ++failed;
}
void pass(size_t n) { passed += n; }
void skip(const std::string& what, const std::string& why) {
  std::printf("SKIP %s: %s\n", what.c_str(), why.c_str());
  ++skipped;
}
void report(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}
int finish() {
  std::printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}

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

const std::vector<Pipeline>& pipelines() {
  static const std::vector<Pipeline> all = {
      {"A1",
       "rows to a plain file",
       {"out.csv"},
       "[[transform]]\nop = \"filter\"\nwhere = \"n > 20\"\n"},
      {"A3",
       "text to gzip",
       {"out.txt.gz"},
       "[[transform]]\nop = \"map\"\ncolumns = { line = \"user || ' ' || CAST(n AS STRING)\" }\n"},
      {"A3",
       "windows to zstd",
       {"out.csv.zst"},
       "[window]\ntype = \"tumbling\"\nsize = \"1m\"\nkey_by = [\"user\"]\n"
       "aggregate = { n = \"COUNT(*)\", s = \"SUM(n)\", f = \"FIRST_VALUE(n)\" }\n"},
      {"A7",
       "sliding windows",
       {"out.csv"},
       "[window]\ntype = \"sliding\"\nsize = \"1m\"\nslide = \"20s\"\nkey_by = [\"user\"]\n"
       "aggregate = { n = \"COUNT(*)\", p = \"PERCENTILE(n, 0.9)\" "
       "}\n"},
      {"A7",
       "sessions",
       {"out.csv"},
       "[window]\ntype = \"session\"\ngap = \"9s\"\nkey_by = [\"user\"]\n"
       "aggregate = { n = \"COUNT(*)\", l = \"LISTAGG(CAST(n AS STRING))\" }\n"},
      {"A8",
       "distinct rows and a window behind them",
       {"out.csv"},
       "[[transform]]\nop = \"distinct\"\ncolumns = [\"user\", \"n\"]\n"
       "[window]\ntype = \"tumbling\"\nsize = \"30s\"\naggregate = { n = \"COUNT(*)\" }\n"},
      {"A8",
       "running results to gzip",
       {"out.json.gz"},
       "[[transform]]\nop = \"reduce\"\nkey_by = [\"user\"]\nreduce = { n = \"a.n + b.n\" }\n"},
      {"A8",
       "aggregates over everything",
       {"out.csv"},
       "[[transform]]\nop = \"aggregate\"\nkey_by = [\"user\"]\n"
       "aggregate = { n = \"COUNT(*)\", s = \"SUM(n)\", p = \"PERCENTILE(n, 0.5)\" }\n"},
      {"A8",
       "process to a plain file",
       {"out.csv"},
       "[[transform]]\nop = \"process\"\nkey_by = [\"user\"]\n"
       "[transform.state.sum]\ntype = \"BIGINT\"\ndefault = \"0\"\n"
       "[transform.state.last]\nkind = \"list\"\ntype = \"BIGINT\"\nlimit = 3\n"
       "[[transform.rules]]\nset = { sum = \"sum + n\" }\nappend = { last = \"n\" }\n"
       "timer = { quiet = { after = \"20s\" } }\n"
       "emit = { user = \"user\", sum = \"sum\", last = \"CAST(last AS STRING)\", what = \"'row'\" "
       "}\n"
       "[transform.on_timer.quiet]\n"
       "emit = { user = \"user\", sum = \"sum\", last = \"CAST(last AS STRING)\", what = "
       "\"'quiet'\" }\n"
       "clear = [\"sum\"]\n"},
      {"A12",
       "several outputs",
       {"out.csv", "out.json.gz", "out-late.csv", "out-bad.json"},
       "[[transform]]\nop = \"extend\"\ncolumns = { twice = \"n * 2\" }\nname = \"rows\"\n"
       "[window]\ntype = \"tumbling\"\nsize = \"1m\"\nkey_by = [\"user\"]\n"
       "aggregate = { n = \"COUNT(*)\", s = \"SUM(twice)\" }\n",
       "[sinks.rows]\ninput = \"rows\"\npath = \"${0}\"\n[sinks.minutes]\npath = \"${1}\"\n"
       "[late]\ntype = \"file\"\npath = \"${2}\"\n[dead_letter]\ntype = \"file\"\npath = "
       "\"${3}\"\n"},
      {"A12",
       "a file, a compressed one and sqlite",
       {"out.csv", "out.db", "out.csv.zst"},
       "[[transform]]\nop = \"filter\"\nwhere = \"n > 20\"\nname = \"rows\"\n"
       "[window]\ntype = \"tumbling\"\nsize = \"1m\"\nkey_by = [\"user\"]\n"
       "aggregate = { n = \"COUNT(*)\", s = \"SUM(n)\" }\n",
       "[sinks.rows]\ninput = \"rows\"\npath = \"${0}\"\n"
       "[sinks.table]\ninput = \"rows\"\npath = \"sqlite:${1}\"\ntable = \"t\"\ncreate = true\n"
       "[sinks.minutes]\npath = \"${2}\"\n"},
      {"A4",
       "rows to sqlite",
       {"out.db"},
       "[[transform]]\nop = \"filter\"\nwhere = \"n > 20\"\n",
       "[sink]\npath = \"sqlite:${0}\"\ntable = \"t\"\ncreate = true\n"},
      {"A2",
       "rows to files in parts",
       {"out-parts"},
       "[[transform]]\nop = \"filter\"\nwhere = \"n > 20\"\n",
       "[sink]\npath = \"${0}/{user}.json\"\nroll = { count = 300 }\n"},
  };
  return all;
}

Bench::Bench(const std::string& weir, fs::path folder)
    : weir_(fs::absolute(weir).string()), folder_(fs::absolute(folder)) {
  fs::create_directories(folder_);
  empty();
}

void Bench::empty() const {
  for (const auto& entry : fs::directory_iterator(folder_))
    if (entry.path().filename() != "lost+found") fs::remove_all(entry);
}

void Bench::write_pipeline(const Pipeline& pipeline, const std::string& prefix,
                           const std::string& state, const std::string& interval) const {
  std::string sinks = pipeline.sinks == nullptr ? "[sink]\npath = \"${0}\"\n" : pipeline.sinks;
  for (size_t i = 0; i < pipeline.outputs.size(); ++i) {
    const std::string mark = "${" + std::to_string(i) + "}";
    sinks.replace(sinks.find(mark), mark.size(), prefix + pipeline.outputs[i]);
  }
  write_file(
      path("p.toml"),
      "name = \"faults\"\non_error = \"skip\"\n[source]\npath = \"in.csv\"\nformat = \"csv\"\n"
      "[source.schema]\nt = \"TIMESTAMP_LTZ(3)\"\nuser = \"STRING\"\nn = \"BIGINT\"\n"
      "[source.event_time]\ncolumn = \"t\"\nmax_out_of_orderness = \"3s\"\n" +
          std::string(pipeline.steps) + sinks + "[checkpoint]\ndir = \"" + state +
          "\"\ninterval = \"" + interval + "\"\n");
}

bool Bench::make_reference(const Pipeline& pipeline, const std::string& log) const {
  empty();
  write_file(path("in.csv"), log);
  write_pipeline(pipeline, "ref-", "ref-state", "1h");
  const bool good = run({"--drain"}) == 0;
  if (!good) fail(std::string(pipeline.name) + ": no reference: " + errors());
  write_pipeline(pipeline, "", "state");
  return good;
}

int Bench::run(const std::vector<std::string>& args, const Fault& fault) const {
  std::vector<std::string> words = {weir_, "run", "p.toml", "-q"};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (auto& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
  for (const auto& e : fault.environment) environment.push_back(const_cast<char*>(e.c_str()));
  environment.push_back(nullptr);
  const std::string errors = path("stderr").string();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int err = ::open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(err, 2);
    if (::chdir(folder_.c_str()) != 0) _exit(99);
    if (fault.file_limit_bytes >= 0) {
      const auto bytes = static_cast<rlim_t>(fault.file_limit_bytes);
      const rlimit limit{bytes, bytes};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ::execve(argv[0], argv.data(), environment.data());
    _exit(98);
  }
  if (fault.kill_after_us >= 0) {
    ::usleep(static_cast<useconds_t>(fault.kill_after_us));
    if (fault.meanwhile) fault.meanwhile();
    if (fault.stopped_us > 0) {
      ::kill(pid, SIGSTOP);
      ::usleep(static_cast<useconds_t>(fault.stopped_us));
      ::kill(pid, SIGCONT);
    }
    ::kill(pid, fault.signal);
    if (fault.again_after_us >= 0) {
      ::usleep(static_cast<useconds_t>(fault.again_after_us));
      ::kill(pid, fault.signal);
    }
  } else if (fault.meanwhile) {
    fault.meanwhile();
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string Bench::content(const std::string& name) const {
  const auto query = [&](const std::string& sql) {
    return " run -q -t csv -e '[source]\npath = \"sqlite:" + name + "\"\nquery = \"" + sql + "\"'";
  };
  std::string command = "cd " + folder_.string() + " && ";
  if (name.ends_with(".db")) {
    command += "{ " + weir_ + query("SELECT * FROM t ORDER BY rowid") + " && " + weir_ +
               query("SELECT * FROM pragma_integrity_check") + "; } > content";
  } else {
    command += weir_ + " run -q -i text -t text -e '' " + name + " > content";
  }
  if (std::system(command.c_str()) != 0) return "unreadable " + name;
  const std::string text = read_file(path("content"));
  if (name.ends_with(".db") && !text.ends_with("integrity_check\nok\n")) return "damaged " + name;
  return text;
}

bool Bench::same_output(const std::string& name, const std::string& reference) const {
  if (fs::is_directory(path(reference)))
    return fs::is_directory(path(name)) &&
           joined_parts(path(name)) == joined_parts(path(reference));
  const bool plain = !name.ends_with(".gz") && !name.ends_with(".zst") && !name.ends_with(".db");
  if (plain) return read_file(path(name)) == read_file(path(reference));
  return content(name) == content(reference);
}

bool Bench::same_output(const Pipeline& pipeline, const std::string& what) const {
  for (const auto& name : pipeline.outputs) {
    if (same_output(name, "ref-" + name)) continue;
    fail(what + ": " + name + " differs");
    return false;
  }
  return true;
}

}  // namespace faults
