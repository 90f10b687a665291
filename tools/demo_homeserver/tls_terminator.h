// A TLS proxy before the homeserver, as on the internet, for measurements: accepts TLS on a free
// port of 127.0.0.1 and passes the plain bytes on to the homeserver.
//
// Threading: one thread of its own, for one connection. Ownership: owns its sockets.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace lowband::demo {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;
using Ssl = std::unique_ptr<SSL, SslFree>;

/// A file descriptor that is closed at the end.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

/// A TCP connection to the first address of `host` that answers. Segments are of the size that the
/// internet has, not of loopback's 64 KB. Throws std::runtime_error.
std::unique_ptr<Socket> ConnectTcp(const std::string& host, const std::string& port);

class TlsTerminator {
 public:
  /// Throws std::runtime_error when the certificate cannot be used.
  TlsTerminator(const std::string& cert, const std::string& key, std::string upstream_host,
                std::string upstream_port);
  ~TlsTerminator();
  TlsTerminator(const TlsTerminator&) = delete;
  TlsTerminator& operator=(const TlsTerminator&) = delete;

  uint16_t port() const { return port_; }

 private:
  void Serve();
  void Relay(SSL* ssl, int client, int upstream);

  SslContext context_;
  std::string upstream_host_;
  std::string upstream_port_;
  std::unique_ptr<Socket> listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace lowband::demo
