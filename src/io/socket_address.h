// Where to listen or connect: tcp://HOST:PORT, tcp:PORT, unix:PATH, udp://HOST:PORT.
//
// A host that is not named is 127.0.0.1. Plain sockets and not Boost.Asio: whoever claims a block waits for its
// input himself (io/feed.h), so nothing calls back, and an event loop with handlers would be a second
// scheduler under ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "io/descriptor.h"

namespace weir {

struct SocketAddress {
  enum class Kind { kTcp, kUdp, kUnix };
  Kind kind = Kind::kTcp;
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::string path;  // kUnix

  std::string text() const;  // "tcp://127.0.0.1:514"
};

// Error: kConfig.
Result<SocketAddress> parse_socket_address(std::string_view text, SocketAddress::Kind kind);

// A socket that listens (TCP, unix) or receives (UDP), non-blocking. A socket file without anybody behind it
// is replaced; one that is not a socket is not. Errors: kIo, kConfig for a host that is not known.
Result<Descriptor> listen_at(const SocketAddress& address, int backlog);
// The port that was chosen for port 0.
uint16_t bound_port(int fd);

// Connects within `timeout_us`; readable `stop_fd` (-1: none) ends it with an error. Non-blocking.
Result<Descriptor> connect_to(const SocketAddress& address, int64_t timeout_us, int stop_fd);

}  // namespace weir
