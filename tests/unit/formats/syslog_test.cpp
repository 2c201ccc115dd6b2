#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "block_decoding.h"
#include "formats/format_list.h"
#include "formats/syslog_frames.h"
#include "io/feed.h"
#include "io/socket_feed.h"

using namespace weir;
using namespace weir::test;

namespace {

// The messages of the bytes, a line each, and what is left.
std::string frames(SyslogFraming framing, std::string_view bytes, bool complete = true) {
  std::string text;
  std::string_view message;
  for (size_t at = 0; at < bytes.size();) {
    const auto status = next_syslog_frame(framing, bytes, at, complete, message);
    if (status != FrameStatus::kDone)
      return text + (status == FrameStatus::kShort ? "short" : "damaged");
    text += std::string(message) + "|";
  }
  return text;
}

std::string messages_of(const Format& format, std::string_view bytes) {
  DecodeRequest request;
  request.needed.assign(format.schema().size(), false);
  request.needed.back() = true;
  const Decoded decoded = decode(format, bytes, request);
  std::string text;
  for (size_t i = 0; i < decoded.batch.rows; ++i)
    text += text_at(*decoded.batch.columns.back(), i) + "|";
  return text + show_rejects(decoded.batch);
}

}  // namespace

TEST_CASE("syslog: messages by their lengths, and lines among them") {
  constexpr auto kDetected = SyslogFraming::kDetected;
  constexpr auto kCounted = SyslogFraming::kCounted;
  CHECK(frames(kDetected, "5 <1>ab4 <2>\n<3>line\n5 <4>cd") == "<1>ab|<2>\n|<3>line|<4>cd|");
  CHECK(frames(kDetected, "<1>one\n<2>no end") == "<1>one|<2>no end|");
  CHECK(frames(kDetected, "<1>one\n<2>no end", false) == "<1>one|short");
  CHECK(frames(kDetected, "12", false) == "short");
  CHECK(frames(kDetected, "12 <1>", true) == "short");
  // No length: it is a line, which will be a bad record.
  CHECK(frames(kDetected, "12x\n01 <1>\n1234567890 <1>\n") == "12x|01 <1>|1234567890 <1>|");
  CHECK(frames(kCounted, "5 <1>ab\n\r\n5 <1>cd") == "<1>ab|<1>cd|");
  CHECK(frames(kCounted, "5 <1>ab<1>line\n") == "<1>ab|damaged");
  CHECK(frames(kCounted, "0 x") == "damaged");
  CHECK(frames(kCounted, "1234567890") == "damaged");
  CHECK(frames(kCounted, "999999999 <1>") == "short");
}

TEST_CASE("syslog: octet counting in files, cut anywhere") {
  const auto format = make_format(kSyslogFormat, {{"framing", text_node("octet-counting")}});
  const std::string bytes = "12 <34>one\ntwo!9 <34>three\n11 <34>a b c d";
  CHECK(messages_of(*format, bytes) == "one\ntwo!|three|a b c d|");
  for (const size_t block : {1, 5, 11, 100}) {
    FeedOptions options;
    options.block_bytes = block;
    const auto feed = make_memory_feed(bytes + "junk", format->cutter(), options);
    std::string found;
    FeedItem item;
    while (feed->claim(item)) {
      found += item.error ? item.error->message : messages_of(*format, item.block.bytes);
      item = FeedItem{};
    }
    CHECK(found ==
          "one\ntwo!|three|a b c d|memory: byte 41: no message's length is here, as framing = "
          "\"octet-counting\" has it");
  }
}

TEST_CASE("syslog: a connection's messages are told apart, a file's are lines") {
  Errors errors;
  FormatSpec spec;
  FormatContext context;
  const std::string bytes = "9 <34>three<34>four\n";
  CHECK(messages_of(*kSyslogFormat.make(spec, context, errors), bytes) ==
        "@1000 0 : no priority <0> to <191> at the start [9 <34>three<34>four]\n");
  context.connections = true;
  CHECK(messages_of(*kSyslogFormat.make(spec, context, errors), bytes) == "three|four|");
}

namespace {

size_t peak_kb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  size_t value = 0;
  while (status >> word)
    if (word == "VmHWM:") status >> value;
  return value;
}

}  // namespace

TEST_CASE(
    "I6: lengths that peers only claim take no memory, and what is no length closes its "
    "connection") {
  SocketFeedOptions options;
  options.max_record_bytes = 100'000;
  FeedOptions feed_options;
  feed_options.block_bytes = 4096;
  auto made = make_socket_feed(options, make_syslog_cutter(SyslogFraming::kCounted), feed_options);
  REQUIRE(made.has_value());
  SocketFeed& feed = **made;
  options.address.port = feed.port();
  std::atomic<int> messages{0};
  std::atomic<int> too_long{0};
  std::atomic<int> damaged{0};
  std::thread reader([&] {
    SocketItem item;
    while (feed.claim(item)) {
      too_long += item.too_long;
      damaged += !item.damage.empty();
      messages +=
          static_cast<int>(std::count(item.block.bytes.begin(), item.block.bytes.end(), '<'));
    }
  });
  const size_t before_kb = peak_kb();
  std::vector<Descriptor> peers;
  const auto connect_and_send = [&](std::string_view bytes) {
    auto fd = connect_to(options.address, 5'000'000, -1);
    REQUIRE(fd.has_value());
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
      if (n < 0 && errno != EAGAIN) break;  // it has been closed
    }
    peers.push_back(std::move(*fd));
  };
  const auto reached = [](const std::atomic<int>& count, int wanted) {
    for (int i = 0; i < 500 && count < wanted; ++i) ::usleep(10'000);
    return count.load();
  };
  for (int i = 0; i < 300; ++i) connect_and_send("999999999 <34>1 claims a gigabyte");
  connect_and_send("6 <34>ok3 <1>");
  CHECK(reached(messages, 2) == 2);
  CHECK(peak_kb() - before_kb < 20'000);
  for (const char* text : {"no count", "99999999999999999999 <1>", "-5 <1>", "0x10 <1>", "00 "})
    connect_and_send(text);
  CHECK(reached(damaged, 5) == 5);
  connect_and_send("999999999 " + std::string(300'000, 'x'));
  CHECK(reached(too_long, 1) == 1);
  feed.stop();
  reader.join();
  CHECK(feed.counts().damaged == 5);
  CHECK(feed.counts().too_long == 1);
}
