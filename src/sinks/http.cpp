#include "io/http_sink.h"

#include "base/url.h"
#include "sinks/byte_sink.h"
#include "sinks/sink_list.h"

namespace weir {
namespace {

struct HttpOptions {
  std::string url;
  std::string method = "POST";
  NamedTexts headers;
  std::string content_type;
  ByteSize batch_size{uint64_t{1} << 20};
  Duration timeout{60'000'000};
};

const OptionTable<HttpOptions>& http_options() {
  static const OptionTable<HttpOptions> table = {
      {"url", &HttpOptions::url, "http://HOST:PORT/PATH or https://...", true},
      {"method", &HttpOptions::method, {"POST", "PUT"}, "the request's method"},
      {"headers", &HttpOptions::headers,
       "further headers, for example { Authorization = \"Bearer ${TOKEN}\" }"},
      {"content_type", &HttpOptions::content_type, "that of the format if not given"},
      {"batch_size", &HttpOptions::batch_size,
       "rows are sent together up to so many bytes, and when the input pauses"},
      {"timeout", &HttpOptions::timeout,
       "how long to try again when the server is away, or answers 408, 429 or 5xx"},
  };
  return table;
}

class HttpPlan final : public SinkPlan {
 public:
  HttpPlan(HttpSinkOptions options, SinkFormat format, const SinkContext& context)
      : options_(std::move(options)), format_(std::move(format)) {
    encode_options_.timezone = context.timezone;
  }

  const Format* format() const override { return format_.format.get(); }
  EncodeOptions encode_options() const override { return encode_options_; }
  std::string explain() const override {
    return "http: " + options_.method + " " + without_password(options_.url) + ", " + format_.name;
  }
  Result<std::unique_ptr<Sink>> open() const override {
    auto bytes = make_http_sink(options_);
    if (!bytes) return fail(bytes.error());
    return make_byte_sink(std::move(*bytes), true);
  }
  Delivery delivery() const override { return Delivery::kAtLeastOnce; }

 private:
  HttpSinkOptions options_;
  SinkFormat format_;
  EncodeOptions encode_options_;
};

std::string content_type_of(const std::string& format) {
  if (format == "json") return "application/x-ndjson";
  return format == "csv" ? "text/csv" : "text/plain";
}

std::vector<OptionDoc> http_docs() {
  std::vector<OptionDoc> all = option_docs(http_options());
  all.push_back(sink_format_doc("json"));
  return all;
}

std::unique_ptr<SinkPlan> bind_http(const SinkSpec& spec, const Schema&, const SinkContext& context,
                                    Errors& errors) {
  HttpOptions options;
  const size_t before = errors.size();
  read_options(http_options(), spec.options, options, errors, "the http sink", {"type", "format"});
  if (errors.size() > before) return nullptr;
  SinkFormat format = bind_sink_format(spec, "json", context, errors);
  HttpSinkOptions http;
  http.url = options.url;
  http.method = options.method;
  http.content_type =
      options.content_type.empty() ? content_type_of(format.name) : options.content_type;
  for (const auto& header : options.headers)
    http.headers.emplace_back(header.name, header.value.text);
  http.batch_bytes = options.batch_size.bytes;
  http.timeout_us = options.timeout.us;
  if (auto sink = make_http_sink(http); !sink) {
    Error error = sink.error();
    error.position = spec.options.find("url")->position;
    errors.push_back(std::move(error));
  }
  if (errors.size() > before) return nullptr;
  return std::make_unique<HttpPlan>(std::move(http), std::move(format), context);
}

}  // namespace

const SinkDescriptor kHttpSink = {"http", "sends rows to an HTTP server", http_docs, bind_http};

}  // namespace weir
