// Bytes out to a server that may come and go.
#pragma once

#include <cstdint>
#include <memory>

#include "io/output.h"
#include "io/socket_address.h"
#include "io/tls.h"

namespace weir {

struct SocketSinkOptions {
  SocketAddress address;
  int64_t timeout_us = 60'000'000;  // without a server
  std::shared_ptr<const TlsContext> tls;
};

// Connects at once. When the connection is lost, connects again, with longer and longer pauses, and sends what
// was being written from its start on: rows of a write may come twice, and bytes that the kernel had taken for
// the peer that has gone are lost, for a socket does not say what was received. Blocks while the peer does
// not read. Error: kIo when there was no server for `timeout_us`.
Result<std::unique_ptr<ByteSink>> make_socket_sink(const SocketSinkOptions& options);

}  // namespace weir
