#include "io/feed.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "test_files.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Collected {
  std::vector<FeedItem> items;
  std::vector<std::string> bytes;  // of each item
};

// Claims with so many threads; checks that the sequence has no gaps.
Collected collect(Feed& feed, int threads) {
  std::mutex mutex;
  std::map<uint64_t, FeedItem> found;
  std::map<uint64_t, std::string> copies;
  const auto work = [&] {
    FeedItem item;
    while (feed.claim(item)) {
      unsigned sum = 0;  // the padding must be readable
      if (!item.error) {
        for (size_t i = 0; i < kPadding; ++i) {
          sum += static_cast<unsigned char>(item.block.bytes.data()[item.block.bytes.size() + i]);
        }
      }
      const std::lock_guard lock(mutex);
      copies[item.block.sequence] = item.error ? "" : std::string(item.block.bytes);
      if (sum == 12345678) return;
      item.block.buffer.reset();  // lets others reuse the memory: the copy must not change
      found[item.block.sequence] = item;
    }
  };
  std::vector<std::thread> pool;
  for (int i = 1; i < threads; ++i) pool.emplace_back(work);
  work();
  for (auto& thread : pool) thread.join();
  Collected all;
  for (auto& [sequence, item] : found) {
    REQUIRE(sequence == all.items.size());
    all.items.push_back(item);
    all.bytes.push_back(copies[sequence]);
  }
  return all;
}

std::string joined(const Collected& all) {
  std::string bytes;
  for (const auto& part : all.bytes) bytes += part;
  return bytes;
}

// The record ends of a whole input.
std::vector<size_t> ends_of(const RecordCutter& cutter, std::string_view text) {
  std::vector<size_t> ends;
  for (size_t at = 0; at < text.size();) {
    at = cutter.first_end(text, at, 0, true);
    ends.push_back(at);
  }
  return ends;
}

// Blocks hold the whole input, end where records end, and know where they are.
void check_blocks(const Collected& all, const RecordCutter& cutter, const std::string& text) {
  const std::vector<size_t> ends = ends_of(cutter, text);
  size_t at = 0;
  for (size_t i = 0; i < all.items.size(); ++i) {
    const Block& block = all.items[i].block;
    REQUIRE_FALSE(all.items[i].error);
    REQUIRE(block.starts_partition == (i == 0));
    REQUIRE(block.ends_partition == (i + 1 == all.items.size()));
    REQUIRE(block.origin.end - block.origin.begin == all.bytes[i].size());
    if (all.bytes[i].empty()) continue;
    REQUIRE(block.origin.begin == at);
    REQUIRE(all.bytes[i] == text.substr(at, all.bytes[i].size()));
    at += all.bytes[i].size();
    REQUIRE(std::binary_search(ends.begin(), ends.end(), at));
  }
  REQUIRE(at == text.size());
}

struct Kind {
  std::string name;
  std::shared_ptr<const RecordCutter> cutter;
  std::vector<std::string> texts;
};

std::string random_csv(unsigned seed, size_t records) {
  std::mt19937 random(seed);
  std::string text;
  for (size_t i = 0; i < records; ++i) {
    for (size_t n = random() % 12; n > 0; --n) text += static_cast<char>('a' + random() % 26);
    if (random() % 2 == 0) {
      text += ",\"";
      for (size_t n = random() % 30; n > 0; --n) {
        const auto pick = random() % 6;
        text += pick == 0 ? "\n" : pick == 1 ? "\"\"" : pick == 2 ? "\r\n" : "q";
      }
      text += '"';
    }
    text += random() % 3 == 0 ? "\r\n" : "\n";
  }
  return text;
}

std::vector<Kind> kinds() {
  std::vector<Kind> all;
  all.push_back({"line",
                 make_line_cutter(),
                 {"", "\n", "a", "a\n", "\n\n\n", "one\ntwo\r\nthree", random_csv(5, 60),
                  std::string(300, 'x') + "\nb\n" + std::string(90, 'y')}});
  all.push_back({"quoted",
                 make_quoted_cutter('"'),
                 {"", "a,b\n1,\"x\ny\"\n", "\"\n\n\n\"", "\"never closed\na\nb\n",
                  random_csv(7, 60), random_csv(8, 40) + "end"}});
  auto start = make_record_start_cutter("^[0-9]");
  std::string traces = "head\nless\n";
  std::mt19937 random(3);
  for (int i = 0; i < 40; ++i) {
    traces += std::to_string(i) + " event\n";
    for (size_t n = random() % 4; n > 0; --n) traces += "  at place\n";
  }
  all.push_back({"record_start",
                 std::move(*start),
                 {"", "1\n", "x", "1 a\n b\n2", traces, traces + "no newline"}});
  return all;
}

