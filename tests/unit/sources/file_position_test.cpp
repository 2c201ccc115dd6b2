#include "sources/file_position.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace weir {

namespace {

struct Folder {
  fs::path path;
  Folder() {
    char pattern[] = "/tmp/weir-position-XXXXXX";
    path = ::mkdtemp(pattern);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file(const std::string& name) const { return path / name; }
  void write(const std::string& name, const std::string& text, bool append = false) const {
    std::ofstream(file(name), append ? std::ios::app : std::ios::trunc) << text;
  }
};

FilePosition read_up_to(const std::string& path, uint64_t offset) {
  auto position = position_of(path, offset);
  REQUIRE(position);
  return *position;
}

std::string shown(const Folder& folder, const FileWork& work) {
  std::string out;
  for (const auto& input : work.inputs)
    out += fs::path(input.path).lexically_relative(folder.path).string() + "@" +
           std::to_string(input.offset) + " ";
  return out;
}

std::string plan(const Folder& folder, const std::vector<std::string>& names,
                 const std::vector<FilePosition>& saved, size_t warnings = 0) {
  std::vector<std::string> paths;
  for (const auto& name : names) paths.push_back(folder.file(name));
  const auto work = plan_files(paths, saved);
  REQUIRE(work);
  CHECK(work->warnings.size() == warnings);
  return shown(folder, *work);
}

}  // namespace

TEST_CASE("positions read back as they were written") {
  const Folder folder;
  folder.write("a", "one\ntwo\n");
  const FilePosition p = read_up_to(folder.file("a"), 4);
  const auto back = decode_positions(encode_positions({p, p}));
  REQUIRE(back);
  REQUIRE(back->size() == 2);
  CHECK((*back)[1].path == p.path);
  CHECK((*back)[1].offset == 4);
  CHECK((*back)[1].tail_hash == p.tail_hash);
  CHECK(!decode_positions("short"));
}

TEST_CASE("a file that has grown is read on, a new one from its start") {
  const Folder folder;
  folder.write("a", "one\ntwo\n");
  const FilePosition p = read_up_to(folder.file("a"), 8);
  folder.write("a", "three\n", true);
  folder.write("b", "new\n");
  CHECK(plan(folder, {"a", "b"}, {p}) == "a@8 b@0 ");
}

TEST_CASE("a renamed file is finished first, whether the paths name it or not") {
  const Folder folder;
  folder.write("log", "one\ntwo\n");
  const FilePosition p = read_up_to(folder.file("log"), 4);
  fs::rename(folder.file("log"), folder.file("log.1"));
  folder.write("log", "three\n");
  CHECK(plan(folder, {"log"}, {p}) == "log.1@4 log@0 ");
  CHECK(plan(folder, {"log", "log.1"}, {p}) == "log.1@4 log@0 ");
}

TEST_CASE("a file that is renamed while it is read is followed, not the new one of its name") {
  const Folder folder;
  folder.write("log", "one\ntwo\n");
  const FilePosition start = read_up_to(folder.file("log"), 0);
  fs::rename(folder.file("log"), folder.file("log.1"));
  folder.write("log", "another\nand more\n");
  const auto p = moved_on(start, 4);
  REQUIRE(p);
  CHECK(p->path == folder.file("log.1"));
  CHECK(plan(folder, {"log"}, {*p}) == "log.1@4 log@0 ");
  fs::remove(folder.file("log.1"));
  const auto gone = moved_on(*p, 8);
  REQUIRE(gone);
  CHECK(plan(folder, {"log"}, {*gone}) == "log@0 ");
}

TEST_CASE("a truncated or rewritten file starts over, with a warning") {
  const Folder folder;
  folder.write("a", "one\ntwo\n");
  const FilePosition p = read_up_to(folder.file("a"), 8);
  folder.write("a", "x\n");
  CHECK(plan(folder, {"a"}, {p}, 1) == "a@0 ");
  folder.write("a", "uno\ndos\ntres\n");  // longer, but not what was read
  CHECK(plan(folder, {"a"}, {p}, 1) == "a@0 ");
}

TEST_CASE("the position of a file that is gone is kept") {
  const Folder folder;
  folder.write("a", "one\n");
  const FilePosition p = read_up_to(folder.file("a"), 4);
  fs::remove(folder.file("a"));
  folder.write("b", "new\n");
  const auto work = plan_files({folder.file("b")}, {p});
  REQUIRE(work);
  REQUIRE(work->others.size() == 1);
  CHECK(work->others[0].offset == 4);
}

TEST_CASE("a rotated file that was compressed is read on behind the decoded bytes") {
  const Folder folder;
  folder.write("log", "one\ntwo\n");
  const FilePosition p = read_up_to(folder.file("log"), 4);
  REQUIRE(std::system(
              ("gzip -c " + folder.file("log") + " > " + folder.file("log.1.gz")).c_str()) == 0);
  fs::remove(folder.file("log"));
  folder.write("log", "three\n");
  CHECK(plan(folder, {"log"}, {p}) == "log.1.gz@4 log@0 ");
  CHECK(plan(folder, {"log", "log.1.gz"}, {p}) == "log.1.gz@4 log@0 ");
}

TEST_CASE(
    "C3: a compressed copy is not read beside the file that it is made of, whole or half written") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i) + "\n";
  folder.write("log", text.substr(0, 60));
  const FilePosition p = read_up_to(folder.file("log"), 60);
  folder.write("log.1", "");
  fs::rename(folder.file("log"), folder.file("log.1"));
  folder.write("log.1", text);
  folder.write("log", "three\n");
  REQUIRE(std::system(("gzip -c " + folder.file("log.1") + " > " + folder.file("gz")).c_str()) ==
          0);
  std::ifstream in(folder.file("gz"), std::ios::binary);
  const std::string gz{std::istreambuf_iterator<char>(in), {}};
  for (const size_t length : {size_t{0}, size_t{5}, size_t{30}, gz.size() / 2, gz.size()}) {
    INFO("of " << gz.size() << " bytes " << length);
    folder.write("log.1.gz", gz.substr(0, length));
    CHECK(plan(folder, {"log", "log.1", "log.1.gz"}, {p}, 1) == "log.1@60 log@0 ");
    // In the first run too.
    CHECK(plan(folder, {"log", "log.1", "log.1.gz"}, {}, 1) == "log@0 log.1@0 ");
  }
  fs::remove(folder.file("log.1"));
  CHECK(plan(folder, {"log", "log.1.gz"}, {p}) == "log.1.gz@60 log@0 ");
  // Another file of such a name is read.
  folder.write("log.1", "something else\n");
  CHECK(plan(folder, {"log.1", "log.1.gz"}, {}) == "log.1@0 log.1.gz@0 ");
}

