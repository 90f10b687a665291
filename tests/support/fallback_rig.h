// The TCP fallback on a free loopback port before a scripted relay, and raw clients of it.
//
// Threading: one test thread; the server has its own.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "services/edge/fallback/server.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_relay.h"

namespace lowband::edge::fallback::testing {

/// A client that says exactly what it is told to. Gives up on anything after 10 s.
class RawClient {
 public:
  /// `from`: the loopback address it has.
  explicit RawClient(uint16_t port, const char* from = "127.0.0.1");
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// Puts TLS on the connection; false if that fails. Trusts everybody.
  bool StartTls();
  /// The same over a slow line: `piece` bytes of ours, `pause`, and so on.
  bool StartTlsSlowly(size_t piece, std::chrono::milliseconds pause);
  /// The first bytes of a handshake and no more.
  void BeginTls();
  /// The server's certificate, as DER; after StartTls.
  std::string Certificate() const;
  void Send(std::string_view bytes);
  /// Sends what the server takes at once; false when it takes no more.
  bool SendSome(std::string_view bytes);
  /// Reads until what came ends with `ending`; all that came since the last read.
  std::string ReadUntil(std::string_view ending);
  /// Reads until the server closes.
  std::string ReadAll();
  /// The server has closed, or reset, without sending more.
  bool IsClosed() { return ReadAll().empty(); }
  void Close();

 private:
  /// Appends what comes next; false at the end.
  bool ReadSome(std::string& into);
  /// A handshake over memory.
  void PrepareTls();
  /// What it has to send.
  std::string TakeTls();
  /// Lets it read what comes within `pause`; false when the server has closed.
  bool FeedTls(std::chrono::milliseconds pause);

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* tls_ = nullptr;
};

class Rig {
 public:
  explicit Rig(Script script, Config config = Plain());
  static Config Plain();

  uint16_t port() const { return port_; }
  Server& server() { return *server_; }
  Journal& journal() { return journal_; }
  /// Sends `bytes` on a new connection; all that came back until the server closed.
  std::string Talk(std::string_view bytes);

  size_t requests();
  v1::RelayRequest request(size_t index);
  std::string body(size_t index);
  int cancelled();

 private:
  Journal journal_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

/// Answers every request with 200 and `body` once its own body is there.
Script Always(std::string body);
/// Answers with the request's body.
Script Echo();

}  // namespace lowband::edge::fallback::testing
