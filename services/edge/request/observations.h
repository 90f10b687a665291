// Observations: their clients, their states, and their cursors. Events in, actions out; the caller
// drains the actions after each event, before the next.
//
//   registered ─▶ polling ──unchanged─────────────────▶ polling, by the same cursor
//                  ▲  │ ──failed, or made room──▶ waiting ──backoff─▶ polling, by the same cursor
//                  │  │ ──refused, a token may come──▶ awaiting token ──it comes──▶ polling
//                  │  │ changed                              └──it does not──▶ ended
//                  │  ▼
//                  │ notifying ──whole body acknowledged─▶ polling, by the answer's cursor
//                  │  │ not acknowledged in 93 s   │ rest of the body not fetched, or refused
//                  │  ▼                            └──▶ waiting ──▶ notifying, by the same body
//                  └ parked ──the client is heard──▶ notifying, by the same message or body
//
// An observation that polls or waits is parked too if its client does not answer a ping
// (silent_clients.h); when the client is heard, it continues.
//
// The cursor advances only when the client has the whole body: all that it has not acknowledged is
// asked for again. An observation ends by Observe 1, RST, 4.08, with its session, or by an answer
// that ends it (with one error notification; if that is not acknowledged, its session ends too). A
// registration with the same token replaces it.
//
// Failed polls are repeated for ever. After some in a row the observer gets one error notification,
// and the observation goes on: deployed clients report the error, go on listening for their token,
// and never register again. A conforming client takes the error for the end (RFC 7641 §4.2): its
// new registration replaces this observation, with any token; until then, its RST to the next
// notification ends it.
//
// Threading: one worker thread. Ownership: of the observations. Limits: Config, limits.h.
// Spec: RFC 7641.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "libs/base/random.h"
#include "libs/base/take_front.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/message/event.h"
#include "services/edge/request/config.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/exchange.h"
#include "services/edge/request/ledger_share.h"
#include "services/edge/request/response_target.h"
#include "services/edge/request/sticky.h"
#include "services/edge/request/token_share.h"

namespace lowband::edge::request {

/// Unique for the life of a worker; 0: none.
using ObservationId = uint64_t;

enum class ObservationState : uint8_t {
  kPolling,
  kWaiting,        ///< To poll again, or to send the same body again.
  kAwaitingToken,  ///< Refused without a token, which may be on its way.
  kNotifying,
  kParked,
  kCount,
};

/// The events that change the state of an observation.
enum class ObservationEvent : uint8_t {
  kPollStarted,
  kPollFailed,    ///< Or there was no room for the poll or its answer.
  kPaced,         ///< An empty answer came too soon: the next poll is delayed.
  kTokenAwaited,  ///< The poll was refused for lack of a token.
  kNotified,      ///< A message with an Observe number is under way.
  kBegun,         ///< Its client has the first block of several.
  kFetched,       ///< Its client asked for a further block.
  kStalled,       ///< Its client does not fetch the rest.
  kUndelivered,   ///< Its message was given up.
  kRevived,       ///< The same message is under way again.
  kClientAway,    ///< Its client does not answer a ping.
  kCount,
};

/// The state after `event`; none: the event has no effect in this state.
std::optional<ObservationState> NextState(ObservationState state, ObservationEvent event);

/// A client's registration, and its bookings.
struct Subscription {
  ResponseTarget target;
  v1::Request request;        ///< The request of each poll; its `observe` holds the cursor.
  AccessToken access_token;   ///< The token of its registration.
  bool awaits_token = false;  ///< As Exchange::awaits_token.
  Booking booking;
  size_t places = 1;  ///< The number of places a poll takes.
  Booking place;      ///< Polling: among the polls.
  TokenPlace token_place;
  Attempts attempts;  ///< To get these for the next poll.
};

/// A request for a further block of a notification's body.
struct Fetch {
  coap::Token token;
  uint16_t message_id = 0;
};

struct Observation {
  ObservationId id = 0;
  Subscription subscription;
  uint32_t number = 0;  ///< The last Observe number sent (RFC 7641 §3.4).
  ObservationState state = ObservationState::kPolling;

  ExchangeId poll = 0;  ///< The poll under way; 0 while its answer is processed.
  TimePoint polled_at;
  std::unique_ptr<Answer> refused;  ///< Awaiting a token: its answer if none comes.
  std::string offered;              ///< The cursor of the body under way.
  message::SendId notification;     ///< The message with the number; RST ends the observation.
  message::SendId sent;             ///< Its fate matters now: that message, or the last block.
  bool whole = false;               ///< `sent` carries the end of the body.
  /// The last requests for a further block, of the body under way and of the previous one; copies
  /// of both may still arrive.
  std::optional<Fetch> fetch;
  std::optional<Fetch> earlier_fetch;
  unsigned failures = 0;  ///< Polls in a row.
  /// The error notification about them. Set until its client has registered anew or acknowledged a
  /// later notification: a conforming client may have ended its observation (RFC 7641 §4.2).
  std::optional<message::SendId> told;
  unsigned quick = 0;   ///< Empty polls in a row that ended too soon.
  unsigned stalls = 0;  ///< Notifications in a row not fetched to their end.

