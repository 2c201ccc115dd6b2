// Sinks that connect to a server: tcp, unix.
#include "io/socket_sink.h"

#include "sinks/byte_sink.h"
#include "sinks/sink_list.h"

namespace weir {
namespace {

struct SocketOptions {
  std::string url;
  Duration timeout{60'000'000};
  bool tls = false;
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;
};

const OptionTable<SocketOptions>& tcp_options() {
  static const OptionTable<SocketOptions> table = {
      {"url", &SocketOptions::url, "tcp://HOST:PORT or tcp:PORT; without a host it is 127.0.0.1",
       true},
      {"timeout", &SocketOptions::timeout, "end the run when there was no server for so long"},
      {"tls", &SocketOptions::tls, "connect with TLS"},
      {"tls_ca", &SocketOptions::tls_ca,
       "the server needs a certificate of this CA, PEM; the system's if not given"},
      {"tls_certificate", &SocketOptions::tls_certificate,
       "the certificate to show, where the server asks for one, PEM"},
      {"tls_key", &SocketOptions::tls_key, "its key, PEM"},
  };
  return table;
}
const OptionTable<SocketOptions>& unix_options() {
  static const OptionTable<SocketOptions> table = {
      {"url", &SocketOptions::url, "unix:PATH", true},
      {"timeout", &SocketOptions::timeout, "end the run when there was no server for so long"},
  };
  return table;
}

class SocketPlan final : public SinkPlan {
 public:
  SocketPlan(SocketSinkOptions options, SinkFormat format, const SinkContext& context)
      : options_(std::move(options)), format_(std::move(format)) {
    encode_options_.timezone = context.timezone;
  }

  const Format* format() const override { return format_.format.get(); }
  EncodeOptions encode_options() const override { return encode_options_; }
  std::string explain() const override {
    return options_.address.text() + (options_.tls ? ", TLS, " : ", ") + format_.name;
  }
  Result<std::unique_ptr<Sink>> open() const override {
    auto bytes = make_socket_sink(options_);
    if (!bytes) return fail(bytes.error());
    return make_byte_sink(std::move(*bytes), true);
  }
  Delivery delivery() const override { return Delivery::kAtLeastOnce; }

 private:
  SocketSinkOptions options_;
  SinkFormat format_;
  EncodeOptions encode_options_;
};

std::unique_ptr<SinkPlan> bind_socket(const OptionTable<SocketOptions>& table,
                                      SocketAddress::Kind kind, const SinkSpec& spec,
                                      const SinkContext& context, Errors& errors) {
  SocketOptions options;
  const size_t before = errors.size();
  read_options(table, spec.options, options, errors, "the " + spec.kind + " sink",
               {"type", "format"});
  if (errors.size() > before) return nullptr;
  const auto complain = [&](const char* key, Error error) {
    const Node* node = spec.options.find(key);
    error.position = node != nullptr ? node->position : spec.position;
    errors.push_back(std::move(error));
  };
  SocketSinkOptions socket;
  socket.timeout_us = options.timeout.us;
  auto address = parse_socket_address(options.url, kind);
  if (address) {
    socket.address = std::move(*address);
  } else {
    complain("url", address.error());
  }
  if (options.tls) {
    auto tls =
        TlsContext::make_client({options.tls_certificate, options.tls_key, {}, options.tls_ca});
    if (tls) {
      socket.tls = std::move(*tls);
    } else {
      complain("tls", tls.error());
    }
  }
  SinkFormat format = bind_sink_format(spec, "json", context, errors);
  if (errors.size() > before) return nullptr;
  return std::make_unique<SocketPlan>(std::move(socket), std::move(format), context);
}

std::vector<OptionDoc> docs_of(const OptionTable<SocketOptions>& table) {
  std::vector<OptionDoc> all = option_docs(table);
  all.push_back(sink_format_doc("json"));
  return all;
}

}  // namespace

const SinkDescriptor kTcpSink = {
    "tcp", "writes to a TCP server", [] { return docs_of(tcp_options()); },
    [](const SinkSpec& spec, const Schema&, const SinkContext& context, Errors& errors) {
      return bind_socket(tcp_options(), SocketAddress::Kind::kTcp, spec, context, errors);
    }};

const SinkDescriptor kUnixSink = {
    "unix", "writes to a server at a socket file", [] { return docs_of(unix_options()); },
    [](const SinkSpec& spec, const Schema&, const SinkContext& context, Errors& errors) {
      return bind_socket(unix_options(), SocketAddress::Kind::kUnix, spec, context, errors);
    }};

}  // namespace weir
