// What the message layer tells the layer above, and the names it gives to messages.
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

/// How a request came, which decides how its answer goes.
enum class Arrival : uint8_t { kConfirmable, kNonConfirmable, kInAcknowledgement };

/// Names one received request until it is answered: exactly one Respond() each.
struct RequestRef {
  SessionId session;
  uint64_t serial = 0;  ///< Unique in the layer.
  uint16_t message_id = 0;
  Arrival arrival = Arrival::kConfirmable;
  /// Carrying it out anew does no harm (RFC 7252 §4.5): its answer may be dropped for want of room.
  bool repeatable = true;
  /// Of the record that brought it: what the client sent later in its session has a higher one. 0
  /// in all of a session: not known.
  uint64_t sequence = 0;
};

/// Names one CON of ours until its fate is known. 0: none (piggybacked or NON, fate never known).
struct SendId {
  uint64_t value = 0;
  friend auto operator<=>(const SendId&, const SendId&) = default;
};

/// A request that is no duplicate, or one whose answer was lost.
struct RequestArrived {
  RequestRef ref;
  coap::MessageView message;
  /// For kInAcknowledgement: the CON of ours that it acknowledges.
  SendId acknowledges;
  /// It was answered before, that answer is not kept any more, and it must not happen twice: an
  /// error is its answer.
  bool answer_lost = false;
  /// The same, and it is carried out anew. The client said it before what came since: it changes
  /// nothing for what is to come.
  bool again = false;
};
/// A CON of ours was acknowledged.
struct Delivered {
  SessionId session;
  SendId id;
  size_t bytes = 0;      ///< Of the message; 0 when it had been given up.
  unsigned repeats = 0;  ///< Copies after the first.
};
/// A CON of ours was answered with RST: its client knows nothing that it belongs to. Or with an
/// error, `unusable`: deployed clients send 4.08 when they cannot use it.
struct Rejected {
  SessionId session;
  SendId id;
  bool unusable = false;
};
/// A CON of ours was not acknowledged so far: MAX_TRANSMIT_WAIT is over, or it made
/// room for another. Delivered or Rejected may still follow.
struct Undelivered {
  SessionId session;
  SendId id;
  bool made_room = false;  ///< Its time was not over: it says nothing of the client.
};
/// The first thing that came from the session since Undelivered: the client is back.
struct Active {
  SessionId session;
};
/// A message of ours that is not small was sent again in vain, and its time has come once more. Its
/// path may take only small ones: Repeat() or Replace() must follow.
struct RepeatedInVain {
  SessionId session;
  SendId id;           ///< 0: it is the piggybacked answer to `request`.
  RequestRef request;  ///< With an id: nothing.
  coap::MessageView message;
  size_t bytes = 0;  ///< Of the message.
};
using Event =
    std::variant<RequestArrived, Delivered, Rejected, Undelivered, Active, RepeatedInVain>;

/// What became of a confirmable message of ours.
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
/// None: the event tells of none.
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