TEST_CASE("blocks of files hold whole records at every block size and thread count") {
  const TestFolder folder;
  for (const Kind& kind : kinds()) {
    for (size_t t = 0; t < kind.texts.size(); ++t) {
      const std::string& text = kind.texts[t];
      INFO(kind.name << " " << t);
      const std::string path = folder.write("in", text);
      for (size_t block = 1; block <= 200; block += block < 40 ? 1 : 13) {
        for (const int threads : {1, 2, 4}) {
          INFO("block " << block << " threads " << threads);
          auto feed = make_file_feed({path}, kind.cutter, {block, size_t{1} << 20, 0});
          REQUIRE(feed);
          check_blocks(collect(**feed, threads), *kind.cutter, text);
          CHECK((*feed)->bytes_done() == text.size());
          CHECK((*feed)->bytes_total() == text.size());
        }
      }
    }
  }
}

TEST_CASE("blocks of streams hold whole records at every block size and thread count") {
  for (const Kind& kind : kinds()) {
    for (size_t t = 0; t < kind.texts.size(); ++t) {
      const std::string& text = kind.texts[t];
      INFO(kind.name << " " << t);
      for (size_t block = 1; block <= 200; block += block < 40 ? 1 : 13) {
        for (const int threads : {1, 3}) {
          INFO("block " << block << " threads " << threads);
          auto feed = make_memory_feed(text, kind.cutter, {block, size_t{1} << 20, 0});
          check_blocks(collect(*feed, threads), *kind.cutter, text);
        }
      }
    }
  }
}

// Items as text: the blocks' bytes, and an error as <offset>; blocks between errors joined.
std::string with_errors(const Collected& all) {
  std::string text;
  for (size_t i = 0; i < all.items.size(); ++i) {
    text += all.bytes[i];
    if (all.items[i].error) {
      CHECK(all.items[i].error->kind == ErrorKind::kData);
      const std::string& message = all.items[i].error->message;
      const size_t at = message.find("byte ") + 5;
      text += "<" + message.substr(at, message.find(' ', at) - at) + ">";
    }
  }
  return text;
}

TEST_CASE("a record that is too long is an error in its place, whatever the block size") {
  const TestFolder folder;
  const auto big = [](size_t n) { return std::string(n, 'x'); };
  for (const Kind& kind : kinds()) {
    const bool quoted = kind.name == "quoted";
    const bool start = kind.name == "record_start";
    const auto record = [&](size_t length) {  // with its newline
      if (quoted) return "\"\n" + big(length - 4) + "\"\n";
      if (start) return "1\n" + big(length - 3) + "\n";
      return big(length - 1) + "\n";
    };
    const std::string a = start ? "1 a\n" : "a\n";
    const std::string b = start ? "2 b\n" : "b\n";
    std::string text = a + b + record(101) + a + record(100) + b + record(250) + record(5000) + a;
    size_t at1 = a.size() + b.size();
    size_t at2 = at1 + 101 + a.size() + 100 + b.size();
    std::string expected = a + b + "<" + std::to_string(at1) + ">" + a + record(100) + b + "<" +
                           std::to_string(at2) + "><" + std::to_string(at2 + 250) + ">" + a;
    for (const bool first : {false, true}) {
      if (first) {  // and at the very beginning and end
        text = record(300) + text + record(20000);
        expected = "<0>" + a + b + "<" + std::to_string(at1 + 300) + ">" + a + record(100) + b +
                   "<" + std::to_string(at2 + 300) + "><" + std::to_string(at2 + 550) + ">" + a +
                   "<" + std::to_string(at2 + 550 + 5000 + a.size()) + ">";
      }
      const std::string path = folder.write("in", text);
      for (const size_t block : {1, 2, 3, 7, 20, 49, 50, 1000}) {
        for (const int threads : {1, 4}) {
          INFO(kind.name << " block " << block << " threads " << threads);
          auto feed = make_file_feed({path}, kind.cutter, {block, 100, 0});
          REQUIRE(feed);
          CHECK(with_errors(collect(**feed, threads)) == expected);
          auto stream = make_memory_feed(text, kind.cutter, {block, 100, 0});
          CHECK(with_errors(collect(*stream, threads)) == expected);
        }
      }
    }
  }
}

