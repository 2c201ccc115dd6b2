#include "io/input.h"

#include <sys/stat.h>

#include <random>

#include "io/feed.h"
#include "test_files.h"

namespace weir {
namespace {

struct Decoded {
  std::string bytes;
  std::optional<Error> error;
};

Decoded read_all(const std::string& path, size_t step = 1000) {
  Decoded all;
  auto stream = open_stream(path);
  REQUIRE(stream);
  std::string buffer(step, '\0');
  for (;;) {
    const auto n = (*stream)->read(buffer.data(), buffer.size());
    if (!n) {
      all.error = n.error();
      return all;
    }
    if (*n == 0) return all;
    all.bytes.append(buffer, 0, *n);
  }
}

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line number " + std::to_string(i * 7919) + "\n";
  return text;
}

TEST_CASE("every compression is recognised and read back, at every read size") {
  const TestFolder folder;
  const std::string text = numbered_lines(5000);
  for (const Compression kind : kCompressions) {
    INFO(compression_name(kind));
    const std::string bytes = compressed(kind, text);
    CHECK(bytes.size() < text.size());
    CHECK(detect_compression(bytes) == kind);
    CHECK(detect_compression(bytes.substr(0, 6)) == kind);
    const std::string path = folder.write("in", bytes);
    for (const size_t step : {1, 7, 4096, 1 << 20}) {
      const Decoded all = read_all(path, step);
      CHECK_FALSE(all.error);
      CHECK(all.bytes == text);
    }
  }
  CHECK(detect_compression("BZh9 is a text") == Compression::kNone);
  CHECK(detect_compression("") == Compression::kNone);
}

TEST_CASE("an empty member is an empty input") {
  const TestFolder folder;
  for (const Compression kind : kCompressions) {
    INFO(compression_name(kind));
    const Decoded all = read_all(folder.write("in", compressed(kind, "")));
    CHECK_FALSE(all.error);
    CHECK(all.bytes.empty());
  }
  CHECK(read_all(folder.write("in", "")).bytes.empty());
}

TEST_CASE("concatenated members, padding and junk behind them") {
  const TestFolder folder;
  for (const Compression kind : kCompressions) {
    INFO(compression_name(kind));
    const std::string one = compressed(kind, "one\n");
    const std::string two = compressed(kind, "two\n") + compressed(kind, "");
    CHECK(read_all(folder.write("in", one + two + one)).bytes == "one\ntwo\none\n");
    const std::string zeros(1024, '\0');
    Decoded all = read_all(folder.write("in", one + two + zeros));
    CHECK(all.bytes == "one\ntwo\n");
    CHECK_FALSE(all.error);
    for (const std::string& junk : {std::string("junk"), zeros + "x", one.substr(0, 1)}) {
      all = read_all(folder.write("in", one + junk));
      CHECK(all.bytes == "one\n");
      REQUIRE(all.error);
      CHECK(all.error->kind == ErrorKind::kData);
      CHECK(all.error->message.find("decoded byte 4") != std::string::npos);
    }
  }
  const std::string skippable("\x53\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  const std::string frame = compressed(Compression::kZstd, "one\n");
  CHECK(read_all(folder.write("in", skippable + frame + skippable)).bytes == "one\n");
}

TEST_CASE("truncated at every length: what can be decoded comes out, then a data error") {
  const TestFolder folder;
  const std::string text = numbered_lines(60);
  for (const Compression kind : kCompressions) {
    INFO(compression_name(kind));
    const std::string bytes = compressed(kind, text);
    for (size_t length = 6; length < bytes.size(); ++length) {
      const std::string path = folder.write("in", std::string_view(bytes).substr(0, length));
      const Decoded all = read_all(path);
      REQUIRE(all.error);
      REQUIRE(all.error->kind == ErrorKind::kData);
      REQUIRE(all.error->message.find(path) == 0);
      REQUIRE(text.starts_with(all.bytes));
      const std::string offset = "decoded byte " + std::to_string(all.bytes.size());
      REQUIRE(all.error->message.find(offset) != std::string::npos);
      auto feed = make_file_feed({path}, make_line_cutter(), {500, 10000, 0});
      REQUIRE(feed);
      FeedItem item;
      std::string records;
      bool failed = false;
      while ((*feed)->claim(item)) {
        REQUIRE_FALSE(failed);  // the error is the last item
        failed = item.error.has_value();
        if (!failed) records += item.block.bytes;
      }
      REQUIRE(failed);
      REQUIRE(records == all.bytes.substr(0, all.bytes.rfind('\n') + 1));
    }
  }
}

TEST_CASE("a flipped bit never passes for good data") {
  const TestFolder folder;
  const std::string text = numbered_lines(200);
  std::mt19937 random(11);
  for (const Compression kind : kCompressions) {
    INFO(compression_name(kind));
    const std::string bytes = compressed(kind, text);
    for (int i = 0; i < 200; ++i) {
      std::string damaged = bytes;
      const size_t at = 6 + random() % (bytes.size() - 6);
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
      const Decoded all = read_all(folder.write("in", damaged));
      if (all.error) {
        REQUIRE(all.error->kind == ErrorKind::kData);
      } else {
        REQUIRE(all.bytes == text);  // a bit that means nothing, such as gzip's time
      }
    }
  }
}

TEST_CASE("a zstd frame that needs a huge window is refused") {
  const TestFolder folder;
  // Magic, descriptor without single segment, window byte 0xF8: 2^41 bytes.
  const Decoded all =
      read_all(folder.write("in", std::string("\x28\xb5\x2f\xfd\x00\xf8\x00\x00", 8)));
  REQUIRE(all.error);
  CHECK(all.error->kind == ErrorKind::kData);
  CHECK(all.error->message.find("window larger than 128 MB") != std::string::npos);
}

TEST_CASE("a gzip header without end is refused") {
  const TestFolder folder;
  std::string bytes("\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03", 10);  // a name follows
  bytes += std::string(200000, 'n');
  const Decoded all = read_all(folder.write("in", bytes));
  REQUIRE(all.error);
  CHECK(all.error->message.find("header is longer than 64 KiB") != std::string::npos);
}

TEST_CASE("peek gives the decoded head and says if that is all") {
  const TestFolder folder;
  const std::string text = numbered_lines(1000);
  for (const std::string& bytes : {text, compressed(Compression::kXz, text)}) {
    const std::string path = folder.write("in", bytes);
    auto peek = peek_file(path, 100);
    REQUIRE(peek);
    CHECK(peek->head == text.substr(0, 100));
    CHECK_FALSE(peek->whole);
    for (const size_t size : {text.size(), text.size() + 1}) {
      peek = peek_file(path, size);
      CHECK(peek->head == text);
      CHECK(peek->whole);
    }
  }
  const auto none = peek_file(folder.path("none"), 10);
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == ErrorKind::kIo);
}

TEST_CASE("paths: files, folders, globs, hidden files, links") {
  const TestFolder folder;
  for (const char* name : {"b.log", "a.log", ".hidden.log", "sub/c.log", "sub/deep/d.log",
                           "sub/.git/e.log", "odd[1].log", "x.txt"}) {
    folder.write(name, "x");
  }
  std::filesystem::create_symlink(folder.path("a.log"), folder.path("link.log"));
  std::filesystem::create_symlink(folder.path("sub"), folder.path("sub/loop"));
  std::filesystem::create_symlink(folder.path("gone"), folder.path("broken.log"));
  const auto expand = [&](std::vector<std::string> names) {
    for (auto& name : names) name = folder.path(name);
    const auto found = expand_paths(names);
    REQUIRE(found);
    std::vector<std::string> short_names;
    for (const auto& path : *found) short_names.push_back(path.substr(folder.path("").size()));
    return short_names;
  };
  using Names = std::vector<std::string>;
  CHECK(expand({"b.log"}) == Names{"b.log"});
  CHECK(expand({"b.log", "a.log", "b.log"}) == Names{"a.log", "b.log"});
  CHECK(expand({"*.log"}) == Names{"a.log", "b.log", "odd[1].log"});  // link.log is a.log
  CHECK(expand({"link.log"}) == Names{"link.log"});
  CHECK(expand({"[ab].lo?"}) == Names{"a.log", "b.log"});
  CHECK(expand({".*.log"}) == Names{".hidden.log"});
  CHECK(expand({"odd[1].log"}) == Names{"odd[1].log"});
  CHECK(expand({"sub"}) == Names{"sub/c.log"});
  CHECK(expand({"sub/"}) == Names{"sub/c.log"});
  CHECK(expand({"sub/**"}) == Names{"sub/c.log", "sub/deep/d.log"});
  CHECK(expand({"**/*.log"}) ==
        Names{"a.log", "b.log", "odd[1].log", "sub/c.log", "sub/deep/d.log"});
  CHECK(expand({"*/deep/*"}) == Names{"sub/deep/d.log"});
  CHECK(expand_paths({"-"}) == Names{"-"});

  const auto missing = expand_paths({folder.path("none")});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kIo);
  CHECK(missing.error().message.find("no such file") == 0);
  const auto unmatched = expand_paths({folder.path("*.csv")});
  REQUIRE_FALSE(unmatched);
  CHECK(unmatched.error().message.find("no file matches") == 0);
}

}  // namespace
}  // namespace weir
