// A homeserver that misbehaves as a test scripts it: a raw socket on a free loopback port, one
// thread a connection, TLS if it is given a certificate.
//
// Threading: the script runs on the connection's thread; counters are atomics.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace lowband::translator::testing {

/// One request as it came; header names in lower case.
struct RawRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;
  std::string body;
};

class HttpConnection {
 public:
  HttpConnection(int fd, int number, SSL_CTX* tls);
  ~HttpConnection();

  /// The next whole request; none when the client is gone or the server stops.
  std::optional<RawRequest> Read();
  /// The same without its body, of which the next bytes, framing and all, come from ReadSome.
  std::optional<RawRequest> ReadHead();
  /// What there is; empty when the client is gone or the server stops.
  std::string ReadSome();
  /// A chunked body to its end; none when it broke off.
  std::optional<std::string> ReadChunked();
  /// False when the client is gone.
  bool Send(std::string_view bytes);
  /// Blocks until the client closes its side or the server stops.
  void WaitForClose();
  /// Ends the connection with a TCP reset.
  void Reset();
  /// 1 for the first connection of the server.
  int number() const { return number_; }
  int fd() const { return fd_; }

 private:
  bool Fill();

  const int fd_;
  const int number_;
  SSL* tls_ = nullptr;
  bool usable_ = true;
  std::string buffer_;
};

class HttpServer {
 public:
  using Script = std::function<void(HttpConnection&)>;
  /// The connection is closed when `script` returns. `tls` outlives the server.
  explicit HttpServer(Script script, SSL_CTX* tls = nullptr);
  ~HttpServer();

  uint16_t port() const { return port_; }
  int connections() const { return accepted_; }
  /// `http://127.0.0.1:port`, or https with TLS.
  std::string url(std::string_view host = "127.0.0.1") const;

 private:
  void Accept();

  const Script script_;
  SSL_CTX* const tls_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// `HTTP/1.1 STATUS`, the headers (each ending in CRLF), Content-Length and the body.
std::string Reply(int status, std::string_view body,
                  std::string_view headers = "Content-Type: application/json\r\n");

/// Answers every request of the connection with `reply`.
HttpServer::Script Always(std::string reply);

/// A certificate authority made for this test, and a server certificate by it for `host` (a DNS
/// name or an IPv4 literal).
class TestCertificates {
 public:
  explicit TestCertificates(std::string_view host);
  ~TestCertificates();
  SSL_CTX* server() const { return server_; }
  /// A PEM file with the authority's certificate, removed with this object.
  const std::string& ca_file() const { return ca_file_; }

 private:
  SSL_CTX* server_ = nullptr;
  std::string ca_file_;
};

std::string Gzip(std::string_view plain);

}  // namespace lowband::translator::testing
