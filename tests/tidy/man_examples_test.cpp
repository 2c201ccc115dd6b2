// The worked examples of the man pages are golden cases:
//
//   .\" example: tests/cases/windows/NAME.toml
//
// is followed by one .EX block for each of the case's pipeline, input and stdout, in that order.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// KEY = '''...''' of a case.
std::string text_of(const std::string& test_case, const std::string& key) {
  const std::string head = key + " = '''\n";
  const size_t begin = test_case.find(head);
  REQUIRE(begin != std::string::npos);
  const size_t from = begin + head.size();
  return test_case.substr(from, test_case.find("'''", from) - from);
}

// The next .EX block from `pos` on, as it is shown, without its indentation.
std::string next_block(const std::string& page, size_t& pos) {
  const size_t begin = page.find("\n.EX\n", pos);
  REQUIRE(begin != std::string::npos);
  const size_t end = page.find("\n.EE\n", begin);
  REQUIRE(end != std::string::npos);
  std::istringstream lines(page.substr(begin + 5, end - begin - 4));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("    ")) line.erase(0, 4);
    for (size_t at = 0; (at = line.find("\\-", at)) != std::string::npos; ++at) line.erase(at, 1);
    text += line + "\n";
  }
  pos = end;
  return text;
}

}  // namespace

TEST_CASE("the worked examples of the man pages are tested as they stand") {
  const std::string mark = ".\\\" example: ";
  int examples = 0;
  for (const auto& entry : fs::directory_iterator("man")) {
    const std::string page = read_file(entry.path());
    for (size_t pos = 0; (pos = page.find(mark, pos)) != std::string::npos;) {
      const size_t begin = pos + mark.size();
      const std::string path = page.substr(begin, page.find('\n', begin) - begin);
      INFO(entry.path() << ": " << path);
      const std::string test_case = read_file(path);
      for (const char* key : {"pipeline", "input", "stdout"})
        CHECK(next_block(page, pos) == text_of(test_case, key));
      ++examples;
    }
  }
  CHECK(examples >= 1);
}
