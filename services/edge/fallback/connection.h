// One client's connection: its requests, one after the other, until either side closes.
//
//   handshake ─▶ idle ─first byte─▶ reading head ─▶ transfer ─kept alive─▶ idle
//                                        └─refused─▶ error, linger, close
//
// Threading: one thread runs it. Ownership: borrows configuration, channel and counters; has the
// stream. Limits: limits.h. Spec: RFC 9112 §9.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "services/edge/fallback/transfer.h"
#include "services/edge/fallback/wire.h"

namespace lowband::edge::fallback {

class Connection {
 public:
  Connection(std::unique_ptr<ByteStream> stream, Client client, const Config& config,
             RelayChannel& channel, StopSignals stop, Counters& counters);

  /// Blocks until the connection is over.
  void Run();

 private:
  bool Handshake();
  std::optional<http::RequestHead> ReadHead(Duration patience);
  bool Serve(const http::RequestHead& head);
  void Refuse(const http::Refusal& refusal, bool without_body);

  const Client client_;
  const Config& config_;
  Counters& counters_;
  const TransferContext context_;
  Wire wire_;
};

}  // namespace lowband::edge::fallback