  SessionId session() const { return subscription.target.session; }
};

class Observations {
 public:
  // Actions for the layer.
  struct StartPoll {  ///< Then OnPollStarted, or OnPollFailed.
    ObservationId id = 0;
  };
  struct CancelPoll {
    ExchangeId poll = 0;
  };
  struct Notify {  ///< Then OnNotified, or OnPollFailed.
    ObservationId id = 0;
    Answer news;
  };
  struct NotifyAgain {  ///< The same body, if it is kept; else as StartPoll.
    ObservationId id = 0;
  };
  struct TellFailure {  ///< Then OnFailureTold, if it could be sent.
    ObservationId id = 0;
    Answer error;
  };
  struct EndWithError {  ///< Then End.
    ObservationId id = 0;
    Answer error;
  };
  struct Revive {  ///< Then OnRevived, or OnRevivedInVain.
    ObservationId id = 0;
    message::SendId sent;
  };
  struct Abandon {
    SessionId session;
    message::SendId sent;
  };
  struct ReleaseBody {
    SessionId session;
    ObservationId id = 0;
  };
  using Action = std::variant<StartPoll, CancelPoll, Notify, NotifyAgain, TellFailure, EndWithError,
                              Revive, Abandon, ReleaseBody>;

  /// They outlive this.
  Observations(const Config& config, Random& random, Counters& counters)
      : config_(config), random_(random), counters_(counters) {}

  /// Adds an observation in kPolling; OnPollStarted follows at once.
  ObservationId Add(Subscription subscription, uint32_t number);
  void End(ObservationId id);
  /// Ends the session's observations, without a message.
  void ForgetSession(SessionId session);

  // Results of polls. The observation must exist, or the call has no effect.
  void OnPollStarted(TimePoint now, ObservationId id, ExchangeId poll, TimePoint due);
  /// The answer has come: the places of the poll are free. One of the next four calls follows.
  void OnAnswer(ObservationId id);
  void OnChanged(ObservationId id, std::string cursor, Answer news);
  void OnUnchanged(TimePoint now, ObservationId id);
  void OnEnded(ObservationId id, Answer error);
  /// `at_least`: the wait that the homeserver asks for. `error`: the homeserver's answer, if it is
  /// fit for the observer; moved from if it is used.
  void OnPollFailed(TimePoint now, ObservationId id, PollFailure failure, Duration at_least = {},
                    Answer* error = nullptr);
  /// Instead of OnEnded if a token may be on its way.
  void OnTokenAwaited(TimePoint now, ObservationId id, Answer error);
  /// The session's token in force.
  void OnToken(SessionId session, const AccessToken& token);
  /// As OnToken(), for one observation that awaits a token.
  void PollWith(ObservationId id, const AccessToken& token);
  /// Its poll makes room for another.
  void OnPollMadeRoom(TimePoint now, ObservationId id);

  // Fates of messages.
  void OnNotified(ObservationId id, uint32_t number, message::SendId sent, bool whole);
  void OnFailureTold(ObservationId id, message::SendId sent);
  void OnDelivered(TimePoint now, SessionId session, message::SendId sent);
  void OnRejected(TimePoint now, SessionId session, message::SendId sent);
  /// False: no observation waits for its fate.
  bool OnUndelivered(SessionId session, message::SendId sent);
  void OnRevived(ObservationId id);
  void OnRevivedInVain(ObservationId id);
  /// Another message has replaced `before`.
  void OnReplaced(SessionId session, message::SendId before, message::SendId sent, bool whole);
  /// A block of a notification's body was sent, as CON if `sent` is not 0.
  void OnBlockServed(TimePoint now, ObservationId id, const Fetch& fetch, message::SendId sent,
                     bool last);

  // News of clients.
  void OnActive(SessionId session);
  /// It does not answer pings: polling stops until the client is heard.
  void OnClientAway(SessionId session);

  /// Does the next thing that is due; false: nothing is.
  bool Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }
  std::optional<Action> PollAction() { return TakeFront(actions_); }

  /// Null, here and below: no such observation.
  const Observation* Find(ObservationId id) const;
  Subscription* FindSubscription(ObservationId id);
  const Observation* FindByPoll(ExchangeId poll) const;
  const Observation* FindByToken(SessionId session, const coap::Token& token) const;
  /// An observation of that path, by the same body, whose client got an error notification and may
  /// have ended it.
  const Observation* FindTold(SessionId session, const TransferKey& key) const;
  /// The observations of a session, in the order of registration.
  const std::vector<ObservationId>& Of(SessionId session) const;
  /// The session has observations that poll the homeserver.
  bool HasPollToSave(SessionId session) const;
  /// A copy of a request for a block of the previous body; it must not get one of this body.
  bool IsStaleFetch(ObservationId id, const Fetch& fetch) const;
  size_t size() const { return by_id_.size(); }

 private:
  Observation* FindOwn(ObservationId id);
  Observation* FindByTold(SessionId session, message::SendId sent);
  /// The observation that waits for the fate of this message.
  Observation* FindBySent(SessionId session, message::SendId sent);
  /// False: the event has no effect in its state.
  bool Move(Observation& observation, ObservationEvent event);
  void Wait(TimePoint now, Observation& observation, Duration duration);
  void Stall(TimePoint now, Observation& observation);
  /// Takes its poll from it and frees the poll's places.
  ExchangeId TakePoll(Observation& observation);
  void Cancel(Observation& observation);
  void Forget(const Observation& observation);
  template <class Act>
  void Do(Act action) {
    actions_.emplace_back(std::move(action));
  }

  const Config& config_;
  Random& random_;
  Counters& counters_;
  std::unordered_map<ObservationId, Observation> by_id_;
  std::unordered_map<ExchangeId, ObservationId> by_poll_;
  std::unordered_map<SessionId, std::vector<ObservationId>> by_session_;
  TimerQueue<ObservationId> timers_;
  std::deque<Action> actions_;
  ObservationId last_id_ = 0;
};

/// The number after `number`: 24 bits, without 0 and 1, which have other meanings in requests.
uint32_t NextObserveNumber(uint32_t number);

}  // namespace lowband::edge::request
