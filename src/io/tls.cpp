#include "io/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <cstring>

namespace weir {
namespace {

std::string openssl_problem() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection was cut";
  constexpr unsigned long kSystem = 0x80000000UL;
  if ((code & kSystem) != 0) return std::strerror(static_cast<int>(code & ~kSystem));
  const char* text = ERR_reason_error_string(code);
  return text == nullptr ? "error " + std::to_string(code) : text;
}

std::unexpected<Error> tls_error(const std::string& what) {
  return fail(ErrorKind::kConfig, what + ": " + openssl_problem());
}

Result<void> use_certificate(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1)
    return tls_error("cannot read the certificate " + options.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return tls_error("cannot read the key " + options.key);
  if (SSL_CTX_check_private_key(context) != 1)
    return tls_error("the key " + options.key + " is not that of the certificate");
  return {};
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make_server(const TlsOptions& options) {
  SSL_CTX* raw = SSL_CTX_new(TLS_server_method());
  std::shared_ptr<const TlsContext> made(new TlsContext(raw));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (auto r = use_certificate(raw, options); !r) return fail(r.error());
  if (!options.client_ca.empty()) {
    if (SSL_CTX_load_verify_locations(raw, options.client_ca.c_str(), nullptr) != 1)
      return tls_error("cannot read the certificates in " + options.client_ca);
    SSL_CTX_set_client_CA_list(raw, SSL_load_client_CA_file(options.client_ca.c_str()));
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return made;
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make_client(const TlsOptions& options) {
  SSL_CTX* raw = SSL_CTX_new(TLS_client_method());
  std::shared_ptr<const TlsContext> made(new TlsContext(raw));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  if (auto r = use_certificate(raw, options); !r) return fail(r.error());
  const bool loaded = options.ca.empty()
                          ? SSL_CTX_set_default_verify_paths(raw) == 1
                          : SSL_CTX_load_verify_locations(raw, options.ca.c_str(), nullptr) == 1;
  if (!loaded) return tls_error("cannot read the certificates in " + options.ca);
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsSession::TlsSession(const TlsContext& context, int fd, const std::string& host)
    : session_(SSL_new(context.context_)) {
  SSL_set_fd(session_, fd);
  SSL_set_mode(session_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                             SSL_MODE_RELEASE_BUFFERS);
  if (host.empty()) {
    SSL_set_accept_state(session_);
    return;
  }
  SSL_set_connect_state(session_);
  SSL_set1_host(session_, host.c_str());
  // SSL_set_tlsext_host_name, without its old cast.
  SSL_ctrl(session_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(host.c_str()));
}

TlsSession::~TlsSession() { SSL_free(session_); }

bool TlsSession::established() const { return SSL_is_init_finished(session_) == 1; }

TlsSession::Status TlsSession::status_of(int result) {
  switch (SSL_get_error(session_, result)) {
    case SSL_ERROR_NONE: return Status::kDone;
    case SSL_ERROR_WANT_READ: return Status::kWantRead;
    case SSL_ERROR_WANT_WRITE: return Status::kWantWrite;
    case SSL_ERROR_ZERO_RETURN: return Status::kEnd;
    default:
      refused_ = ERR_peek_error() != 0 && !established();
      problem_ = openssl_problem();
      return Status::kError;
  }
}

TlsSession::Status TlsSession::read(char* to, size_t size, size_t& n) {
  ERR_clear_error();
  n = 0;
  return status_of(SSL_read_ex(session_, to, size, &n));
}

TlsSession::Status TlsSession::write(const char* from, size_t size, size_t& n) {
  ERR_clear_error();
  n = 0;
  return status_of(SSL_write_ex(session_, from, size, &n));
}

void TlsSession::shutdown() {
  ERR_clear_error();
  if (established()) SSL_shutdown(session_);
}

}  // namespace weir