TEST_CASE("several files of mixed kinds are one sequence of partitions") {
  const TestFolder folder;
  const std::vector<std::string> texts = {"a1\na2\n", "", "b1\nb2", "c1\nc2\nc3\n", "d1", "e1\n"};
  std::vector<std::string> paths;
  for (size_t i = 0; i < texts.size(); ++i) {
    const bool zip = i == 2 || i == 3;
    paths.push_back(folder.write("f" + std::to_string(i),
                                 zip ? compressed(Compression::kGzip, texts[i]) : texts[i]));
  }
  for (const size_t block : {1, 3, 100}) {
    for (const int threads : {1, 4}) {
      auto feed = make_file_feed(paths, make_line_cutter(), {block, 1000, 7});
      REQUIRE(feed);
      const Collected all = collect(**feed, threads);
      std::vector<std::string> parts(texts.size());
      std::vector<int> starts(texts.size());
      std::vector<int> ends(texts.size());
      uint32_t last = 0;
      for (size_t i = 0; i < all.items.size(); ++i) {
        const Block& block_i = all.items[i].block;
        CHECK(block_i.origin.source == 7);
        REQUIRE(block_i.origin.partition >= last);
        last = block_i.origin.partition;
        parts[last] += all.bytes[i];
        starts[last] += block_i.starts_partition;
        ends[last] += block_i.ends_partition;
      }
      CHECK(parts == texts);
      CHECK(starts == std::vector<int>(texts.size(), 1));
      CHECK(ends == std::vector<int>(texts.size(), 1));
    }
  }
}

TEST_CASE("memory of released blocks is used again") {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i) + "\n";
  auto feed = make_file_feed({folder.write("in", text)}, make_line_cutter(), {4096, 1 << 20, 0});
  REQUIRE(feed);
  std::map<const Buffer*, int> seen;
  FeedItem item;
  while ((*feed)->claim(item)) {
    ++seen[item.block.buffer.get()];
    item = {};
  }
  CHECK(seen.size() == 1);
}

TEST_CASE("a file that shrinks while it is read is an io error") {
  const TestFolder folder;
  const std::string path = folder.write("in", std::string(1000, 'a') + "\n");
  auto feed = make_file_feed({path}, make_line_cutter(), {100, 10000, 0});
  REQUIRE(feed);
  REQUIRE(::truncate(path.c_str(), 500) == 0);
  const Collected all = collect(**feed, 1);
  const auto failed = std::find_if(all.items.begin(), all.items.end(),
                                   [](const FeedItem& item) { return item.error.has_value(); });
  REQUIRE(failed != all.items.end());
  CHECK(failed->error->kind == ErrorKind::kIo);
  CHECK(failed->error->message.find("became shorter") != std::string::npos);
}

TEST_CASE("a file that grows while it is read counts as it was") {
  const TestFolder folder;
  const std::string path = folder.write("in", "a\nb");
  auto feed = make_file_feed({path}, make_line_cutter(), {100, 10000, 0});
  REQUIRE(feed);
  std::ofstream(path, std::ios::app) << "c\nd\n";
  CHECK(joined(collect(**feed, 1)) == "a\nb");
}

TEST_CASE("missing files, folders and files without content") {
  const TestFolder folder;
  CHECK_FALSE(make_file_feed({folder.path("none")}, make_line_cutter(), {}));
  auto feed = make_file_feed({}, make_line_cutter(), {});
  REQUIRE(feed);
  CHECK(collect(**feed, 2).items.empty());
  // A file of /proc says that it is empty.
  auto proc = make_file_feed({"/proc/self/status"}, make_line_cutter(), {});
  REQUIRE(proc);
  CHECK(joined(collect(**proc, 1)).find("Name:") == 0);
}

