// Compares the generated sections of the man pages with what the program says of itself.
//
//   man_pages_runner WEIR MAN-FOLDER
//
// A section stands between the lines `.\" generated: NAME` and `.\" end generated` and is the
// output of `weir man-tables NAME`. WEIR_BLESS=1 rewrites the pages.
#include <stdio.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace fs = std::filesystem;

namespace {

constexpr const char* kBegin = ".\\\" generated: ";
constexpr const char* kEnd = ".\\\" end generated\n";

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The program's output; empty when it failed.
std::string section(const std::string& weir, const std::string& name) {
  FILE* pipe = ::popen(("'" + weir + "' man-tables " + name).c_str(), "r");
  if (pipe == nullptr) return {};
  std::string out;
  char buffer[4096];
  for (size_t n; (n = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  return ::pclose(pipe) == 0 ? out : std::string();
}

// The page with every generated section made anew; `sections` counts them.
std::string renewed(const std::string& page, const std::string& weir, int& sections) {
  std::string out;
  size_t pos = 0;
  for (;;) {
    const size_t begin = page.find(kBegin, pos);
    if (begin == std::string::npos) return out + page.substr(pos);
    const size_t line_end = page.find('\n', begin) + 1;
    const size_t end = page.find(kEnd, line_end);
    if (end == std::string::npos) return {};
    const size_t name_at = begin + std::string(kBegin).size();
    const std::string made = section(weir, page.substr(name_at, line_end - 1 - name_at));
    if (made.empty()) return {};
    out += page.substr(pos, line_end - pos) + made;
    pos = end;
    ++sections;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    ::fputs("usage: man_pages_runner WEIR MAN-FOLDER\n", stderr);
    return 2;
  }
  int failed = 0;
  int sections = 0;
  for (const auto& entry : fs::directory_iterator(argv[2])) {
    const std::string page = read_file(entry.path());
    const std::string now = renewed(page, argv[1], sections);
    if (now == page) continue;
    if (!now.empty() && std::getenv("WEIR_BLESS") != nullptr) {
      std::ofstream(entry.path(), std::ios::binary) << now;
      continue;
    }
    ::printf("FAIL %s: a generated section is not up to date (WEIR_BLESS=1 renews it)\n",
             entry.path().c_str());
    ++failed;
  }
  ::printf("%d sections\n", sections);
  return failed == 0 && sections >= 6 ? 0 : 1;
}
