// The state of a client that may be gone: it lost its network, or began a new session.
//
//   active ──kSilence without any record──▶ asked, by a ping ─┬─ answered: active, and asked later
//     ▲                                                      │            the next time
//     │                                                      ├─ not answered ──▶ away
//     └──────── anything comes from it ◀─────────────────────┤                     │
//                                                            └─ and superseded ──▶ ended
//
// A client is asked only where that can save work: its session has an observation that polls the
// homeserver; or it is superseded, by a session of the same client that began after its last
// record. Once a client is away, its observations are parked (observations.h), and a superseded
// session ends. Clients that share a token on purpose are active, or answer their ping, and stay;
// they are asked again only after yet another session has begun.
//
// A client is identified by its access token, once the homeserver has accepted that (layer.h,
// PollProven()), and by the ticket of its session, since tokens may change every few minutes: a
// session is superseded by one with the same token or ticket. News of sessions at other workers
// come by the path of requests for room, PollRelief() (admission/newest_sessions.h).
//
// A ping is an empty CON, retransmitted like every CON: 41 bytes with DTLS. Deployed clients answer
// with an empty ACK, others with RST, and users notice nothing. Clients that are awake ping the
// edge each minute and are never asked. The time doubles for a client that answers and sends
// nothing else, so that an idle phone is seldom woken.
//
// Threading: values. Limits: limits.h. Spec: RFC 7252 §4.3, RFC 7641 §4.5.
#pragma once

#include <list>

#include "libs/base/time.h"
#include "services/edge/admission/newest_sessions.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/message/event.h"
#include "services/edge/request/sticky.h"

namespace lowband::edge::request {

/// Sessions of one client at this worker. In front are those not checked for the longest time.
using Namesakes = std::list<SessionId>;

/// A session's place among the sessions of its client.
struct Kinship {
  admission::NewestSessions::Member of;  ///< Empty: the client is not known.
  Namesakes::iterator place;             ///< Unless `of` is empty.
};

struct Silence {
  AccessToken token;  ///< The last one that the homeserver accepted.
  Kinship by_token;
  Kinship by_ticket;
  message::SendId ping;  ///< Under way; 0: none.
  TimePoint asked_at;
  TimePoint answered_at;
  unsigned answers = 0;  ///< In a row, with nothing else heard.

  bool IsOutlived(TimePoint active_at) const {
    return by_token.of.IsOutlived(active_at) || by_ticket.of.IsOutlived(active_at);
  }
};

}  // namespace lowband::edge::request
