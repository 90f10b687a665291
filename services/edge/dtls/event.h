// What the DTLS stage tells its owner, and what it wants sent.
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

/// A handshake ended well: the session can carry data both ways.
struct SessionOpened {
  SessionId session;
  SocketAddress peer;
  uint64_t lineage = 0;     ///< Channel::lineage(): whose it is, as far as tickets tell.
  size_t passed_bytes = 0;  ///< Data of this size has room in a datagram that reached the client.
};
/// The client's address changed (RFC 9146 §6). Unless it is `proven`, the owner sends something
/// that the client answers, and calls ProvePath() when it does.
struct PeerMoved {
  SessionId session;
  SocketAddress peer;
  bool proven = false;
};
/// One record's worth of application data: one CoAP message.
struct DataArrived {
  SessionId session;
  ByteView data;
  /// Of the record, epoch and number. What a client sent later has a higher one; the order of
  /// arrival says less.
  uint64_t sequence = 0;
};
enum class CloseReason : uint8_t {
  kPeerClosed,       ///< close_notify
  kPeerAlert,        ///< fatal alert
  kIdle,             ///< nothing heard for idle_timeout, or ever
  kUnproven,         ///< the homeserver did not get to know its client in unproven_timeout
  kReplaced,         ///< a new handshake from the same address succeeded
  kEvicted,          ///< table full, this was proven, and the least recently used
  kEvictedUnproven,  ///< table full, this was not proven, the oldest of the network that had most
  kLocal,            ///< Close() or Stop()
  kSuperseded,       ///< its client is silent, and has begun another one since
  kProtocolError,    ///< the engine gave the session up
};
/// An opened session ended; nothing more comes of it.
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

/// Another worker has what shall make room for a newcomer of this one.
struct Relief {
  unsigned worker = 0;
  bool proven_in_use = false;  ///< No proven session can go: an unproven one has to.
  friend bool operator==(const Relief&, const Relief&) = default;
};

}  // namespace lowband::edge::dtls
