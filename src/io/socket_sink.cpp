#include "io/socket_sink.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/backoff.h"

namespace weir {
namespace {

constexpr size_t kSendBytes = size_t{64} << 10;
constexpr int64_t kTryUs = 10'000'000;

class SocketSink final : public ByteSink {
 public:
  explicit SocketSink(const SocketSinkOptions& options)
      : options_(options), backoff_(options.timeout_us) {}

  // Tries until there is a server.
  Result<void> connect() {
    session_.reset();
    for (;;) {
      auto fd = connect_to(options_.address, std::min(kTryUs, options_.timeout_us), -1);
      if (fd) {
        fd_ = std::move(*fd);
        if (options_.tls)
          session_ = std::make_unique<TlsSession>(*options_.tls, fd_.get(), options_.address.host);
        return {};
      }
      if (fd.error().kind == ErrorKind::kConfig || !backoff_.wait()) return fail(fd.error());
    }
  }

  Result<void> write(std::string_view bytes) override {
    accepted_ += bytes.size();
    buffer_.append(bytes);
    return buffer_.size() >= kSendBytes ? flush() : Result<void>{};
  }

  Result<void> flush() override {
    while (!buffer_.empty()) {
      const std::string problem = send_all();
      if (problem.empty()) {
        buffer_.clear();
        backoff_.reset();
        break;
      }
      if ((session_ && session_->refused()) || !backoff_.wait())
        return fail(ErrorKind::kIo, "cannot write to " + options_.address.text() + ": " + problem);
      if (auto r = connect(); !r) return r;
    }
    return {};
  }

  Result<uint64_t> checkpoint() override {
    if (auto r = flush(); !r) return fail(r.error());
    return accepted_;
  }
  Result<void> commit() override {
    if (auto r = flush(); !r) return r;
    if (session_) session_->shutdown();
    ::shutdown(fd_.get(), SHUT_WR);
    fd_.close();
    return {};
  }
  void abort() override { fd_.close(); }
  uint64_t bytes_written() const override { return accepted_; }

 private:
  // What went wrong, or nothing.
  std::string send_all() {
    size_t at = 0;
    while (at < buffer_.size()) {
      size_t n = 0;
      short wait_for = POLLOUT;
      if (session_) {
        const auto status = session_->write(buffer_.data() + at, buffer_.size() - at, n);
        if (status == TlsSession::Status::kError) return session_->problem();
        if (status == TlsSession::Status::kEnd) return "the server has closed the connection";
        if (status == TlsSession::Status::kWantRead) wait_for = POLLIN;
      } else {
        const ssize_t sent =
            ::send(fd_.get(), buffer_.data() + at, buffer_.size() - at, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
          return io_error("", errno).message.substr(2);
        n = sent > 0 ? static_cast<size_t>(sent) : 0;
      }
      at += n;
      if (n > 0) continue;
      pollfd wait = {fd_.get(), wait_for, 0};
      ::poll(&wait, 1, -1);
    }
    return {};
  }

  const SocketSinkOptions options_;
  Backoff backoff_;
  Descriptor fd_;
  std::unique_ptr<TlsSession> session_;
  std::string buffer_;
  uint64_t accepted_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSink>> make_socket_sink(const SocketSinkOptions& options) {
  auto sink = std::make_unique<SocketSink>(options);
  if (auto r = sink->connect(); !r) return fail(r.error());
  return sink;
}

}  // namespace weir
