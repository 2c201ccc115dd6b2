// Sources that listen at, or connect to, sockets: tcp, unix, udp.
#include "io/socket_feed.h"

#include "base/units.h"
#include "sources/source_format.h"
#include "sources/source_list.h"

namespace weir {
namespace {

struct SocketOptions {
  std::string url;
  bool connect = false;
  Duration timeout;
  int max_connections = 1024;
  ByteSize max_record{uint64_t{1} << 20};
  Duration close_idle{600'000'000};
  bool until_closed = false;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::string tls_ca;
  bool tls = false;
};

OptionTable<SocketOptions> stream_options() {
  return {
      {"connect", &SocketOptions::connect,
       "connect to a server, again whenever the connection ends, instead of listening"},
      {"timeout", &SocketOptions::timeout,
       "connect: end the run when there was no server for so long; 0: try for ever"},
      {"max_connections", &SocketOptions::max_connections,
       "beyond it the one that was silent for longest without a whole record is closed, or the new "
       "one"},
      {"max_record", &SocketOptions::max_record,
       "a longer record is dropped as it comes, and is a bad record"},
      {"close_idle", &SocketOptions::close_idle,
       "a connection that is silent for so long is closed; 0: never"},
      {"until_closed", &SocketOptions::until_closed,
       "end the run when all connections have been closed"},
  };
}

OptionTable<SocketOptions> with(OptionTable<SocketOptions> first,
                                const OptionTable<SocketOptions>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

const OptionTable<SocketOptions>& tcp_options() {
  static const OptionTable<SocketOptions> table =
      with(with({{"url", &SocketOptions::url,
                  "tcp://HOST:PORT or tcp:PORT; without a host it is 127.0.0.1", true}},
                stream_options()),
           {{"tls_certificate", &SocketOptions::tls_certificate,
             "listen with TLS: the certificate and its chain, PEM"},
            {"tls_key", &SocketOptions::tls_key, "the certificate's key, PEM"},
            {"tls_client_ca", &SocketOptions::tls_client_ca,
             "clients need a certificate of this CA, PEM"},
            {"tls", &SocketOptions::tls, "connect with TLS"},
            {"tls_ca", &SocketOptions::tls_ca,
             "the server needs a certificate of this CA, PEM; the system's if not given"}});
  return table;
}
const OptionTable<SocketOptions>& unix_options() {
  static const OptionTable<SocketOptions> table =
      with({{"url", &SocketOptions::url, "unix:PATH", true}}, stream_options());
  return table;
}
const OptionTable<SocketOptions>& udp_options() {
  static const OptionTable<SocketOptions> table = {
      {"url", &SocketOptions::url, "udp://HOST:PORT or udp:PORT; without a host it is 127.0.0.1",
       true},
  };
  return table;
}

std::string counts_text(const SocketCounts& c) {
  std::string text;
  const auto add = [&](uint64_t n, const char* what) {
    if (n > 0) text += (text.empty() ? "" : ", ") + format_count(n) + " " + what;
  };
  add(c.accepted, "connections");
  add(c.refused, "refused");
  add(c.idle, "closed for their silence");
  add(c.broken, "cut within a record");
  add(c.too_long, "records too long");
  add(c.damaged, "closed for damaged bytes");
  add(c.datagrams, "datagrams");
  add(c.lost, "lost by the kernel");
  return text;
}

// A record that was too long, or damaged, is bad: it has no columns.
Batch refused_batch(const SocketItem& item, const Schema& schema, size_t limit) {
  Batch batch;
  for (const auto& column : schema) batch.columns.push_back(make_column(column.type));
  batch.records = 1;
  batch.sequence = item.block.sequence;
  batch.origin = item.block.origin;
  Reject reject;
  reject.offset = item.block.origin.begin;
  reject.raw = item.head;
  reject.reason = item.too_long ? "the record is longer than " + format_byte_size(limit)
                                : item.damage + "; the connection is closed";
  batch.rejects.push_back(std::move(reject));
  return batch;
}

class SocketSource final : public Source {
 public:
  SocketSource(std::unique_ptr<SocketFeed> feed, const Schema& schema, size_t limit)
      : feed_(std::move(feed)), schema_(schema), limit_(limit) {}

  bool claim(SourceItem& item) override {
    SocketItem next;
    if (!feed_->claim(next)) return false;
    item.error = std::move(next.error);
    item.batch.reset();
    if (next.too_long || !next.damage.empty()) item.batch = refused_batch(next, schema_, limit_);
    item.block = std::move(next.block);
    return true;
  }
  void stop() override { feed_->stop(); }
  uint64_t bytes_done() const override { return feed_->bytes_done(); }
  std::string summary() const override { return counts_text(feed_->counts()); }

 private:
  std::unique_ptr<SocketFeed> feed_;
  const Schema& schema_;
  const size_t limit_;
};

class SocketPlan final : public SourcePlan {
 public:
  SocketPlan(SocketFeedOptions options, SourceFormat format)
      : options_(std::move(options)), format_(std::move(format)) {}

  const Schema& schema() const override { return format_.format->schema(); }
  bool bounded() const override { return options_.until_closed; }
  bool partitioned() const override { return options_.address.kind != SocketAddress::Kind::kUdp; }
  const Format* format() const override { return format_.format.get(); }
  std::string explain() const override {
    return options_.address.text() + (options_.connect ? ", connecting, " : ", listening, ") +
           (options_.tls ? "TLS, " : "") + format_.name;
  }
  std::string partition_name(uint32_t partition) const override {
    if (!partitioned()) return options_.address.text();
    return options_.address.text() + " connection " + std::to_string(partition + 1);
  }
  Result<std::unique_ptr<Source>> open(const FeedOptions& feed) const override {
    auto opened = options_.address.kind == SocketAddress::Kind::kUdp
                      ? make_datagram_feed(options_, feed)
                      : make_socket_feed(options_, format_.format->cutter(), feed);
    if (!opened) return fail(opened.error());
    return std::make_unique<SocketSource>(std::move(*opened), schema(), options_.max_record_bytes);
  }

 private:
  SocketFeedOptions options_;
  SourceFormat format_;
};

Result<std::shared_ptr<const TlsContext>> make_tls(const SocketOptions& options) {
  const TlsOptions tls{options.tls_certificate, options.tls_key, options.tls_client_ca,
                       options.tls_ca};
  if (options.connect && options.tls) return TlsContext::make_client(tls);
  if (!options.connect && !options.tls_certificate.empty()) return TlsContext::make_server(tls);
  return std::shared_ptr<const TlsContext>();
}

std::unique_ptr<SourcePlan> bind_socket(const OptionTable<SocketOptions>& table,
                                        SocketAddress::Kind kind, const SourceSpec& spec,
                                        const SourceContext& context, Errors& errors) {
  SocketOptions options;
  const size_t before = errors.size();
  read_options(table, spec.options, options, errors, "the " + spec.kind + " source",
               kCommonSourceKeys);
  if (errors.size() > before) return nullptr;
  const auto complain = [&](const char* key, Error error) {
    const Node* node = spec.options.find(key);
    error.position = node != nullptr ? node->position : spec.position;
    errors.push_back(std::move(error));
  };
  const auto wrong = [&](const char* key, std::string message, std::string hint = {}) {
    complain(key, {ErrorKind::kConfig, std::move(message), {}, std::move(hint), {}});
  };
  SocketFeedOptions feed;
  if (auto address = parse_socket_address(options.url, kind)) {
    feed.address = std::move(*address);
  } else {
    complain("url", address.error());
  }
  if (options.max_connections < 1) wrong("max_connections", "`max_connections` must be at least 1");
  if (options.max_record.bytes < 1) wrong("max_record", "`max_record` must be at least 1");
  if (!options.connect && options.tls)
    wrong("tls", "`tls` is for connect = true", "to listen with TLS: tls_certificate and tls_key");
  if (!options.tls_certificate.empty() && options.tls_key.empty())
    wrong("tls_certificate", "the certificate needs its key", "tls_key = \"key.pem\"");
  auto tls = errors.size() > before ? std::shared_ptr<const TlsContext>() : make_tls(options);
  if (!tls) complain("tls_certificate", tls.error());
  SourceSpec named = spec;
  if (named.format.name.empty()) named.format.name = "text";
  SourceContext no_look = context;
  no_look.connections = kind != SocketAddress::Kind::kUdp;
  no_look.sample = true;  // there is nothing to look at: the sample is empty
  SourceFormat format = bind_source_format(
      named, no_look, context.now_us, []() -> Result<Peek> { return Peek{"", true}; }, errors);
  if (errors.size() > before || !format.format) return nullptr;
  if (format.format->is_container() ||
      (format.format->is_binary() && kind == SocketAddress::Kind::kUdp)) {
    wrong("format",
          "the format `" + format.name + "` is not for " +
              (kind == SocketAddress::Kind::kUdp ? "datagrams" : "connections"),
          format.format->is_container() ? "it is read from files" : "tcp and unix take it");
    return nullptr;
  }
  if (format.format->schema().size() == 0) {
    wrong("format", "the columns of `" + format.name + "` must be declared: a socket has no sample",
          "[source.schema] names them and their types");
    return nullptr;
  }
  feed.connect = options.connect;
  feed.timeout_us = options.timeout.us;
  feed.max_connections = options.max_connections;
  feed.max_record_bytes = options.max_record.bytes;
  feed.close_idle_us = options.close_idle.us;
  feed.until_closed = options.until_closed;
  feed.tls = std::move(*tls);
  return std::make_unique<SocketPlan>(std::move(feed), std::move(format));
}

std::vector<OptionDoc> docs_of(const OptionTable<SocketOptions>& table) {
  std::vector<OptionDoc> all = option_docs(table);
  for (OptionDoc& doc : common_source_docs("text")) all.push_back(std::move(doc));
  return all;
}

}  // namespace

const SourceDescriptor kTcpSource = {
    "tcp", "reads TCP connections, many at once; each is a partition",
    [] { return docs_of(tcp_options()); },
    [](const SourceSpec& spec, const SourceContext& context, Errors& errors) {
      return bind_socket(tcp_options(), SocketAddress::Kind::kTcp, spec, context, errors);
    }};

const SourceDescriptor kUnixSource = {
    "unix", "reads connections to a socket file, many at once; each is a partition",
    [] { return docs_of(unix_options()); },
    [](const SourceSpec& spec, const SourceContext& context, Errors& errors) {
      return bind_socket(unix_options(), SocketAddress::Kind::kUnix, spec, context, errors);
    }};

const SourceDescriptor kUdpSource = {
    "udp", "receives datagrams, each a record", [] { return docs_of(udp_options()); },
    [](const SourceSpec& spec, const SourceContext& context, Errors& errors) {
      return bind_socket(udp_options(), SocketAddress::Kind::kUdp, spec, context, errors);
    }};

}  // namespace weir
