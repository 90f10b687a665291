// The message layer's state of one session, until the session is quiet.
//
// Threading: one thread. Ownership: of the layer. Limits: limits.h. Spec: RFC 7252 §4.4.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/coap/rtt_estimator.h"
#include "services/edge/message/deduplication.h"
#include "services/edge/message/event.h"
#include "services/edge/message/limits.h"
#include "services/edge/message/message_ids.h"

namespace lowband::edge::message {

/// A CON without acknowledgement; that may still come after it was given up.
struct SentConfirmable {
  uint16_t message_id;
  SendId id;
  uint64_t request;  ///< The serial of the request that it answers; 0: none.
  TimePoint since;   ///< When it was sent, or given up.
  bool given_up = false;
  bool undelivered = false;  ///< Given up here, not by the layer above: a late fate is reported.
  bool replaced = false;     ///< Another message has replaced it: its ACK is a stray.
  Bytes notification = {};   ///< If a notification was given up: its message.
};

struct Session {
  Deduplication::Table requests;
  /// IDs of the client's messages, which the edge's messages must not have: deployed clients keep
  /// one table for both directions and would answer with an old message of theirs.
  RecentIds heard{kIdGapMax};
  /// IDs of requests whose duplicates get no answer.
  RecentIds ignored{0};
  /// IDs of requests with evicted answers that must not be carried out twice.
  RecentIds answers_lost{0};
  /// IDs of other requests with evicted answers: their duplicates are carried out anew.
  RecentIds answers_evicted{0};
  std::vector<SentConfirmable> sent;
  coap::RttEstimator round_trips;  ///< Of the edge's CONs and their ACKs.
  uint16_t next_id = 0;            ///< 0: none drawn yet.
  TimePoint used;                  ///< When an ID of either side was used last.

  SentConfirmable* FindSent(uint16_t message_id);
  size_t confirmables() const;
  /// An ID for a message of the edge: not 0, not one that the client used lately, and not one that
  /// may still identify an earlier message of the edge. `near` is an ID of the client's.
  uint16_t TakeId(TimePoint now, uint16_t near, Random& random);
  /// Chooses the ID for a message that is sent anew: a new ID if the client itself used the old one
  /// lately, or if the ID of an answer has expired (RFC 7252 §4.4). A notification keeps its ID for
  /// any time: a client whose clock stood still can recognise it only by that.
  void RenewId(TimePoint now, SentConfirmable& given_up, Random& random);
  /// Null: unknown, or too old.
  SentConfirmable* MarkGivenUp(TimePoint now, SendId id);
  /// Its fate is no longer needed.
  void Forget(SendId id);
  /// True: its state is no longer needed.
  bool IsOver(TimePoint now) const;
};

}  // namespace lowband::edge::message
