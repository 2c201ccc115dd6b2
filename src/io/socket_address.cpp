#include "io/socket_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace weir {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> resolve(const SocketAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = address.kind == SocketAddress::Kind::kUdp ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
  if (code == 0) return Addresses(list);
  return fail(code == EAI_AGAIN ? ErrorKind::kIo : ErrorKind::kConfig,
              "cannot find the host " + address.host + ": " + ::gai_strerror(code));
}

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(ErrorKind::kConfig, "the path of a socket has 1 to 107 bytes: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Descriptor new_socket(int family, int type, int protocol) {
  return above_standard(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

// True if a file is there that nobody listens at: what a killed process leaves.
bool is_stale(const sockaddr_un& address) {
  struct stat info{};
  if (::lstat(address.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const Descriptor probe = new_socket(AF_UNIX, SOCK_STREAM, 0);
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

Result<Descriptor> listen_unix(const SocketAddress& address, int backlog) {
  const auto name = unix_address(address.path);
  if (!name) return fail(name.error());
  Descriptor fd = new_socket(AF_UNIX, SOCK_STREAM, 0);
  const auto bind = [&] {
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*name), sizeof *name) == 0;
  };
  bool bound = bind();
  if (!bound && errno == EADDRINUSE && is_stale(*name)) {
    ::unlink(name->sun_path);
    bound = bind();
  }
  if (!bound || ::listen(fd.get(), backlog) != 0)
    return fail(io_error("cannot listen at " + address.text(), errno));
  return fd;
}

// Waits until the connection stands; 0, or the error.
int finish_connect(int fd, int64_t timeout_us, int stop_fd) {
  pollfd waits[2] = {{fd, POLLOUT, 0}, {stop_fd, POLLIN, 0}};
  const int n = ::poll(waits, stop_fd >= 0 ? 2 : 1, static_cast<int>(timeout_us / 1000 + 1));
  if (n == 0) return ETIMEDOUT;
  if (n < 0 || waits[0].revents == 0) return ECANCELED;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

Result<Descriptor> connected(Descriptor fd, const sockaddr* name, socklen_t size,
                             const SocketAddress& address, int64_t timeout_us, int stop_fd) {
  int error = ::connect(fd.get(), name, size) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EAGAIN)
    error = finish_connect(fd.get(), timeout_us, stop_fd);
  if (error != 0) return fail(io_error("cannot connect to " + address.text(), error));
  return fd;
}

}  // namespace

std::string SocketAddress::text() const {
  if (kind == Kind::kUnix) return "unix:" + path;
  const bool colons = host.find(':') != std::string::npos;
  return (kind == Kind::kTcp ? "tcp://" : "udp://") + (colons ? "[" + host + "]" : host) + ":" +
         std::to_string(port);
}

Result<SocketAddress> parse_socket_address(std::string_view text, SocketAddress::Kind kind) {
  SocketAddress address;
  address.kind = kind;
  const std::string_view scheme = kind == SocketAddress::Kind::kTcp   ? "tcp:"
                                  : kind == SocketAddress::Kind::kUdp ? "udp:"
                                                                      : "unix:";
  std::string_view rest = text;
  if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  if (rest.starts_with("//")) rest.remove_prefix(2);
  if (kind == SocketAddress::Kind::kUnix) {
    address.path = rest;
    if (auto r = unix_address(address.path); !r) return fail(r.error());
    return address;
  }
  const size_t colon = rest.rfind(':');
  std::string_view port = rest;
  if (colon != std::string_view::npos) {
    std::string_view host = rest.substr(0, colon);
    port = rest.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (!host.empty()) address.host = host;
  }
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (ec != std::errc() || end != port.data() + port.size() || port.empty())
    return fail(ErrorKind::kConfig, "no port in `" + std::string(text) + "`",
                "write " + std::string(scheme) + "//127.0.0.1:5140");
  return address;
}

Result<Descriptor> listen_at(const SocketAddress& address, int backlog) {
  if (address.kind == SocketAddress::Kind::kUnix) return listen_unix(address, backlog);
  const auto list = resolve(address);
  if (!list) return fail(list.error());
  const addrinfo& to = **list;
  Descriptor fd = new_socket(to.ai_family, to.ai_socktype, to.ai_protocol);
  const bool stream = address.kind == SocketAddress::Kind::kTcp;
  if (stream) set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (!stream) set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, 8 << 20);
  if (!fd || ::bind(fd.get(), to.ai_addr, to.ai_addrlen) != 0 ||
      (stream && ::listen(fd.get(), backlog) != 0))
    return fail(io_error("cannot listen at " + address.text(), errno));
  return fd;
}

uint16_t bound_port(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  if (name.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&name)->sin_port);
  if (name.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&name)->sin6_port);
  return 0;
}

Result<Descriptor> connect_to(const SocketAddress& address, int64_t timeout_us, int stop_fd) {
  if (address.kind == SocketAddress::Kind::kUnix) {
    const auto name = unix_address(address.path);
    if (!name) return fail(name.error());
    return connected(new_socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<const sockaddr*>(&*name),
                     sizeof *name, address, timeout_us, stop_fd);
  }
  const auto list = resolve(address);
  if (!list) return fail(list.error());
  Result<Descriptor> tried = fail(ErrorKind::kIo, "cannot connect to " + address.text());
  for (const addrinfo* to = list->get(); to != nullptr; to = to->ai_next) {
    Descriptor fd = new_socket(to->ai_family, to->ai_socktype, to->ai_protocol);
    if (!fd) continue;
    tried = connected(std::move(fd), to->ai_addr, to->ai_addrlen, address, timeout_us, stop_fd);
    if (!tried) continue;
    set_option(tried->get(), IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(tried->get(), SOL_SOCKET, SO_KEEPALIVE, 1);
    return tried;
  }
  return tried;
}

}  // namespace weir
