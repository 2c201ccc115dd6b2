#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "../io/test_files.h"
#include "bound_source.h"

namespace weir {
namespace {

// Puts another descriptor in stdin's place.
class StdinFrom {
 public:
  explicit StdinFrom(int fd) : saved_(::dup(0)) {
    REQUIRE(::dup2(fd, 0) == 0);
    ::close(fd);
  }
  ~StdinFrom() {
    ::dup2(saved_, 0);
    ::close(saved_);
  }

 private:
  int saved_;
};

std::string file_source(const std::string& path, const std::string& more = {}) {
  return "[source]\ntype = 'file'\npath = '" + path + "'\n" + more;
}

TEST_CASE("the format is named, or found by looking at the first file with content") {
  const TestFolder folder;
  folder.write("in/a.json", "");
  folder.write("in/b.json", "{\"a\": 1}\n{\"a\": 2}\n");
  folder.write("in/c.json", compressed(Compression::kZstd, "{\"a\": 3}"));
  auto bound = bind_source(file_source(folder.path("in")));
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().to_string() == "(a BIGINT)");
  CHECK(bound.plan->bounded());
  CHECK(bound.plan->partition_name(1) == folder.path("in/b.json"));
  CHECK(bound.plan->paths().size() == 3);
  const std::string explained = bound.plan->explain();
  CHECK(explained.find("file: 3 files, " + folder.path("in/a.json") + " to ") == 0);
  CHECK(explained.find("), json") != std::string::npos);
  CHECK(read_source(*bound.plan) == "1;2;3;");

  bound = bind_source(file_source(folder.path("in/b.json"), "format = 'text'"));
  REQUIRE(bound.plan);
  CHECK(bound.plan->explain() == "file: " + folder.path("in/b.json") + " (18 B), text");
  CHECK(read_source(*bound.plan) == "{\"a\": 1};{\"a\": 2};");
}

TEST_CASE("E11: the sample holds a whole record, however long") {
  const TestFolder folder;
  std::string wide = "{";
  for (int i = 0; i < 40'000; ++i)
    wide += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  const std::string path = folder.write("in.json", wide + "\"last\":1}\n");
  const auto bound = bind_source(file_source(path, "format = 'json'"));
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().size() == 40'001);
}

TEST_CASE("E3: a record that is too long is a bad record in its place") {
  const TestFolder folder;
  const std::string path = folder.write("in", "one\n" + std::string(300, 'x') + "\ntwo\n");
  const auto bound = bind_source(file_source(path, "format = 'text'"));
  REQUIRE(bound.plan);
  FeedOptions options{50, 100, 0};
  auto source = bound.plan->open(options);
  REQUIRE(source);
  SourceItem item;
  size_t rejects = 0;
  std::string bytes;
  while ((*source)->claim(item)) {
    CHECK(!item.error);
    if (item.batch) {
      REQUIRE(item.batch->rejects.size() == 1);
      CHECK(item.batch->rejects[0].offset == 4);
      CHECK(item.batch->rejects[0].reason == "the record at byte 4 is longer than 100 B");
      CHECK(item.batch->records == 1);
      ++rejects;
    } else {
      bytes += item.block.bytes;
    }
  }
  CHECK(rejects == 1);
  CHECK(bytes == "one\ntwo\n");
}

TEST_CASE("damaged input: the good records, then the error") {
  const TestFolder folder;
  std::string zip = compressed(Compression::kGzip, "one\ntwo\nthree\n");
  zip.resize(zip.size() - 4);
  const std::string path = folder.write("in.gz", zip);
  const auto bound = bind_source(file_source(path, "format = 'text'"));
  REQUIRE(bound.plan);
  CHECK(read_source(*bound.plan) ==
        "one;two;three;<" + path +
            ": the gzip data ends too soon, at decoded byte 14: the file is cut off>");
}

TEST_CASE("problems of a file source carry their place") {
  const TestFolder folder;
  const auto only_error = [](const BoundSource& bound) {
    REQUIRE(bound.errors.size() == 1);
    return bound.errors.front();
  };
  Error error = only_error(bind_source(file_source(folder.path("none"))));
  CHECK(error.kind == ErrorKind::kIo);
  CHECK(error.message.find("no such file") == 0);
  CHECK(error.position.line == 3);
  const std::string path = folder.write("in", "x\n");
  error = only_error(bind_source(file_source(path, "format = 'jsn'")));
  CHECK(error.message == "no format `jsn`");
  CHECK(error.hint == "did you mean `json`?");
  CHECK(error.position.line == 4);
  error = only_error(bind_source(file_source(path, "format = 'table'")));
  CHECK(error.message == "the format `table` can only be written");
  error = only_error(bind_source(file_source(path, "paht = 'x'")));
  CHECK(error.hint == "did you mean `path`?");
  CHECK_FALSE(bind_source("[source]\ntype = 'file'\n").plan);
  CHECK_FALSE(bind_source("[source]\ntype = 'file'\npath = []").plan);
}

TEST_CASE("without sampling no input is touched") {
  SourceContext context;
  context.sample = false;
  auto bound = bind_source(file_source("/nowhere/*.log"), context);
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().size() == 0);
  CHECK(bound.plan->format() == nullptr);
  CHECK_FALSE(bound.plan->open({}));
  bound = bind_source(file_source("/nowhere/*.log", "format = 'text'"), context);
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().size() == 1);
  CHECK(read_source(*bound.plan) == "<no file matches `/nowhere/*.log`>");
}

