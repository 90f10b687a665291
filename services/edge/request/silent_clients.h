// Clients that may be gone: they lost their network, or began a new session.
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
// Threading: one worker thread. Ownership: uses the message layer and the sessions of all workers,
// which outlive it. Limits: limits.h. Spec: RFC 7252 §4.3, RFC 7641 §4.5.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/base/take_front.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/admission/newest_sessions.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/message/layer.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/sticky.h"

namespace lowband::edge::request {

/// When the last record came from a session, pings included, or when it opened; none: it has ended.
using ActiveAt = std::function<std::optional<TimePoint>(SessionId)>;

class SilentClients {
 public:
  struct Context {
    message::Layer& messages;
    admission::NewestSessions& newest_sessions;
    Counters& counters;
    unsigned worker;  ///< Its number in `newest_sessions`.
    ActiveAt active_at;
    /// The client that has this token.
    std::function<admission::ClientId(const std::string&)> client_of;
    /// Whether an observation of the session polls the homeserver.
    std::function<bool(SessionId)> has_poll_to_save;
  };
  explicit SilentClients(Context context) : context_(std::move(context)) {}

  /// A session has begun by the ticket of an earlier one, or its client has got its first ticket.
  void Open(TimePoint now, SessionId session, admission::ClientId lineage);
  /// The homeserver accepted this token in a session that began then.
  void TakeToken(TimePoint now, SessionId session, TimePoint began, const AccessToken& token);
  /// A ping may save work once the client is silent.
  void Watch(TimePoint now, SessionId session);
  /// The session has ended.
  void Forget(SessionId session);
  /// Another worker has newer sessions of some clients.
  void TakeNews(TimePoint now);
  /// True: the event was the fate of a ping.
  bool TakePingFate(TimePoint now, const message::Event& event);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }

  /// A client that did not answer.
  struct Away {
    SessionId session;
    bool superseded = false;  ///< It has begun a newer session: this one has no use.
  };
  /// Drained after every call above.
  std::optional<Away> PollAway() { return TakeFront(away_); }
  /// Another worker that has to TakeNews().
  std::optional<unsigned> PollRelief() { return TakeFront(reliefs_); }

 private:
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

  static Duration PatienceWith(const Silence& silence);
  void Join(TimePoint now, SessionId session, TimePoint began, admission::ClientId client,
            Kinship& kinship);
  void Leave(Kinship& kinship);
  /// A newer session of the client has begun.
  void WatchNamesakes(TimePoint now, admission::ClientId client);
  void Watch(TimePoint now, SessionId session, const Silence& silence);
  void Check(TimePoint now, SessionId session, Silence& silence);
  void OnPingedInVain(TimePoint now, SessionId session, const Silence& silence);

  const Context context_;
  /// Of sessions that were watched, or whose client is known.
  std::unordered_map<SessionId, Silence> sessions_;
  std::unordered_map<admission::ClientId, Namesakes> namesakes_;
  TimerQueue<SessionId> timers_;  ///< When they are checked.
  size_t pings_ = 0;              ///< Under way.
  std::deque<Away> away_;
  std::deque<unsigned> reliefs_;
};

}  // namespace lowband::edge::request
