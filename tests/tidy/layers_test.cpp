// Every room includes only the rooms that src/LAYERS allows, and heavy libraries stay in their room.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace fs = std::filesystem;

namespace {

std::map<std::string, std::set<std::string>> read_layers() {
  std::map<std::string, std::set<std::string>> allowed;
  std::ifstream in("src/LAYERS");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t colon = line.find(':');
    const std::string room = line.substr(0, colon);
    allowed[room].insert(room);
    std::istringstream words(line.substr(colon + 1));
    for (std::string w; words >> w;) allowed[room].insert(w);
  }
  return allowed;
}

template <class Visit>
void each_include(Visit visit) {
  for (const auto& entry : fs::recursive_directory_iterator("src")) {
    const fs::path& p = entry.path();
    if (p.extension() != ".h" && p.extension() != ".cpp" && p.extension() != ".inc") continue;
    const std::string room = fs::relative(p, "src").begin()->string();
    std::ifstream in(p);
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with("#include ")) continue;
      visit(p, room, line.substr(9));
    }
  }
}

}  // namespace

TEST_CASE("rooms include only what LAYERS allows") {
  const auto allowed = read_layers();
  REQUIRE(allowed.size() > 10);
  size_t seen = 0;
  each_include([&](const fs::path& p, const std::string& room, const std::string& include) {
    if (include[0] != '"' || !allowed.contains(room)) return;
    const std::string target = include.substr(1, include.find('/') - 1);
    if (!allowed.contains(target)) return;
    ++seen;
    INFO(p << " includes " << include);
    CHECK(allowed.at(room).contains(target));
  });
  CHECK(seen > 100);
}

TEST_CASE("a library's header is included by one room only") {
  const std::map<std::string, std::set<std::string>> owners = {
      {"toml++", {"config"}},       {"CLI/", {"cli"}},
      {"date/", {"data"}},          {"boost/", {"io"}},
      {"zstd.h", {"io"}},           {"simdjson.h", {"formats", "expr"}},
      {"openssl/", {"expr", "io"}}, {"re2/", {"expr", "formats", "io"}},
      {"sqlite3.h", {"io"}},        {"libpq-fe.h", {"io"}},
      {"librdkafka/", {"io"}},      {"httplib.h", {"io"}}};
  each_include([&](const fs::path& p, const std::string& room, const std::string& include) {
    for (const auto& [library, rooms] : owners) {
      if (include.find(library) == std::string::npos || include[0] != '<') continue;
      INFO(p << " includes " << include);
      CHECK(rooms.contains(room));
      CHECK(p.extension() == ".cpp");
    }
  });
}
