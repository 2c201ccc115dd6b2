#include "io/socket_feed.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <thread>

#include "base/backoff.h"
#include "io/socket_sink.h"
#include "test_files.h"

namespace weir {
namespace {

// A peer of the feed.
class Peer {
 public:
  explicit Peer(const SocketAddress& address) {
    auto fd = connect_to(address, 5'000'000, -1);
    if (!fd) FAIL(fd.error().message);
    fd_ = std::move(*fd);
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
      if (n < 0 && errno != EAGAIN) return;
      if (n < 0) ::usleep(200);
    }
  }
  void close() { fd_.close(); }
  void reset() {
    const linger now = {1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.close();
  }
  // True if the other side has closed.
  bool closed() {
    for (int i = 0; i < 500; ++i) {
      char byte;
      const ssize_t n = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN)) return true;
      ::usleep(10'000);
    }
    return false;
  }

 private:
  Descriptor fd_;
};

// A feed on a port of its own, read by a thread until it ends.
class Reader {
 public:
  explicit Reader(SocketFeedOptions options, size_t block_bytes = 4096) {
    FeedOptions feed;
    feed.block_bytes = block_bytes;
    auto made = options.address.kind == SocketAddress::Kind::kUdp
                    ? make_datagram_feed(options, feed)
                    : make_socket_feed(options, make_line_cutter(), feed);
    if (!made) FAIL(made.error().message);
    feed_ = std::move(*made);
    address_ = options.address;
    if (address_.kind != SocketAddress::Kind::kUnix) address_.port = feed_->port();
    thread_ = std::thread([this] { read(); });
  }
  ~Reader() { finish(); }

