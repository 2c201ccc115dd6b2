#include "io/output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "test_files.h"

namespace weir {
namespace {

TEST_CASE("a file appears at commit, not before") {
  const TestFolder folder;
  auto sink = make_file_sink(folder.path("out"), {});
  REQUIRE(sink);
  REQUIRE((*sink)->write("hello\n"));
  REQUIRE((*sink)->flush());
  CHECK_FALSE(std::filesystem::exists(folder.path("out")));
  CHECK(folder.entries() == 1);
  const std::string big(200000, 'x');
  REQUIRE((*sink)->write(big));
  REQUIRE((*sink)->write("end\n"));
  REQUIRE((*sink)->commit());
  CHECK(folder.read("out") == "hello\n" + big + "end\n");
  CHECK((*sink)->bytes_written() == 200010);
  CHECK(folder.entries() == 1);
}

TEST_CASE("an aborted or forgotten file leaves nothing") {
  const TestFolder folder;
  for (const bool abort : {true, false}) {
    auto sink = make_file_sink(folder.path("out"), {});
    REQUIRE(sink);
    REQUIRE((*sink)->write("hello\n"));
    if (abort) (*sink)->abort();
    sink->reset();
    CHECK(folder.entries() == 0);
  }
}

TEST_CASE("an existing file needs overwrite or append") {
  const TestFolder folder;
  const std::string path = folder.write("out", "old\n");
  auto refused = make_file_sink(path, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("exists already") != std::string::npos);
  CHECK(refused.error().hint.find("overwrite") != std::string::npos);
  CHECK(refused.error().hint.find("append") != std::string::npos);
  CHECK(folder.read("out") == "old\n");

  auto append = make_file_sink(path, {false, true, true});
  REQUIRE(append);
  REQUIRE((*append)->write("more\n"));
  REQUIRE((*append)->commit());
  CHECK(folder.read("out") == "old\nmore\n");

  auto taken_back = make_file_sink(path, {false, true, true});
  REQUIRE((*taken_back)->write("not kept\n"));
  REQUIRE((*taken_back)->flush());
  (*taken_back)->abort();
  CHECK(folder.read("out") == "old\nmore\n");

  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  auto overwrite = make_file_sink(path, {true, false, true});
  REQUIRE((*overwrite)->write("new\n"));
  CHECK(folder.read("out") == "old\nmore\n");
  REQUIRE((*overwrite)->commit());
  CHECK(folder.read("out") == "new\n");
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);
}

TEST_CASE("a file that appears during the run is not replaced unasked") {
  const TestFolder folder;
  auto sink = make_file_sink(folder.path("out"), {});
  REQUIRE(sink);
  REQUIRE((*sink)->write("ours\n"));
  folder.write("out", "theirs\n");
  const auto committed = (*sink)->commit();
  REQUIRE_FALSE(committed);
  CHECK(committed.error().kind == ErrorKind::kIo);
  sink->reset();
  CHECK(folder.read("out") == "theirs\n");
  CHECK(folder.entries() == 1);
}

TEST_CASE("the temporary name: a stale file is taken over, a link or a live one is refused") {
  const TestFolder folder;
  const std::string temporary = ".out.weir-" + std::to_string(::getpid()) + ".tmp";
  folder.write(temporary, "from a process that died");
  auto sink = make_file_sink(folder.path("out"), {});
  REQUIRE(sink);
  auto second = make_file_sink(folder.path("out"), {});
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("written twice") != std::string::npos);
  REQUIRE((*sink)->write("ours\n"));
  REQUIRE((*sink)->commit());
  CHECK(folder.read("out") == "ours\n");

  folder.write("victim", "keep");
  std::filesystem::create_symlink(folder.path("victim"),
                                  folder.path(".b.weir-" + std::to_string(::getpid()) + ".tmp"));
  CHECK_FALSE(make_file_sink(folder.path("b"), {}));
  CHECK(folder.read("victim") == "keep");
}

TEST_CASE("L2: a symbolic link to a file, or to nothing, is not written through") {
  const TestFolder folder;
  folder.write("real", "old\n");
  std::filesystem::create_symlink("real", folder.path("link"));
  std::filesystem::create_symlink("none", folder.path("broken"));
  for (const std::string name : {"link", "broken"}) {
    for (const FileSinkOptions options :
         {FileSinkOptions{false, false, false}, {true, false, false}, {false, true, false}}) {
      const auto sink = make_file_sink(folder.path(name), options);
      REQUIRE_FALSE(sink);
      CHECK(sink.error().kind == ErrorKind::kConfig);
      CHECK(sink.error().message.find("is a symbolic link") != std::string::npos);
    }
    CHECK_FALSE(make_resumed_file_sink(folder.path(name), 0));
    CHECK_FALSE(cut_back(folder.path(name), 0));
  }
  CHECK(folder.read("real") == "old\n");
  CHECK_FALSE(std::filesystem::exists(folder.path("none")));
  std::filesystem::create_symlink("/dev/null", folder.path("hole"));
  CHECK(make_file_sink(folder.path("hole"), {}));
}

