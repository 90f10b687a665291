// Observations: who watches what, and how far each client is known to have come. Events in, actions
// out; whoever calls drains the actions after each event, before the next.
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
// One that polls, or waits, is parked too when its client does not answer a ping (silence.h); once
// that is heard it goes on where it was.
//
// The cursor advances when the client has the whole body, and at no other time: what it has not
// acknowledged is asked for again. Ended by Observe 1, RST, 4.08, an answer that says so (with one
// error notification; its session ends too when that is not acknowledged), and with its session; a
// registration under the same token replaces it.
//
// Polls that fail are tried again for ever. After some in a row the observer gets one error
// notification, and the observation goes on: deployed clients take the error and go on listening
// under their token, and never register twice. A conforming client takes the error for the end
// (RFC 7641 §4.2): its new registration replaces this one, whatever its token, and before that its
// RST to the next notification ends it.
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
  kWaiting,        ///< Until it polls again, or sends the same body again.
  kAwaitingToken,  ///< Refused for want of one that may be on its way.
  kNotifying,
  kParked,
  kCount,
};

/// What moves an observation from state to state.
enum class ObservationEvent : uint8_t {
  kPollStarted,
  kPollFailed,    ///< Or there was no room for the poll, or for the news.
  kPaced,         ///< Nothing new came too soon: the next poll is not at once.
  kTokenAwaited,  ///< The poll was refused for want of a token.
  kNotified,      ///< A message with a number is under way.
  kBegun,         ///< Its client has the first block of several.
  kFetched,       ///< Its client asked for a further block.
  kStalled,       ///< Its client does not fetch the rest.
  kUndelivered,   ///< Its message was given up.
  kRevived,       ///< The same message is under way again.
  kClientAway,    ///< Its client does not answer a ping.
  kCount,
};

/// The state after `event`; none: in this state the event changes nothing.
std::optional<ObservationState> NextState(ObservationState state, ObservationEvent event);

/// What a client asked for, and what is booked for it.
struct Subscription {
  ResponseTarget target;
  v1::Request request;        ///< What every poll asks; its `observe` holds the cursor.
  AccessToken access_token;   ///< The one it was registered with.
  bool awaits_token = false;  ///< As Exchange::awaits_token.
  Booking booking;
  size_t places = 1;  ///< That a poll counts for.
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
  uint32_t number = 0;  ///< Of the last message that bore one (RFC 7641 §3.4).
  ObservationState state = ObservationState::kPolling;

  ExchangeId poll = 0;  ///< Polling; 0 while its answer is looked at.
  TimePoint polled_at;
  std::unique_ptr<Answer> refused;  ///< Awaiting a token: what it gets when none comes.
  std::string offered;              ///< The cursor of the body that is on its way.
  message::SendId notification;     ///< The message that bears the number; RST to it is the end.
  message::SendId sent;             ///< Whose fate matters now: that, or the last block.
  bool whole = false;               ///< `sent` carries the end of the body.
  /// The last request for a further block: of the body on its way, and of the one before, whose
  /// copies may still come.
  std::optional<Fetch> fetch;
  std::optional<Fetch> earlier_fetch;
  unsigned failures = 0;  ///< Polls in a row.
  /// The error notification about them. Set until its client has registered anew, or has taken a
  /// later notification: a conforming one may have ended its observation (RFC 7641 §4.2).
  std::optional<message::SendId> told;
  unsigned quick = 0;   ///< Empty polls in a row that came back at once.
  unsigned stalls = 0;  ///< Notifications in a row whose rest was not fetched.

  SessionId session() const { return subscription.target.session; }
};

class Observations {
 public:
  // What the layer does for them.
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

  /// A new one, polling; OnPollStarted follows at once.
  ObservationId Add(Subscription subscription, uint32_t number);
  void End(ObservationId id);
  /// Ends those of the session without another word.
  void ForgetSession(SessionId session);

  // What became of polls. They are for one that is there; of one that is not, they say nothing.
  void OnPollStarted(TimePoint now, ObservationId id, ExchangeId poll, TimePoint due);
  /// Its answer is here: its places are free. One of the next four follows.
  void OnAnswer(ObservationId id);
  void OnChanged(ObservationId id, std::string cursor, Answer news);
  void OnUnchanged(TimePoint now, ObservationId id);
  void OnEnded(ObservationId id, Answer error);
  /// `at_least`: as long the homeserver wants to be left alone. `error`: what it answered, if that
  /// is anything to tell an observer; taken where it is.
  void OnPollFailed(TimePoint now, ObservationId id, PollFailure failure, Duration at_least = {},
                    Answer* error = nullptr);
  /// Instead of OnEnded, where a token may be on its way.
  void OnTokenAwaited(TimePoint now, ObservationId id, Answer error);
  /// The one in force of the session.
  void OnToken(SessionId session, const AccessToken& token);
  /// The same for one that has not been told of its refusal.
  void PollWith(ObservationId id, const AccessToken& token);
  /// Its poll makes room for another's.
  void OnPollMadeRoom(TimePoint now, ObservationId id);

  // What became of messages.
  void OnNotified(ObservationId id, uint32_t number, message::SendId sent, bool whole);
  void OnFailureTold(ObservationId id, message::SendId sent);
  void OnDelivered(TimePoint now, SessionId session, message::SendId sent);
  void OnRejected(TimePoint now, SessionId session, message::SendId sent);
  /// False: none of them waits for its fate.
  bool OnUndelivered(SessionId session, message::SendId sent);
  void OnRevived(ObservationId id);
  void OnRevivedInVain(ObservationId id);
  /// Another message took the place of `before`.
  void OnReplaced(SessionId session, message::SendId before, message::SendId sent, bool whole);
  /// A block of a notification's body was sent, as CON if `sent` is not 0.
  void OnBlockServed(TimePoint now, ObservationId id, const Fetch& fetch, message::SendId sent,
                     bool last);

  // What became of clients.
  void OnActive(SessionId session);
  /// It does not answer pings: nothing is polled for it until it is heard.
  void OnClientAway(SessionId session);

  /// What is due at one of them; false: nothing is.
  bool Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }
  std::optional<Action> PollAction() { return TakeFront(actions_); }

  /// Null, here and below: there is none.
  const Observation* Find(ObservationId id) const;
  Subscription* FindSubscription(ObservationId id);
  const Observation* FindByPoll(ExchangeId poll) const;
  const Observation* FindByToken(SessionId session, const coap::Token& token) const;
  /// One of that path whose client was told of failed polls, and may have ended it.
  const Observation* FindTold(SessionId session, uint64_t path) const;
  /// Those of a session, in the order of their registration.
  const std::vector<ObservationId>& Of(SessionId session) const;
  /// It costs the homeserver polls.
  bool HasPollToSave(SessionId session) const;
  /// A copy of a request for a block of the body before, which must not get one of this.
  bool IsStaleFetch(ObservationId id, const Fetch& fetch) const;
  size_t size() const { return by_id_.size(); }

 private:
  Observation* FindOwn(ObservationId id);
  Observation* FindByTold(SessionId session, message::SendId sent);
  /// The one that waits for the fate of this message.
  Observation* FindBySent(SessionId session, message::SendId sent);
  /// False: in its state that changes nothing.
  bool Move(Observation& observation, ObservationEvent event);
  void Wait(TimePoint now, Observation& observation, Duration duration);
  void Stall(TimePoint now, Observation& observation);
  /// It waits for no poll any more, and its places are free.
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

/// The number after `number`: 24 bits, and 0 and 1 mean something else in requests.
uint32_t NextObserveNumber(uint32_t number);

}  // namespace lowband::edge::request