TEST_CASE("stdin from a file is read from where it stands") {
  const TestFolder folder;
  const std::string path = folder.write("in", "skipped\n{\"a\": 1}\n{\"a\": 2}\n");
  const int fd = ::open(path.c_str(), O_RDONLY);
  ::lseek(fd, 8, SEEK_SET);
  const StdinFrom redirected(fd);
  const auto bound = bind_source("[source]\ntype = 'stdin'");
  REQUIRE(bound.plan);
  CHECK(bound.plan->explain() == "stdin: json");
  CHECK(bound.plan->partition_name(0) == "stdin");
  CHECK(read_source(*bound.plan) == "1;2;");
  CHECK(read_source(*bound.plan, 3) == "1;2;");
}

TEST_CASE("stdin from a pipe: what was looked at is read too") {
  for (const bool zip : {false, true}) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const StdinFrom redirected(ends[0]);
    std::string text;
    std::string expected;
    for (int i = 0; i < 30000; ++i) {
      text += "{\"a\": " + std::to_string(i) + "}\n";
      expected += std::to_string(i) + ";";
    }
    const std::string sent = zip ? compressed(Compression::kGzip, text) : text;
    ssize_t written = 0;
    std::thread writer([&] {
      written = ::write(ends[1], sent.data(), sent.size());
      ::close(ends[1]);
    });
    const auto bound = bind_source("[source]\ntype = 'stdin'");
    REQUIRE(bound.plan);
    CHECK(read_source(*bound.plan) == expected);
    writer.join();
    CHECK(written == static_cast<ssize_t>(sent.size()));
  }
}

TEST_CASE("stdin is not waited for when nothing needs a sample") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const StdinFrom redirected(ends[0]);
  const auto bound =
      bind_source("[source]\ntype = 'stdin'\nformat = 'text'");  // would wait for ever
  REQUIRE(bound.plan);
  REQUIRE(::write(ends[1], "one\n", 4) == 4);
  ::close(ends[1]);
  CHECK(read_source(*bound.plan) == "one;");
}

TEST_CASE("the sample of a slow pipe is what came first") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const StdinFrom redirected(ends[0]);
  bool written = false;
  std::thread writer([&] {
    written = ::write(ends[1], "{\"a\":", 5) == 5;  // half a line decides nothing
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    written = written && ::write(ends[1], " 1}\n", 4) == 4;
  });
  const auto bound = bind_source("[source]\ntype = 'stdin'");
  REQUIRE(bound.plan);
  CHECK(bound.plan->schema().to_string() == "(a BIGINT)");
  writer.join();
  CHECK(written);
  ::close(ends[1]);
  CHECK(read_source(*bound.plan) == "1;");
}

TEST_CASE("every source is listed once, with options") {
  for (const SourceDescriptor* source : sources()) {
    CHECK(find_source(source->name) == source);
    CHECK_FALSE(source->doc.empty());
    CHECK_FALSE(source->options().empty());
  }
  CHECK(find_source("kafkaesque") == nullptr);
}

}  // namespace
}  // namespace weir
