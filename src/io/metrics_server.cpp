// As the library was built.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_ZLIB_SUPPORT
#define CPPHTTPLIB_BROTLI_SUPPORT
#include "io/metrics_server.h"

#include <httplib.h>

#include <thread>

#include "io/socket_address.h"

namespace weir {
namespace {

class HttpMetricsServer final : public MetricsServer {
 public:
  explicit HttpMetricsServer(std::function<std::string()> text) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(2); };
    server_.set_read_timeout(5);
    server_.set_payload_max_length(1024);
    server_.Get("/metrics",
                [text = std::move(text)](const httplib::Request&, httplib::Response& answer) {
                  answer.set_content(text(), "text/plain; version=0.0.4");
                });
  }
  ~HttpMetricsServer() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  bool listen(const SocketAddress& address) {
    if (address.port == 0) {
      port_ = server_.bind_to_any_port(address.host.c_str());
    } else {
      port_ = server_.bind_to_port(address.host.c_str(), address.port) ? address.port : -1;
    }
    if (port_ <= 0) return false;
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    return true;
  }
  int port() const override { return port_; }

 private:
  httplib::Server server_;
  int port_ = -1;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<MetricsServer>> serve_metrics(const std::string& address,
                                                     std::function<std::string()> text) {
  const auto place = parse_socket_address(address, SocketAddress::Kind::kTcp);
  if (!place) return fail(place.error());
  auto server = std::make_unique<HttpMetricsServer>(std::move(text));
  if (!server->listen(*place))
    return fail(ErrorKind::kIo, "cannot tell the metrics at " + address,
                "is another program listening there?");
  return server;
}

}  // namespace weir
