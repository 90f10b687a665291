// One observation at its client: the meaning of each message with its token.
//
//   kRegistering ──2.xx with Observe──▶ kObserving ──error, or no Observe──▶ over
//        │ └── anything else: an ordinary answer, no observation
//        └──────────── Cancel ──────────▶ kCancelling ──answer──▶ over
//
// Threading: one thread. Ownership: copies what it keeps. Spec: RFC 7641 §3, RFC 7959 §2.6.
#pragma once

#include <cstdint>
#include <optional>

#include "libs/base/time.h"
#include "libs/client/event.h"
#include "libs/coap/message.h"

namespace lowband::client {

/// RFC 7641 §3.4: whether the notification `number` that came at `now` is newer than `last`, which
/// came at `last_at`.
bool IsNewer(uint32_t number, TimePoint now, uint32_t last, TimePoint last_at);

class Observation {
 public:
  enum class Verdict : uint8_t {
    kOrdinary,        ///< An ordinary answer to the registering request.
    kEarly,           ///< It overtook the answer to the registration: treated as lost.
    kStale,           ///< Older than the newest one.
    kUnwanted,        ///< A notification after Cancel.
    kRepresentation,  ///< The next representation, whole or its first block.
    kLast,            ///< The server ends the observation with this.
    kCancelled,       ///< The server has confirmed the end.
  };

  Observation(const Request& request, const coap::Token& token);

  /// `unacknowledged`: the registering request is not acknowledged yet.
  Verdict OnMessage(TimePoint now, const coap::MessageView& message, bool unacknowledged);
  /// The message that ends the observation, for the message layer to stamp. A body that needs
  /// several blocks is left out: servers know the observation by its token.
  Bytes Cancel();
  /// The request for the rest of a body of several blocks: only the resource.
  const Request& rest() const { return rest_; }

  const coap::Token& token() const { return token_; }
  bool cancelling() const { return state_ == State::kCancelling; }
  /// Observe number of the newest notification.
  uint32_t number() const { return number_; }

  /// The request that gets the rest of the newest body.
  std::optional<RequestId> fetch;
  /// The first body was delivered as the Response.
  bool answered = false;

 private:
  enum class State : uint8_t { kRegistering, kObserving, kCancelling };

  Request rest_;
  Bytes body_;  ///< Body of a FETCH, which also identifies the resource (RFC 8132 §2.4).
  coap::Token token_;
  State state_ = State::kRegistering;
  uint32_t number_ = 0;
  TimePoint number_at_{};
};

}  // namespace lowband::client
