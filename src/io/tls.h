// TLS over a socket (OpenSSL, which only this file's .cpp includes).
//
// TLS 1.2 and later. A server has a certificate and its key, and may ask clients for one signed by a CA; a client
// checks the server's name and certificate against a CA file or the system's.
//
// Threads: a context from any thread once made; a session one at a time.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"

struct ssl_ctx_st;
struct ssl_st;

namespace weir {

struct TlsOptions {
  std::string certificate;  // PEM, with the chain
  std::string key;          // PEM
  std::string client_ca;    // server: PEM of the CA that clients must have a certificate of
  std::string ca;           // client: PEM of the CA; empty: the system's
};

class TlsContext {
 public:
  static Result<std::shared_ptr<const TlsContext>> make_server(const TlsOptions& options);
  static Result<std::shared_ptr<const TlsContext>> make_client(const TlsOptions& options);
  ~TlsContext();

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

// A connection's session; the socket is non-blocking and stays the caller's.
class TlsSession {
 public:
  // `host`: of a client, the name that the server must prove to have; empty for a server.
  TlsSession(const TlsContext& context, int fd, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Status { kDone, kWantRead, kWantWrite, kEnd, kError };
  // The handshake is part of the first of these. `n`: bytes moved.
  Status read(char* to, size_t size, size_t& n);
  Status write(const char* from, size_t size, size_t& n);
  void shutdown();
  bool established() const;
  const std::string& problem() const { return problem_; }
  // True after an error that another try will meet as well: a certificate that is not right, no TLS at all.
  bool refused() const { return refused_; }

 private:
  Status status_of(int result);

  ssl_st* session_;
  std::string problem_;
  bool refused_ = false;
};

}  // namespace weir
