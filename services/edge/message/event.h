// The events of the message layer for the layer above, and its names for messages.
//
// Threading: values. Ownership: a RequestArrived points into the layer that made it and is valid
// until the next call on that.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "libs/base/bytes.h"
#include "libs/coap/message.h"
#include "services/edge/dtls/session_id.h"

namespace lowband::edge::message {

/// The message type of a request; it determines the type of its answer.
enum class Arrival : uint8_t { kConfirmable, kNonConfirmable, kInAcknowledgement };

/// Identifies a received request until its one Respond().
struct RequestRef {
  SessionId session;
  uint64_t serial = 0;  ///< Unique in the layer.
  uint16_t message_id = 0;
  Arrival arrival = Arrival::kConfirmable;
  /// It may be carried out anew (RFC 7252 §4.5): its answer may be dropped for lack of room.
  bool repeatable = true;
  /// Number of the record that brought it; later messages of the session have higher numbers. 0 in
  /// the whole session: unknown.
  uint64_t sequence = 0;
};

/// Identifies a CON of the edge until its fate is known. 0: none (piggybacked or NON: never known).
struct SendId {
  uint64_t value = 0;
  friend auto operator<=>(const SendId&, const SendId&) = default;
};

/// A request that is not a duplicate, or a duplicate without a kept answer.
struct RequestArrived {
  RequestRef ref;
  coap::MessageView message;
  /// For kInAcknowledgement: the CON that it acknowledges.
  SendId acknowledges;
  /// It was answered before, the answer is no longer kept, and it must not be carried out twice:
  /// the answer is an error.
  bool answer_lost = false;
  /// It was answered before and is carried out anew. The client sent it before later messages: its
  /// sticky options do not hold for them.
  bool again = false;
};
/// A CON was acknowledged.
struct Delivered {
  SessionId session;
  SendId id;
  size_t bytes = 0;      ///< Of the message; 0 if it was given up before.
  unsigned repeats = 0;  ///< Copies after the first.
};
/// A CON was answered with RST: its client has no use for it. Or with an error, `unusable`:
/// deployed clients send 4.08 for a message that they cannot use.
struct Rejected {
  SessionId session;
  SendId id;
  bool unusable = false;
};
/// A CON has no acknowledgement: MAX_TRANSMIT_WAIT is over, or it made room for another one.
/// Delivered or Rejected may still follow.
struct Undelivered {
  SessionId session;
  SendId id;
  bool made_room = false;  ///< Its time was not over: no sign that the client is gone.
};
/// The first message of the session since Undelivered: the client is back.
struct Active {
  SessionId session;
};
/// A message that is not small was retransmitted in vain, and is due again. Its path may take only
/// small ones: Repeat() or Replace() must follow.
struct RepeatedInVain {
  SessionId session;
  SendId id;           ///< 0: the piggybacked answer to `request`.
  RequestRef request;  ///< Only without an id.
  coap::MessageView message;
  size_t bytes = 0;  ///< Of the message.
};
using Event =
    std::variant<RequestArrived, Delivered, Rejected, Undelivered, Active, RepeatedInVain>;

/// The fate of a confirmable message.
enum class Fate : uint8_t {
  kAnswered,  ///< By ACK or RST.
  kMadeRoom,  ///< Undelivered::made_room.
  kInVain,
};
struct Settled {
  SessionId session;
  SendId id;
  Fate fate;
};
/// None: the event is about none.
inline std::optional<Settled> FateOf(const Event& event) {
  if (const auto* acked = std::get_if<Delivered>(&event)) {
    return Settled{acked->session, acked->id, Fate::kAnswered};
  }
  if (const auto* reset = std::get_if<Rejected>(&event)) {
    return Settled{reset->session, reset->id, Fate::kAnswered};
  }
  if (const auto* lost = std::get_if<Undelivered>(&event)) {
    return Settled{lost->session, lost->id, lost->made_room ? Fate::kMadeRoom : Fate::kInVain};
  }
  return std::nullopt;
}

struct Transmit {
  SessionId session;
  ByteView message;
};

}  // namespace lowband::edge::message
