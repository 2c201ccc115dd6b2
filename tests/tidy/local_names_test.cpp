// What a file keeps to itself has a name that no other file of its room uses: a name says one thing, and the files
// can be compiled in batches (WEIR_UNITY), where unnamed namespaces meet.
#include <catch2/catch.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;

namespace {

bool is_word(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

// The line without what stands in <...>.
std::string without_template_arguments(std::string_view line) {
  std::string out;
  int depth = 0;
  for (const char c : line) {
    if (c == '<') ++depth;
    if (depth == 0) out += c;
    if (c == '>' && depth > 0) --depth;
  }
  return out;
}

// The name that a line at the left margin declares, or nothing: clang-format puts every declaration there.
std::string declared_name(const std::string& line) {
  for (const std::string_view kind : {"struct ", "class ", "enum class ", "union "}) {
    if (!line.starts_with(kind)) continue;
    size_t end = kind.size();
    while (end < line.size() && is_word(line[end])) ++end;
    return line.substr(kind.size(), end - kind.size());
  }
  // A name given twice to one thing does no harm.
  if (line.empty() || !is_word(line[0]) || line.starts_with("using ")) return {};
  const std::string plain = without_template_arguments(line);
  const size_t stop = plain.find_first_of("({=;[");
  if (stop == std::string::npos || stop == 0) return {};
  const size_t end = plain.find_last_not_of(' ', stop - 1) + 1;
  size_t begin = end;
  while (begin > 0 && is_word(plain[begin - 1])) --begin;
  const std::string name = plain.substr(begin, end - begin);
  const bool is_member = begin > 0 && plain[begin - 1] == ':';
  const bool is_word_of_the_language = name == "operator" || name == "static_assert";
  return is_member || is_word_of_the_language || name == "TEST_CASE" ? std::string{} : name;
}

// The lines outside of raw strings, where the left margin says nothing.
std::vector<std::string> code_lines(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  std::string closing;  // of the raw string that the line stands in
  for (std::string line; std::getline(in, line);) {
    if (closing.empty()) lines.push_back(line);
    size_t at = 0;
    while (true) {
      if (!closing.empty()) {
        const size_t end = line.find(closing, at);
        if (end == std::string::npos) break;
        at = end + closing.size();
        closing.clear();
      }
      const size_t begin = line.find("R\"", at);
      const size_t open = line.find('(', begin);
      if (begin == std::string::npos || open == std::string::npos) break;
      closing = ")" + line.substr(begin + 2, open - begin - 2) + "\"";
      // A delimiter has no quote: what has one is a string that happens to end in R.
      if (closing.find('"') + 1 < closing.size()) closing.clear();
      at = open + 1;
    }
  }
  return lines;
}

std::set<std::string> local_names(const fs::path& file) {
  std::set<std::string> names;
  bool is_local = false;
  for (const std::string& line : code_lines(file)) {
    if (line == "namespace {") is_local = true;
    if (line.starts_with("}  // namespace")) is_local = false;
    if (line == "namespace {" || !(is_local || line.starts_with("static "))) continue;
    if (const std::string name = declared_name(line); !name.empty()) names.insert(name);
  }
  return names;
}

void check_room(const fs::path& room) {
  std::map<std::string, fs::path> owners;
  for (const auto& entry : fs::recursive_directory_iterator(room)) {
    const fs::path& file = entry.path();
    // The variants for an instruction set are the same names on purpose, and never in a batch.
    if (file.extension() != ".cpp" || file.filename().string().starts_with("simd_")) continue;
    if (file.filename() == "json_scan.cpp") continue;
    for (const std::string& name : local_names(file)) {
      const auto [other, is_new] = owners.emplace(name, file);
      INFO("`" << name << "` is local to " << file << " and to " << other->second
               << ": rename one, or share it");
      CHECK(is_new);
    }
  }
}

}  // namespace

TEST_CASE("the name that a line declares") {
  CHECK(declared_name("std::vector<std::pair<int, long>> read_all(const fs::path& p) {") ==
        "read_all");
  CHECK(declared_name("constexpr char kHex[] = \"0123\";") == "kHex");
  CHECK(declared_name("constexpr std::array<Unit, 9> kUnits = {{") == "kUnits");
  CHECK(declared_name("struct Node {") == "Node");
  CHECK(declared_name("class Reader final : public Base<Reader> {") == "Reader");
  CHECK(declared_name("enum class Case { kLower, kUpper };") == "Case");
  CHECK(declared_name("void Reader::read() {").empty());
  CHECK(declared_name("  return 0;").empty());
  CHECK(declared_name("template <class T>").empty());
  CHECK(declared_name("TEST_CASE(\"a name\") {").empty());
}

TEST_CASE("local names are used once in a room") {
  for (const char* root : {"src", "tests/unit"}) {
    for (const auto& room : fs::directory_iterator(root))
      if (room.is_directory()) check_room(room.path());
  }
}
