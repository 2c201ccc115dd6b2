// As the library was built.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_ZLIB_SUPPORT
#define CPPHTTPLIB_BROTLI_SUPPORT
#include "io/http_sink.h"

#include <httplib.h>

#include <algorithm>

#include "base/backoff.h"
#include "base/url.h"

namespace weir {
namespace {

class HttpSink final : public ByteSink {
 public:
  HttpSink(HttpSinkOptions options, std::string server, std::string path)
      : options_(std::move(options)),
        shown_(without_password(options_.url)),
        path_(std::move(path)),
        client_(server) {
    const auto seconds =
        static_cast<time_t>(std::clamp<int64_t>(options_.timeout_us / 1'000'000, 1, 30));
    client_.set_connection_timeout(seconds);
    client_.set_read_timeout(seconds);
    client_.set_write_timeout(seconds);
    client_.set_keep_alive(true);
    for (const auto& [name, value] : options_.headers) headers_.emplace(name, value);
  }

  Result<void> write(std::string_view bytes) override {
    if (!buffer_.empty() && buffer_.size() + bytes.size() > options_.batch_bytes) {
      if (auto r = flush(); !r) return r;
    }
    accepted_ += bytes.size();
    buffer_.append(bytes);
    return {};
  }

  Result<void> flush() override {
    if (buffer_.empty()) return {};
    Backoff backoff(options_.timeout_us);
    for (;;) {
      const httplib::Result answer =
          options_.method == "PUT"
              ? client_.Put(path_.c_str(), headers_, buffer_, options_.content_type.c_str())
              : client_.Post(path_.c_str(), headers_, buffer_, options_.content_type.c_str());
      if (answer && answer->status >= 200 && answer->status < 300) {
        buffer_.clear();
        return {};
      }
      const bool again =
          !answer || answer->status == 408 || answer->status == 429 || answer->status >= 500;
      if (again && backoff.wait()) continue;
      if (!answer)
        return fail(ErrorKind::kIo,
                    "cannot reach " + shown_ + ": " + httplib::to_string(answer.error()));
      std::string said = answer->body.substr(0, 200);
      std::replace_if(
          said.begin(), said.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; },
          ' ');
      return fail(ErrorKind::kIo, shown_ + " answered " + std::to_string(answer->status) +
                                      (said.empty() ? "" : ": " + said));
    }
  }

  Result<uint64_t> checkpoint() override {
    if (auto r = flush(); !r) return fail(r.error());
    return accepted_;
  }
  Result<void> commit() override { return flush(); }
  void abort() override { buffer_.clear(); }
  uint64_t bytes_written() const override { return accepted_; }

 private:
  const HttpSinkOptions options_;
  const std::string shown_;
  const std::string path_;
  httplib::Client client_;
  httplib::Headers headers_;
  std::string buffer_;
  uint64_t accepted_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSink>> make_http_sink(const HttpSinkOptions& options) {
  const size_t scheme = options.url.find("://");
  const bool known = options.url.starts_with("http://") || options.url.starts_with("https://");
  if (!known || scheme + 3 >= options.url.size())
    return fail(ErrorKind::kConfig, "expected a URL, found `" + without_password(options.url) + "`",
                "url = \"http://host:8080/path\"");
  const size_t slash = options.url.find('/', scheme + 3);
  const std::string server = options.url.substr(0, slash);
  const std::string path = slash == std::string::npos ? "/" : options.url.substr(slash);
  return std::make_unique<HttpSink>(options, server, path);
}

}  // namespace weir
