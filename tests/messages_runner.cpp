// Golden error texts: runs weir on wrong pipelines and compares what it says.
//
//   messages_runner WEIR FOLDER
//
// A case is a TOML file below FOLDER:
//   pipeline = '''...'''          written to pipeline.toml in an empty folder, where weir runs
//   args = ["check", "p.toml"]    ["check", "pipeline.toml"] when not given
//   stdin = "..."                 nothing when not given
//   files = { "a.csv" = "..." }   further files
//   env = { NAME = "value" }      added to the environment
//   stdout = '''...'''            compared when given
//   exit = 2
//   stderr = '''...'''            exit and stderr stand last: WEIR_BLESS=1 rewrites them in place
#include <fcntl.h>
#include <stdlib.h>
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

namespace fs = std::filesystem;
using namespace weir;

namespace {

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

struct Outcome {
  int exit = -1;
  std::string out;
  std::string err;
};

Outcome run(const std::string& weir, const std::vector<std::string>& arguments, const Node& test,
            const fs::path& folder) {
  write_file(folder / "io" / "stdin",
             test.find("stdin") != nullptr ? test.find("stdin")->text : "");
  const pid_t child = ::fork();
  if (child == 0) {
    if (::chdir(folder.c_str()) != 0) ::_exit(99);
    ::dup2(::open("io/stdin", O_RDONLY), 0);
    ::dup2(::open("io/out", O_WRONLY | O_CREAT, 0600), 1);
    ::dup2(::open("io/err", O_WRONLY | O_CREAT, 0600), 2);
    for (const char* name : {"NO_COLOR", "CLICOLOR_FORCE"}) ::unsetenv(name);
    if (const Node* env = test.find("env"))
      for (const auto& [name, value] : env->entries) ::setenv(name.c_str(), value.text.c_str(), 1);
    std::vector<std::string> words = {weir};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(weir.c_str(), argv.data());
    ::_exit(98);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Outcome outcome;
  outcome.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(folder / "io" / "out");
  outcome.err = read_file(folder / "io" / "err");
  return outcome;
}

// The case's text up to its expectations, and these new.
std::string blessed(const std::string& text, const Outcome& outcome) {
  size_t cut = text.size();
  for (const char* key : {"\nexit = ", "\nstderr = "}) cut = std::min(cut, text.find(key));
  std::string out = text.substr(0, cut);
  while (out.ends_with('\n')) out.pop_back();
  out += "\nexit = " + std::to_string(outcome.exit) + "\n";
  if (outcome.err.empty()) return out + "stderr = ''\n";
  if (outcome.err.find("'''") == std::string::npos)
    return out + "stderr = '''\n" + outcome.err + "'''\n";
  std::string escaped;
  for (const char c : outcome.err) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return out + "stderr = \"\"\"\n" + escaped + "\"\"\"\n";
}

bool differs(const char* what, const std::string& expected, const std::string& found) {
  if (expected == found) return false;
  std::printf("--- expected %s\n%s--- found\n%s---\n", what, expected.c_str(), found.c_str());
  return true;
}

bool passes(const std::string& weir, const fs::path& path) {
  const std::string text = read_file(path);
  const auto test = parse_toml(text, path.string());
  if (!test) {
    std::printf("%s", format_error(test.error()).c_str());
    return false;
  }
  std::vector<std::string> arguments = {"check", "pipeline.toml"};
  if (const Node* given = test->find("args")) {
    arguments.clear();
    for (const auto& item : given->items) arguments.push_back(item.text);
  }
  std::string scratch = (fs::temp_directory_path() / "weir-messages-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr) return false;
  const fs::path folder = scratch;
  if (const Node* pipeline = test->find("pipeline"))
    write_file(folder / "pipeline.toml", pipeline->text);
  if (const Node* files = test->find("files"))
    for (const auto& [name, content] : files->entries) write_file(folder / name, content.text);
  const Outcome outcome = run(weir, arguments, *test, folder);
  fs::remove_all(folder);

  if (std::getenv("WEIR_BLESS") != nullptr) {
    const std::string now = blessed(text, outcome);
    if (now != text) write_file(path, now);
    return true;
  }
  const Node* err = test->find("stderr");
  const Node* out = test->find("stdout");
  const Node* exit = test->find("exit");
  bool failed = differs("stderr", err != nullptr ? err->text : "", outcome.err);
  if (out != nullptr) failed |= differs("stdout", out->text, outcome.out);
  failed |= differs("exit code", std::to_string(exit != nullptr ? exit->integer : 0) + "\n",
                    std::to_string(outcome.exit) + "\n");
  return !failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: messages_runner WEIR FOLDER\n", stderr);
    return 2;
  }
  const std::string weir = fs::absolute(argv[1]).string();
  if (::access(weir.c_str(), X_OK) != 0) {
    std::fprintf(stderr, "messages_runner: %s cannot be run\n", weir.c_str());
    return 2;
  }
  std::vector<fs::path> cases;
  for (const auto& entry : fs::recursive_directory_iterator(argv[2]))
    if (entry.path().extension() == ".toml") cases.push_back(entry.path());
  std::sort(cases.begin(), cases.end());
  int failed = 0;
  for (const auto& path : cases) {
    if (passes(weir, path)) continue;
    std::printf("FAIL %s\n", path.c_str());
    ++failed;
  }
  std::printf("%zu cases, %d failed\n", cases.size(), failed);
  return failed == 0 && !cases.empty() ? 0 : 1;
}
