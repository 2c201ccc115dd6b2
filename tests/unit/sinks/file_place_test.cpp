#include "sinks/file_place.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace weir {

namespace {

// A file "out" that was written up to byte 4, and its place.
struct Written {
  fs::path folder;
  std::string path;
  FilePlace place;

  Written() {
    char pattern[] = "/tmp/weir-place-XXXXXX";
    folder = ::mkdtemp(pattern);
    path = (folder / "out").string();
    write("out", "one\ntwo");
    const int fd = ::open(path.c_str(), O_RDONLY);
    place = file_place(fd, path, 4).value();
    ::close(fd);
  }
  ~Written() { fs::remove_all(folder); }
  void write(const char* name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  Result<FoundPlace> find() const { return find_file_place(place); }
};

}  // namespace

TEST_CASE("a place reads back as it was written, also the first version's") {
  const Written file;
  const auto read = decode_file_place(encode_file_place(file.place));
  REQUIRE(read);
  CHECK(read->length == 4);
  CHECK(read->inode == file.place.inode);
  CHECK(read->tail_hash == file.place.tail_hash);
  CHECK(read->path == file.path);
  const auto old = decode_file_place("12 a file.csv");
  REQUIRE(old);
  CHECK(old->length == 12);
  CHECK(old->path == "a file.csv");
  CHECK(!old->knows_file());
  for (const char* bad : {"", "x", "12", "@1 2 3 4", "@1 2 3 99 5 p", "@ 1 2 3 4 5 p"})
    CHECK(!decode_file_place(bad));
}

TEST_CASE("a file is found where it was written, renamed or copied") {
  const Written file;
  CHECK(!file.find()->rotated);
  fs::rename(file.path, file.folder / "out.1");
  CHECK(file.find()->rotated);
  file.write("out", "");
  const auto rotated = file.find();
  REQUIRE(rotated);
  CHECK(rotated->rotated);
  CHECK(rotated->path == (file.folder / "out.1").string());
  fs::remove(file.folder / "out");
  fs::copy_file(file.folder / "out.1", file.path);
  CHECK(!file.find()->rotated);
}

TEST_CASE("a file that somebody else has changed is refused") {
  const Written file;
  file.write("out", "ONE\ntwo");
  CHECK(file.find().error().message.find("other bytes") != std::string::npos);
  file.write("out", "one");
  CHECK(file.find().error().message.find("has 3 bytes") != std::string::npos);
  file.write("other", "another one");
  fs::remove(file.path);
  CHECK(file.find().error().message.find("is gone") != std::string::npos);
  fs::rename(file.folder / "other", file.path);
  CHECK(file.find().error().message.find("another file") != std::string::npos);
}

}  // namespace weir