TEST_CASE(
    "C3: a compressed file with the same head and another content is not taken for the one read") {
  const Folder folder;
  const std::string head(1500, 'h');
  folder.write("log", head + "\none\ntwo\n");
  const FilePosition p = read_up_to(folder.file("log"), 1509);
  folder.write("other", head + "\nuno\ndue\nand more\n");
  REQUIRE(std::system(
              ("gzip -c " + folder.file("other") + " > " + folder.file("log.1.gz")).c_str()) == 0);
  fs::remove(folder.file("log"));
  CHECK(plan(folder, {"log.1.gz"}, {p}) == "log.1.gz@0 ");
}

TEST_CASE(
    "C4: a file that was copied and emptied is finished in the copy, whatever the paths name") {
  for (const bool compressed : {false, true}) {
    const Folder folder;
    folder.write("log", "one\ntwo\n");
    const FilePosition p = read_up_to(folder.file("log"), 8);
    folder.write("log", "three\n", true);
    const std::string copy = compressed ? "log.1.gz" : "log-20240131";
    REQUIRE(std::system(((compressed ? "gzip -c " : "cat ") + folder.file("log") + " > " +
                         folder.file(copy))
                            .c_str()) == 0);
    folder.write("log.bak.2", "another\n");
    folder.write("log", "four\n");
    CHECK(plan(folder, {"log"}, {p}, 1) == copy + "@8 log@0 ");
    CHECK(plan(folder, {"log", copy}, {p}, 1) == copy + "@8 log@0 ");
  }
}

TEST_CASE("C18: a file behind another device number is the same, if its content is") {
  const Folder folder;
  folder.write("a", "one\ntwo\n");
  FilePosition p = read_up_to(folder.file("a"), 4);
  ++p.device;
  CHECK(plan(folder, {"a"}, {p}) == "a@4 ");
  folder.write("a", "uno\ndue\n");
  CHECK(plan(folder, {"a"}, {p}) == "a@0 ");
}

}  // namespace weir
