// What is known of a client that may not be there any more: it lost its network, or dialled anew.
//
//   active ──kSilence without any record──▶ asked, by a ping ─┬─ answered: active, and asked later
//     ▲                                                      │            the next time
//     │                                                      ├─ not answered ──▶ away
//     └──────── anything comes of it ◀───────────────────────┤                     │
//                                                            └─ and superseded ──▶ ended
//
// A client is asked where there is something to gain by it, and looked at for no other reason: its
// session has an observation that is polled for at the homeserver; or it is superseded, by another
// session of the same client that began after its last word. Once it is away its observations are
// parked (observations.h), and where it is superseded its session ends. Those that share a token on
// purpose are active, or answer their ping, and stay; they are asked no more until yet another
// session begins.
//
// Whose a session is tell its access token, once the homeserver has taken that (layer.h,
// PollProven()), and the ticket that it came with, since tokens may change each few minutes: whom
// it supersedes is the business of who has the one or the other. Other workers' sessions of a
// client are told of by what makes room at other workers too, PollRelief()
// (admission/newest_sessions.h).
//
// A ping is a CON without content, repeated as every CON: 41 bytes with DTLS. Deployed clients
// answer it with an empty ACK, others with RST, and it tells their users nothing. Those that are
// awake ping the edge each minute themselves, and are never asked. One that answers and says
// nothing else is asked after twice the time, so that an idle phone is seldom woken.
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

/// Of this worker, of the same client. In front are those that were not looked at for longest.
using Namesakes = std::list<SessionId>;

/// One session's place among those of its client.
struct Kinship {
  admission::NewestSessions::Member of;  ///< Empty: it is not known whose it is.
  Namesakes::iterator place;             ///< Unless `of` is empty.
};

struct Silence {
  AccessToken token;  ///< That the homeserver took last.
  Kinship by_token;
  Kinship by_ticket;
  message::SendId ping;  ///< Under way; 0: none.
  TimePoint asked_at;
  TimePoint answered_at;
  unsigned answers = 0;  ///< In a row, while nothing else was heard.

  bool IsOutlived(TimePoint active_at) const {
    return by_token.of.IsOutlived(active_at) || by_ticket.of.IsOutlived(active_at);
  }
};

}  // namespace lowband::edge::request