class Fifo {
 public:
  explicit Fifo(const TestFolder& folder) : path_(folder.path("fifo")) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// For threads too, where Catch's macros must not be used: what is missing shows in the result.
void write_to(int fd, std::string_view text) {
  if (::write(fd, text.data(), text.size()) < 0) std::perror("write");
}

TEST_CASE("each line of a slow pipe comes through at once") {
  const TestFolder folder;
  const Fifo fifo(folder);
  auto feed = make_file_feed({fifo.path()}, make_line_cutter(), {});
  REQUIRE(feed);
  std::thread writer([&] {
    const int fd = ::open(fifo.path().c_str(), O_WRONLY);
    for (const std::string text : {"one\n", "two\nth", "ree\n", "rest"}) {
      write_to(fd, text);
      std::this_thread::sleep_for(milliseconds(30));
    }
    ::close(fd);
  });
  std::vector<std::string> blocks;
  FeedItem item;
  while ((*feed)->claim(item)) blocks.emplace_back(item.block.bytes);
  writer.join();
  CHECK(blocks == std::vector<std::string>{"one\n", "two\n", "three\n", "rest"});
  CHECK((*feed)->bytes_total() == 0);
}

TEST_CASE("gzip through a pipe is decoded as far as it was flushed") {
  const TestFolder folder;
  const Fifo fifo(folder);
  auto feed = make_file_feed({fifo.path()}, make_line_cutter(), {});
  REQUIRE(feed);
  bool good = true;
  std::thread writer([&] {
    const int fd = ::open(fifo.path().c_str(), O_WRONLY);
    auto sink =
        make_compressing_sink(make_descriptor_sink(fd, "pipe"), {Compression::kGzip, -1, 0});
    for (const std::string text : {"one\n", "two\n"}) {
      good = good && (*sink)->write(text) && (*sink)->flush();
      std::this_thread::sleep_for(milliseconds(30));
    }
    good = good && (*sink)->commit();
    ::close(fd);
  });
  std::vector<std::string> blocks;
  FeedItem item;
  while ((*feed)->claim(item)) blocks.emplace_back(item.block.bytes);
  writer.join();
  CHECK(good);
  CHECK(blocks == std::vector<std::string>{"one\n", "two\n", ""});
}

TEST_CASE("stop wakes workers that wait for input, also for a writer that never came") {
  for (const bool with_writer : {false, true}) {
    const TestFolder folder;
    const Fifo fifo(folder);
    auto feed = make_file_feed({fifo.path()}, make_line_cutter(), {});
    REQUIRE(feed);
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; ++i) {
      workers.emplace_back([&] {
        FeedItem item;
        while ((*feed)->claim(item)) {
        }
      });
    }
    const int fd = with_writer ? ::open(fifo.path().c_str(), O_WRONLY) : -1;
    if (with_writer) write_to(fd, "one\nhalf a li");
    std::this_thread::sleep_for(milliseconds(30));
    const auto begin = steady_clock::now();
    (*feed)->stop();
    for (auto& worker : workers) worker.join();
    CHECK(steady_clock::now() - begin < milliseconds(2000));
    FeedItem item;
    CHECK_FALSE((*feed)->claim(item));
    if (fd >= 0) ::close(fd);
  }
}

void ignore_signal(int) {}

TEST_CASE("stop wakes a worker that a signal has interrupted before") {
  struct sigaction action{};
  action.sa_handler = ignore_signal;  // without SA_RESTART
  struct sigaction before{};
  REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
  const TestFolder folder;
  const Fifo fifo(folder);
  auto feed = make_file_feed({fifo.path()}, make_line_cutter(), {});
  REQUIRE(feed);
  std::thread worker([&] {
    FeedItem item;
    while ((*feed)->claim(item)) {
    }
  });
  const int fd = ::open(fifo.path().c_str(), O_WRONLY);
  std::this_thread::sleep_for(milliseconds(30));
  ::pthread_kill(worker.native_handle(), SIGUSR1);
  std::this_thread::sleep_for(milliseconds(30));
  const auto begin = steady_clock::now();
  (*feed)->stop();
  std::atomic<bool> woken{false};
  std::thread closer([&] {  // so that a failing test ends
    for (int i = 0; i < 250 && !woken; ++i) std::this_thread::sleep_for(milliseconds(10));
    ::close(fd);
  });
  worker.join();
  woken = true;
  CHECK(steady_clock::now() - begin < milliseconds(2000));
  closer.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("bytes that a peek took from a pipe are read by the run") {
  const TestFolder folder;
  for (const bool zip : {false, true}) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i) + "\n";
    const std::string sent = zip ? compressed(Compression::kZstd, text) : text;
    const std::string path = folder.path(zip ? "zip" : "plain");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    std::thread writer([&] {
      const int fd = ::open(path.c_str(), O_WRONLY);
      for (size_t at = 0; at < sent.size(); at += 3000) {
        write_to(fd, std::string_view(sent).substr(at, 3000));
      }
      ::close(fd);
    });
    for (int i = 0; i < 2; ++i) {
      const auto peek = peek_file(path, 10000);
      REQUIRE(peek);
      CHECK(peek->head == text.substr(0, 10000));
      CHECK_FALSE(peek->whole);
    }
    auto feed = make_file_feed({path}, make_line_cutter(), {1000, 100000, 0});
    REQUIRE(feed);
    CHECK(joined(collect(**feed, 2)) == text);
    writer.join();
  }
}

