// The output of the DTLS stage: events for its owner, and datagrams to send.
//
// Threading: values of one worker. Ownership: views are valid until the stage's next call. Spec:
// RFC 6347, RFC 9146 §6.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "services/edge/dtls/session_id.h"

namespace lowband::edge::dtls {

/// A handshake succeeded: the session can carry data both ways.
struct SessionOpened {
  SessionId session;
  SocketAddress peer;
  uint64_t lineage = 0;     ///< Channel::lineage(): identifies the client by its tickets.
  size_t passed_bytes = 0;  ///< A datagram with this much data is known to reach the client.
};
/// The client's address changed (RFC 9146 §6). Unless it is `proven`, the owner sends something
/// that the client answers, and calls ProvePath() when it does.
struct PeerMoved {
  SessionId session;
  SocketAddress peer;
  bool proven = false;
};
/// The application data of one record: one CoAP message.
struct DataArrived {
  SessionId session;
  ByteView data;
  /// The record's epoch and number: the order in which the client sent, unlike that of arrival.
  uint64_t sequence = 0;
};
enum class CloseReason : uint8_t {
  kPeerClosed,       ///< close_notify
  kPeerAlert,        ///< fatal alert
  kIdle,             ///< no data came for idle_timeout, or at all
  kUnproven,         ///< still unproven after unproven_timeout
  kReplaced,         ///< a new handshake from the same address succeeded
  kEvicted,          ///< table full; a proven session, the least recently used
  kEvictedUnproven,  ///< table full; an unproven one, the oldest of the network with the most
  kLocal,            ///< Close() or Stop()
  kSuperseded,       ///< its client is silent here, and has begun a newer session
  kProtocolError,    ///< the engine gave the session up
};
/// An open session ended; its last event.
struct SessionClosed {
  SessionId session;
  CloseReason reason;
};
using Event = std::variant<SessionOpened, PeerMoved, DataArrived, SessionClosed>;

/// One datagram to send.
struct Transmit {
  SocketAddress peer;
  ByteView datagram;
};

/// Another worker has the holding that has to make room for a newcomer of this one.
struct Relief {
  unsigned worker = 0;
  bool proven_in_use = false;  ///< No proven session can go: an unproven one has to.
  friend bool operator==(const Relief&, const Relief&) = default;
};

}  // namespace lowband::edge::dtls
