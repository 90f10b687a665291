// What the message layer knows of one session while it is not quiet.
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

/// A CON of ours that was not acknowledged so far; given up, it may still be.
struct SentConfirmable {
  uint16_t message_id;
  SendId id;
  uint64_t request;  ///< The serial of what it answers; 0: nothing.
  TimePoint since;   ///< It was sent, or given up.
  bool given_up = false;
  bool undelivered = false;  ///< Given up by us, not by the layer above: a late fate is told.
  bool replaced = false;     ///< Another message took its place: its ACK is a stray.
  Bytes notification = {};   ///< What was given up and answers nothing, to be sent again.
};

struct Session {
  Deduplication::Table requests;
  /// IDs of the client's messages, which ours must not have: deployed clients keep one table for
  /// both directions and answer our message with their own old one.
  RecentIds heard{kIdGapMax};
  /// IDs of requests whose duplicates get nothing (any more).
  RecentIds ignored{0};
  /// IDs of requests that were carried out, must not be again, and whose answers were evicted.
  RecentIds answers_lost{0};
  /// IDs of the others whose answers were evicted: their duplicates are carried out anew.
  RecentIds answers_evicted{0};
  std::vector<SentConfirmable> sent;
  coap::RttEstimator round_trips;  ///< Of our CONs and their ACKs.
  uint16_t next_id = 0;            ///< 0: none drawn yet.
  TimePoint used;                  ///< When an ID of either side was used last.

  SentConfirmable* FindSent(uint16_t message_id);
  size_t confirmables() const;
  /// An ID for a message of ours: never 0, nor one the client used lately, nor one of ours that may
  /// still mean an earlier message. `near` is an ID of the client's.
  uint16_t TakeId(TimePoint now, uint16_t near, Random& random);
  /// What was given up is to be sent anew: under another ID where the client has used its own one
  /// lately, or where that of an answer is forgotten (RFC 7252 §4.4). A notification keeps its own
  /// however late: a client whose clock stood still may know it again by that, and by nothing else.
  void RenewId(TimePoint now, SentConfirmable& given_up, Random& random);
  /// Null if there is no such one, or it is too old to matter.
  SentConfirmable* MarkGivenUp(TimePoint now, SendId id);
  /// Its fate is of no interest any more.
  void Forget(SendId id);
  /// Nothing in it matters any more.
  bool IsOver(TimePoint now) const;
};

}  // namespace lowband::edge::message