// Reads on from `offset`; gives the bytes and where the next run begins.
std::string read_on(const std::string& path, std::shared_ptr<const RecordCutter> cutter,
                    size_t block, int threads, uint64_t& offset) {
  auto feed = resume_file_feed({{path, offset, UINT32_MAX}}, std::move(cutter),
                               {block, size_t{1} << 20, 0, true});
  REQUIRE(feed);
  const Collected got = collect(**feed, threads);
  std::string bytes;
  for (size_t i = 0; i < got.items.size(); ++i) {
    REQUIRE(!got.items[i].error);
    const Block& b = got.items[i].block;
    CHECK(b.starts_partition == (i == 0 && offset == 0));
    if (!got.bytes[i].empty()) CHECK(b.origin.begin == offset + bytes.size());
    bytes += got.bytes[i];
    if (!got.bytes[i].empty()) CHECK(b.origin.end == offset + bytes.size());
  }
  offset += bytes.size();
  return bytes;
}

TEST_CASE("a growing file read in several runs gives every record once, and unfinished ones wait") {
  const TestFolder folder;
  std::mt19937 random(11);
  for (const Kind& kind : kinds()) {
    const std::string& text = kind.texts.back();
    for (int round = 0; round < 60; ++round) {
      const size_t block = 1 + random() % 90;
      const int threads = 1 + static_cast<int>(random() % 3);
      INFO(kind.name << " block " << block << " threads " << threads << " round " << round);
      std::string seen;
      uint64_t offset = 0;
      for (size_t size = random() % 40;; size += random() % 120) {
        const std::string_view now = std::string_view(text).substr(0, size);
        const std::string path = folder.write("in", now);
        seen += read_on(path, kind.cutter, block, threads, offset);
        const size_t whole = kind.cutter->last_end(now, 0);
        REQUIRE(seen == now.substr(0, whole == RecordCutter::npos ? 0 : whole));
        if (size >= text.size()) break;
      }
    }
  }
}

TEST_CASE(
    "D9: of compressed data that are still being written whole records are read, then the rest") {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i * 7919 % 3001) + "\n";
  for (const Compression kind : kCompressions) {
    const std::string whole = compressed(kind, text);
    for (const size_t length : {size_t{0}, size_t{3}, whole.size() / 2, whole.size() - 1}) {
      INFO(compression_name(kind) << " " << length << " of " << whole.size());
      uint64_t offset = 0;
      const std::string path = folder.write("in", whole.substr(0, length));
      std::string seen = read_on(path, make_line_cutter(), 1000, 2, offset);
      CHECK(text.starts_with(seen));
      CHECK((seen.empty() || seen.back() == '\n'));
      folder.write("in", whole);
      seen += read_on(path, make_line_cutter(), 1000, 2, offset);
      CHECK(seen == text);
    }
    // Between two members, in the middle of the second one's mark.
    uint64_t offset = 0;
    const std::string path = folder.write("in", whole + whole.substr(0, 1));
    CHECK(read_on(path, make_line_cutter(), 1000, 2, offset) == text);
    folder.write("in", whole + whole);
    CHECK(read_on(path, make_line_cutter(), 1000, 2, offset) == text);
    // Damage is an error all the same.
    std::string damaged = whole;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x10);
    folder.write("in", damaged);
    FeedOptions options{1000, 1 << 20, 0};
    options.hold_partial = true;
    auto feed = resume_file_feed({{path, 0, UINT32_MAX}}, make_line_cutter(), options);
    REQUIRE(feed);
    CHECK(with_errors(collect(**feed, 1)).find('<') != std::string::npos);
  }
}

TEST_CASE("the last line of a pipe needs no end, also where files may grow") {
  const TestFolder folder;
  const std::string path = folder.path("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  FeedOptions options{1000, 1 << 20, 0};
  options.hold_partial = true;
  auto feed = resume_file_feed({{path, 0, UINT32_MAX}}, make_line_cutter(), options);
  REQUIRE(feed);
  std::thread writer([&] { std::ofstream(path) << "one\ntwo"; });
  const std::string all = with_errors(collect(**feed, 1));
  writer.join();
  CHECK(all == "one\ntwo");
}

TEST_CASE("compressed files are read on behind the decoded bytes of an earlier run") {
  const TestFolder folder;
  const std::string text = "one\ntwo\nthree\nfour\nunfinished";
  for (const Compression kind : kCompressions) {
    uint64_t offset = 8;
    const std::string path = folder.write("in", compressed(kind, text));
    CHECK(read_on(path, make_line_cutter(), 6, 2, offset) == "three\nfour\n");
    CHECK(offset == 19);
    CHECK(read_on(path, make_line_cutter(), 6, 2, offset).empty());
  }
}

}  // namespace
}  // namespace weir
