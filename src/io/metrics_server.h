// Tells a text to whoever asks for /metrics by HTTP (cpp-httplib, which this file's .cpp includes).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"

namespace weir {

class MetricsServer {
 public:
  virtual ~MetricsServer() = default;  // stops
  virtual int port() const = 0;
};

// Listens at HOST:PORT (":PORT" and "PORT": 127.0.0.1; port 0: any) with threads of its own. `text` is called by any of
// them. Error: kConfig, kIo.
Result<std::unique_ptr<MetricsServer>> serve_metrics(const std::string& address,
                                                     std::function<std::string()> text);

}  // namespace weir
