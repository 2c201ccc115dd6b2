// Bytes out as HTTP requests (cpp-httplib, which only this file's .cpp includes).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/output.h"

namespace weir {

struct HttpSinkOptions {
  std::string url;  // http://host:port/path or https://...
  std::string method = "POST";
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  size_t batch_bytes = size_t{1} << 20;
  int64_t timeout_us = 60'000'000;  // of a request with all its tries
};

// Every request holds what whole writes gave, up to `batch_bytes` of it, in order; a flush sends what there is.
// A server that is not there, or answers 408, 429 or 5xx, is tried again with longer and longer pauses, so
// that it may get a request twice; any other answer but 2xx is an error. Error: kConfig for a wrong url; kIo.
Result<std::unique_ptr<ByteSink>> make_http_sink(const HttpSinkOptions& options);

}  // namespace weir