  void finish() {
    if (!thread_.joinable()) return;
    feed_->stop();
    thread_.join();
  }
  void wait_end() { thread_.join(); }
  // Waits for so many bytes of all partitions.
  bool wait_bytes(size_t n) const {
    for (int i = 0; i < 1000 && bytes_ < n; ++i) ::usleep(10'000);
    return bytes_ >= n;
  }
  const SocketAddress& address() const { return address_; }
  const std::map<uint32_t, std::string>& texts() const { return texts_; }
  SocketCounts counts() const { return feed_->counts(); }
  int too_long() const { return too_long_; }
  int ended() const { return ended_; }
  uint64_t items() const { return items_; }

 private:
  void read() {
    SocketItem item;
    while (feed_->claim(item)) {
      if (item.block.sequence != items_++) std::abort();
      if (item.too_long) ++too_long_;
      if (item.block.ends_partition) ++ended_;
      std::string& text = texts_[item.block.origin.partition];
      if (!item.block.bytes.empty() && item.block.starts_partition != text.empty()) std::abort();
      if (!item.block.bytes.empty() && item.block.bytes.back() != '\n' && !may_be_open_) ++open_;
      text += item.block.bytes;
      bytes_ += item.block.bytes.size();
    }
  }

  std::unique_ptr<SocketFeed> feed_;
  SocketAddress address_;
  std::thread thread_;
  std::map<uint32_t, std::string> texts_;
  std::atomic<size_t> bytes_{0};
  std::atomic<int> too_long_{0};
  std::atomic<int> ended_{0};
  std::atomic<uint64_t> items_{0};
  bool may_be_open_ = false;
  int open_ = 0;
};

SocketFeedOptions tcp_at_any_port() {
  SocketFeedOptions options;
  options.max_record_bytes = 1000;
  return options;
}

TEST_CASE("addresses of sockets") {
  const auto text = [](const char* from, SocketAddress::Kind kind) {
    const auto address = parse_socket_address(from, kind);
    return address ? address->text() : address.error().message;
  };
  using enum SocketAddress::Kind;
  CHECK(text("tcp://10.0.0.1:514", kTcp) == "tcp://10.0.0.1:514");
  CHECK(text("tcp:514", kTcp) == "tcp://127.0.0.1:514");
  CHECK(text("514", kUdp) == "udp://127.0.0.1:514");
  CHECK(text("tcp://[::1]:5", kTcp) == "tcp://[::1]:5");
  CHECK(text("unix:/tmp/x", kUnix) == "unix:/tmp/x");
  CHECK(text("tcp://host", kTcp) == "no port in `tcp://host`");
  CHECK(text("tcp:99999", kTcp) == "no port in `tcp:99999`");
  CHECK(text("unix:", kUnix) == "the path of a socket has 1 to 107 bytes: ");
}

TEST_CASE("I10: records in packets of a byte come whole, each connection a partition") {
  Reader reader(tcp_at_any_port());
  Peer a(reader.address());
  Peer b(reader.address());
  const std::string text_a = "one\ntwo\nlast without an end";
  const std::string text_b = "another\n";
  for (size_t i = 0; i < text_a.size(); ++i) {
    a.send(text_a.substr(i, 1));
    if (i < text_b.size()) b.send(text_b.substr(i, 1));
    ::usleep(300);
  }
  a.close();
  b.close();
  CHECK(reader.wait_bytes(text_a.size() + text_b.size()));
  for (int i = 0; i < 500 && reader.ended() < 2; ++i) ::usleep(10'000);
  CHECK(reader.ended() == 2);
  reader.finish();
  std::vector<std::string> texts;
  for (const auto& [partition, text] : reader.texts()) texts.push_back(text);
  std::sort(texts.begin(), texts.end());
  CHECK(texts == std::vector<std::string>{text_b, text_a});
}

TEST_CASE("I11: many connections at once lose nothing, and a slow reader holds them back") {
  Reader reader(tcp_at_any_port(), size_t{64} << 10);
  std::vector<std::thread> senders;
  std::atomic<size_t> sent{0};
  for (int s = 0; s < 8; ++s) {
    senders.emplace_back([&, s] {
      std::string text;
      for (int i = 0; i < 20'000; ++i)
        text += "sender " + std::to_string(s) + " line " + std::to_string(i) + "\n";
      Peer peer(reader.address());
      peer.send(text);
      sent += text.size();
    });
  }
  for (auto& sender : senders) sender.join();
  CHECK(reader.wait_bytes(sent));
  reader.finish();
  for (const auto& [partition, text] : reader.texts()) {
    CHECK(std::count(text.begin(), text.end(), '\n') == 20'000);
    CHECK(text.ends_with(" line 19999\n"));
  }
  CHECK(reader.texts().size() == 8);
}

TEST_CASE("I2: a client is served while others send without a pause") {
  Reader reader(tcp_at_any_port(), size_t{64} << 10);
  std::atomic<bool> over{false};
  std::vector<std::thread> floods;
  std::string lines;
  while (lines.size() < size_t{1} << 20) lines += "a line of a flood\n";
  for (int i = 0; i < 3; ++i) {
    floods.emplace_back([&] {
      Peer peer(reader.address());
      while (!over) peer.send(lines);
    });
  }
  CHECK(reader.wait_bytes(size_t{8} << 20));
  Peer good(reader.address());
  good.send("served\n");
  good.close();
  for (int i = 0; i < 500 && reader.ended() < 1; ++i) ::usleep(10'000);
  CHECK(reader.ended() == 1);  // the floods go on
  over = true;
  for (auto& flood : floods) flood.join();
  reader.finish();
}

TEST_CASE("I5: a record without an end is dropped as it comes, and the next one is read") {
  Reader reader(tcp_at_any_port());
  Peer good(reader.address());
  Peer bad(reader.address());
  good.send("before\n");
  const std::string piece(1 << 16, 'x');
  for (int i = 0; i < 500; ++i) bad.send(piece);  // 32 MB
  bad.send("\nshort\n");
  good.send("after\n");
  CHECK(reader.wait_bytes(7 + 6 + 6));
  reader.finish();
  CHECK(reader.too_long() == 1);
  CHECK(reader.counts().too_long == 1);
  CHECK(reader.texts().at(0) + reader.texts().at(1) == "before\nafter\nshort\n");
}

TEST_CASE("I5: records just below and above the limit") {
  SocketFeedOptions options = tcp_at_any_port();
  options.max_record_bytes = 100;
  Reader reader(options, 64);
  Peer peer(reader.address());
  std::string text;
  std::string expected;
  for (size_t n : {98, 99, 100, 101, 250, 5, 99, 1000, 3}) {
    const std::string line = std::string(n, static_cast<char>('a' + n % 26)) + "\n";
    text += line;
    if (line.size() <= 100) expected += line;
  }
  peer.send(text);
  CHECK(reader.wait_bytes(expected.size()));
  ::usleep(20'000);
  reader.finish();
  CHECK(reader.texts().at(0) == expected);
  CHECK(reader.too_long() == 4);
}

TEST_CASE("I8: a connection that is reset in a record gives the whole ones, and is counted") {
  Reader reader(tcp_at_any_port());
  Peer peer(reader.address());
  peer.send("whole\npart");
  CHECK(reader.wait_bytes(6));
  peer.reset();
  for (int i = 0; i < 500 && reader.ended() < 1; ++i) ::usleep(10'000);
  reader.finish();
  CHECK(reader.texts().at(0) == "whole\n");
  CHECK(reader.counts().broken == 1);
}

TEST_CASE("I2: silent connections beyond the cap make place, and a good client is served") {
  SocketFeedOptions options = tcp_at_any_port();
  options.max_connections = 50;
  Reader reader(options);
  Peer first(reader.address());
  first.send("proved\n");
  CHECK(reader.wait_bytes(7));
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 1000; ++i) {
    silent.push_back(std::make_unique<Peer>(reader.address()));
    silent.back()->send("x");
  }
  const int64_t start = monotonic_us();
  Peer good(reader.address());
  good.send("served\n");
  CHECK(reader.wait_bytes(14));
  CHECK(monotonic_us() - start < 1'000'000);
  first.send("still here\n");
  CHECK(reader.wait_bytes(25));
  reader.finish();
  CHECK(reader.counts().refused >= 900);
}

TEST_CASE("I3: a connection that says nothing for long is closed") {
  SocketFeedOptions options = tcp_at_any_port();
  options.close_idle_us = 100'000;
  Reader reader(options);
  Peer peer(reader.address());
  CHECK(peer.closed());
  reader.finish();
  CHECK(reader.counts().idle == 1);
}

TEST_CASE("I4: without descriptors accepting pauses, and goes on later") {
  Reader reader(tcp_at_any_port());
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(std::make_unique<Peer>(reader.address()));
  peers.back()->send("a\n");
  CHECK(reader.wait_bytes(2));
  // The lowest free number is above the limit from now on.
  Descriptor probe = above_standard(::dup(0));
  rlimit few = old;
  few.rlim_cur = static_cast<rlim_t>(probe.get());
  auto late_fd = ::socket(AF_INET, SOCK_STREAM, 0);
  ::setrlimit(RLIMIT_NOFILE, &few);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(reader.address().port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(late_fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  CHECK(::send(late_fd, "late\n", 5, 0) == 5);
  ::usleep(300'000);
  const uint64_t before = reader.items();
  ::setrlimit(RLIMIT_NOFILE, &old);
  CHECK(reader.wait_bytes(7));
  ::close(late_fd);
  reader.finish();
  CHECK(before <= 2);
}

TEST_CASE("unix sockets: a file that a killed process has left is replaced, another is not") {
  const TestFolder folder;
  SocketFeedOptions options = tcp_at_any_port();
  options.address.kind = SocketAddress::Kind::kUnix;
  options.address.path = folder.path("socket");
  {
    auto left = listen_at(options.address, 1);
    REQUIRE(left);
  }
  {
    Reader reader(options);
    Peer peer(reader.address());
    peer.send("hello\n");
    CHECK(reader.wait_bytes(6));
    CHECK(!listen_at(options.address, 1));  // somebody listens
  }
  CHECK(folder.entries() == 0);
  folder.write("socket", "a file");
  CHECK(!listen_at(options.address, 1));
  CHECK(folder.read("socket") == "a file");
}

TEST_CASE("I9: a datagram is a record, whatever line ends are in it") {
  SocketFeedOptions options;
  options.address.kind = SocketAddress::Kind::kUdp;
  Reader reader(options);
  Descriptor fd(::socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(reader.address().port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const std::string text : {"one", "two\n", "a\nb", ""})
    ::sendto(fd.get(), text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  CHECK(reader.wait_bytes(4 + 4 + 4 + 1));
  reader.finish();
  CHECK(reader.texts().at(0) == "one\ntwo\na b\n\n");
  CHECK(reader.counts().datagrams == 4);
}

TEST_CASE("I12: a reader connects again when its server has gone, and ends after the timeout") {
  SocketFeedOptions listening = tcp_at_any_port();
  auto server = listen_at(listening.address, 5);
  REQUIRE(server);
  SocketFeedOptions options = tcp_at_any_port();
  options.connect = true;
  options.timeout_us = 300'000;
  options.address.port = bound_port(server->get());
  FeedOptions feed;
  auto made = make_socket_feed(options, make_line_cutter(), feed);
  REQUIRE(made);
  std::string text;
  std::optional<Error> error;
  std::thread reader([&] {
    SocketItem item;
    while ((*made)->claim(item)) {
      text += item.block.bytes;
      if (item.error) error = item.error;
    }
  });
  for (const char* line : {"one\n", "two\n"}) {
    int fd = -1;
    while ((fd = ::accept(server->get(), nullptr, nullptr)) < 0) ::usleep(1000);
    CHECK(::send(fd, line, 4, 0) == 4);
    ::close(fd);
  }
  server->close();
  reader.join();
  CHECK(text == "one\ntwo\n");
  REQUIRE(error);
  CHECK(error->message.find("cannot connect") != std::string::npos);
}

TEST_CASE("I12: a writer waits for a server that is gone, and goes on in order") {
  SocketAddress address;
  auto server = listen_at(address, 5);
  REQUIRE(server);
  address.port = bound_port(server->get());
  SocketSinkOptions options;
  options.address = address;
  auto sink = make_socket_sink(options);
  REQUIRE(sink);
  CHECK((*sink)->write("first\n"));
  CHECK((*sink)->flush());
  int fd = -1;
  while ((fd = ::accept(server->get(), nullptr, nullptr)) < 0) ::usleep(1000);
  char bytes[64];
  CHECK(::recv(fd, bytes, sizeof bytes, 0) == 6);
  ::close(fd);
  server->close();
  std::string got;  // checked when the thread has ended: assertions are for one thread
  std::thread back([&] {
    ::usleep(200'000);
    auto again = listen_at(address, 5);
    if (!again) return;
    int next = -1;
    while ((next = ::accept(again->get(), nullptr, nullptr)) < 0) ::usleep(1000);
    char part[64];
    ssize_t n = 0;
    while ((n = ::recv(next, part, sizeof part, 0)) > 0) got.append(part, static_cast<size_t>(n));
    ::close(next);
  });
  CHECK((*sink)->write("second\n"));
  CHECK((*sink)->flush());
  ::usleep(50'000);
  CHECK((*sink)->write("third\n"));
  CHECK((*sink)->commit());
  back.join();
  CHECK(got.ends_with("third\n"));
}

}  // namespace
}  // namespace weir
