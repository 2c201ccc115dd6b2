#include "io/http_sink.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "io/socket_address.h"

namespace weir {
namespace {

// Answers one request after another, each on a connection of its own, with these statuses.
class Answers {
 public:
  explicit Answers(std::vector<int> statuses) : statuses_(std::move(statuses)) {
    auto fd = listen_at(SocketAddress{}, 5);
    REQUIRE(fd);
    listener_ = std::move(*fd);
    port_ = bound_port(listener_.get());
    thread_ = std::thread([this] { serve(); });
  }
  ~Answers() { thread_.join(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/in?x=1"; }
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  void serve() {
    for (const int status : statuses_) {
      int fd = -1;
      while ((fd = ::accept(listener_.get(), nullptr, nullptr)) < 0) ::usleep(1000);
      std::string request;
      char bytes[4096];
      size_t expected = std::string::npos;
      while (request.size() < expected) {
        const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0) break;
        request.append(bytes, static_cast<size_t>(n));
        const size_t end = request.find("\r\n\r\n");
        const size_t length = request.find("Content-Length: ");
        if (end != std::string::npos && length != std::string::npos)
          expected = end + 4 + std::strtoul(request.c_str() + length + 16, nullptr, 10);
      }
      requests_.push_back(request);
      const std::string answer = "HTTP/1.1 " + std::to_string(status) +
                                 " X\r\nContent-Length: 4\r\nConnection: close\r\n\r\nno!\n";
      ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(fd);
    }
  }

  std::vector<int> statuses_;
  Descriptor listener_;
  uint16_t port_ = 0;
  std::vector<std::string> requests_;
  std::thread thread_;
};

HttpSinkOptions to(const Answers& server) {
  HttpSinkOptions options;
  options.url = server.url();
  options.content_type = "application/x-ndjson";
  options.headers = {{"X-Key", "k"}};
  options.batch_bytes = 10;
  options.timeout_us = 5'000'000;
  return options;
}

TEST_CASE("http: whole writes are sent together, and again when the server is busy") {
  Answers server({503, 200, 200});
  auto sink = make_http_sink(to(server));
  REQUIRE(sink);
  for (const char* row : {"one\n", "two\n", "three\n"}) CHECK((*sink)->write(row));
  CHECK((*sink)->commit());
  REQUIRE(server.requests().size() == 3);
  CHECK(server.requests()[0].starts_with("POST /in?x=1 HTTP/1.1\r\n"));
  CHECK(server.requests()[0].find("X-Key: k\r\n") != std::string::npos);
  CHECK(server.requests()[1].ends_with("\r\n\r\none\ntwo\n"));
  CHECK(server.requests()[2].ends_with("\r\n\r\nthree\n"));
}

TEST_CASE("http: another answer is an error that says what it was") {
  Answers server({400});
  auto sink = make_http_sink(to(server));
  CHECK((*sink)->write("one\n"));
  const auto failed = (*sink)->flush();
  REQUIRE(!failed);
  CHECK(failed.error().message.ends_with("/in?x=1 answered 400: no! "));
}

TEST_CASE("http: a url that is none, or has a password") {
  HttpSinkOptions options;
  options.url = "ftp://x";
  CHECK(!make_http_sink(options));
  options.url = "http://127.0.0.1:1/x?password=hush";
  options.timeout_us = 1000;
  auto sink = make_http_sink(options);
  REQUIRE(sink);
  CHECK((*sink)->write("one\n"));
  const auto failed = (*sink)->flush();
  REQUIRE(!failed);
  CHECK(failed.error().message.starts_with("cannot reach http://127.0.0.1:1/x?password=***"));
}

}  // namespace
}  // namespace weir
