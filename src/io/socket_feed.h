// Blocks from sockets: many connections, read by whoever claims the next block.
//
// Under a token (a mutex) the claiming worker waits for input, reads what one connection has into a block and
// goes away with its whole records; what is behind the last of them stays with the connection. So a
// connection that says nothing costs a descriptor and a few words, and when nobody claims, nothing is read:
// the peers' windows fill, which is the backpressure. Connections take turns.
//
// Every connection is a partition. A record longer than the limit is dropped as it comes, told once, and its
// connection goes on; where records say their own lengths nothing can be found behind it, and the connection is
// closed, as for damaged bytes. A length that a peer claims takes no memory before its bytes are there. When `max_connections` are open, a new one takes the place of the one that has been
// silent for longest without ever having finished a record; when all have, it is closed at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/block.h"
#include "io/cutter.h"
#include "io/feed.h"
#include "io/socket_address.h"
#include "io/tls.h"

namespace weir {

struct SocketFeedOptions {
  SocketAddress address;
  bool connect = false;  // to a server, again and again; else listen
  int max_connections = 1024;
  size_t max_record_bytes = size_t{1} << 20;
  int64_t close_idle_us = 600'000'000;  // a connection silent for so long is closed; 0: never
  int64_t timeout_us = 0;               // connect: give up after so long without a server; 0: never
  bool until_closed = false;            // end when all connections have been closed
  std::shared_ptr<const TlsContext> tls;
};

struct SocketItem {
  Block block;
  std::optional<Error> error;
  // Instead of a block's records: one that was too long, with the offset in its connection.
  bool too_long = false;
  std::string head;  // its first bytes
  // The same for bytes in which no record can be found: why. The connection has been closed.
  std::string damage;
};

struct SocketCounts {
  uint64_t accepted = 0;
  uint64_t refused = 0;    // no place, or no TLS
  uint64_t idle = 0;       // closed for their silence
  uint64_t broken = 0;     // ended in the middle of a record, which is dropped
  uint64_t too_long = 0;   // records
  uint64_t damaged = 0;    // closed because no record could be found in what came
  uint64_t datagrams = 0;  // received
  uint64_t lost = 0;       // datagrams that the kernel had no room for
};

class SocketFeed {
 public:
  virtual ~SocketFeed() = default;
  virtual bool claim(SocketItem& item) = 0;  // as in Feed
  virtual void stop() = 0;
  virtual uint64_t bytes_done() const = 0;
  virtual SocketCounts counts() const = 0;
  virtual uint16_t port() const = 0;  // it listens at
};

Result<std::unique_ptr<SocketFeed>> make_socket_feed(const SocketFeedOptions& options,
                                                     std::shared_ptr<const RecordCutter> cutter,
                                                     const FeedOptions& feed);
// Datagrams: each is a record; line ends in it are blanks.
Result<std::unique_ptr<SocketFeed>> make_datagram_feed(const SocketFeedOptions& options,
                                                       const FeedOptions& feed);

}  // namespace weir
