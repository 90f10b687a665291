// A blocking interface to client::Session: a UDP socket, the clock, and a loop that waits.
//
// Threading: one thread. Ownership: owns socket, session and its source of randomness.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libs/base/address.h"
#include "libs/base/result.h"
#include "libs/client/session.h"

namespace lowband::client {

class Connection {
  class Impl;

 public:
  static constexpr int kNoWake = -1;

  /// Resolves `host` (a name or literal, without brackets), opens the socket and completes the
  /// handshake. If the machine at one address reports a closed port, the next address is tried. An
  /// empty Config::server_name becomes `host`. The error is a sentence that names what failed.
  /// While `wake_fd` is readable, no call waits: Open fails, Wait returns none.
  static Result<std::unique_ptr<Connection>, std::string> Open(const std::string& host,
                                                               uint16_t port, Config config,
                                                               int wake_fd = kNoWake);
  explicit Connection(std::unique_ptr<Impl> impl);  ///< For Open.
  ~Connection();

  /// Sends one request and waits for its answer. `timeout` bounds the whole transfer. Events of
  /// other requests are kept for Wait.
  Result<Response, std::string> Exchange(Request request, Duration timeout);
  /// Waits for one event, `wait` at most, or until woken; for observers and tools with their own
  /// loop. The end of the connection is reported once as Disconnected, with any cause.
  std::optional<Event> Wait(Duration wait);
  Session& session();
  /// The result of the handshake.
  const Connected& connected() const;
  /// The server's address.
  const SocketAddress& server() const;
  uint16_t local_port() const;
  /// Moves to a new local port, like a NAT rebinding. Datagrams to the old one are lost.
  Result<void, std::string> Rebind();
  /// close_notify, once; also done by the destructor.
  void Close();

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::client