TEST_CASE("folders, missing folders and special files") {
  const TestFolder folder;
  CHECK_FALSE(make_file_sink(folder.path(""), {}));
  CHECK_FALSE(make_file_sink(folder.path("none/out"), {}));
  auto null = make_file_sink("/dev/null", {});
  REQUIRE(null);
  CHECK((*null)->write("x"));
  CHECK((*null)->commit());

  auto full = make_file_sink("/dev/full", {});
  REQUIRE(full);
  CHECK((*full)->write("x"));
  const auto committed = (*full)->commit();
  REQUIRE_FALSE(committed);
  CHECK(committed.error().kind == ErrorKind::kDiskFull);
  CHECK(committed.error().message.find("/dev/full") != std::string::npos);

  auto zip = make_file_sink("/dev/full", {});
  auto zipped = make_compressing_sink(std::move(*zip), {Compression::kZstd, 3, 0});
  REQUIRE(zipped);
  CHECK((*zipped)->write(std::string(1000, 'x')));
  CHECK_FALSE((*zipped)->commit());
}

TEST_CASE("descriptors: closed ones, closed pipes, non-blocking ones") {
  auto closed = make_descriptor_sink(987, "stdout");
  CHECK(closed->write("x"));
  const auto flushed = closed->flush();
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().message.find("stdout") != std::string::npos);
  CHECK_FALSE(closed->closed_pipe());

  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  auto pipe = make_descriptor_sink(ends[1], "stdout");
  CHECK(pipe->write("x"));
  CHECK_FALSE(pipe->flush());
  CHECK(pipe->closed_pipe());
  ::close(ends[1]);

  REQUIRE(::pipe2(ends, O_NONBLOCK) == 0);
  auto busy = make_descriptor_sink(ends[1], "stdout");
  const std::string big(1 << 20, 'y');
  std::string got;
  std::thread reader([&] {
    char buffer[10000];
    while (got.size() < big.size()) {
      const ssize_t n = ::read(ends[0], buffer, sizeof buffer);
      if (n > 0) got.append(buffer, static_cast<size_t>(n));
    }
  });
  CHECK(busy->write(big));
  CHECK(busy->commit());
  reader.join();
  CHECK(got == big);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("compression: levels, threads, flushes, appended members") {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i * 31) + ",\n";
  const auto read_back = [&](const std::string& bytes) {
    auto stream = open_stream(folder.write("back", bytes));
    REQUIRE(stream);
    std::string out(2 * text.size() + 10, '\0');
    size_t size = 0;
    for (;;) {
      const auto n = (*stream)->read(out.data() + size, out.size() - size);
      REQUIRE(n);
      if (*n == 0) break;
      size += *n;
    }
    out.resize(size);
    return out;
  };
  for (const Compression kind : kCompressions) {
    INFO(compression_name(kind));
    const std::string fast = compressed(kind, text, 1);
    const std::string best = compressed(kind, text, 9);
    CHECK(read_back(fast) == text);
    CHECK(read_back(best) == text);
    CHECK(best != fast);
    CHECK_FALSE(make_compressing_sink(make_descriptor_sink(1, "x"), {kind, 99, 0}));

    const std::string path = folder.path(std::string(compression_name(kind)));
    for (int run = 0; run < 2; ++run) {
      auto file = make_file_sink(path, {false, true, false});
      REQUIRE(file);
      auto sink = make_compressing_sink(std::move(*file), {kind, -1, 0});
      REQUIRE(sink);
      for (size_t at = 0; at < text.size(); at += 100000) {
        REQUIRE((*sink)->write(std::string_view(text).substr(at, 100000)));
        REQUIRE((*sink)->flush());
        REQUIRE((*sink)->flush());
      }
      REQUIRE((*sink)->commit());
    }
    CHECK(read_back(folder.read(std::string(compression_name(kind)))) == text + text);
  }
  CHECK(read_back(compressed(Compression::kZstd, text, 3, 2)) == text);
  CHECK(read_back(compressed(Compression::kZstd, text, 19)) == text);
}

TEST_CASE("names of compressions") {
  CHECK(compression_of_path("a.json.gz") == Compression::kGzip);
  CHECK(compression_of_path("a.zst") == Compression::kZstd);
  CHECK(compression_of_path("a.bz2") == Compression::kBzip2);
  CHECK(compression_of_path("a.xz") == Compression::kXz);
  CHECK(compression_of_path("a.json") == Compression::kNone);
  CHECK(parse_compression("xz") == Compression::kXz);
  CHECK(parse_compression("none") == Compression::kNone);
  CHECK_FALSE(parse_compression("lz4"));
}

}  // namespace
}  // namespace weir
