// Observations: who watches what, and how far each client is known to have come.
//
//   registered ─▶ polling ──unchanged─────────────────▶ polling, by the same cursor
//                  ▲  │ ──failed, or made room──▶ waiting ──backoff─▶ polling, by the same cursor
//                  │  │ changed
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
// Polls that fail are tried again for ever. After some in a row the observer is told once, by an
// error notification, and the observation goes on: deployed clients take the error and go on
// listening under their token, and never register twice. A conforming client takes the error for
// the end (RFC 7641 §4.2): its new registration replaces this one, whatever its token, and before
// that its RST to the next notification ends it.
//
// Threading: one thread. Ownership: of the observations. Limits: Config, limits.h. Spec: RFC 7641.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/message/event.h"
#include "services/edge/request/exchange.h"
#include "services/edge/request/ledger_share.h"
#include "services/edge/request/response_target.h"
#include "services/edge/request/sticky.h"
#include "services/edge/request/token_share.h"

namespace lowband::edge::request {

/// Unique for the life of a worker; 0: none.
using ObservationId = uint64_t;

struct Observation {
  enum class State : uint8_t { kPolling, kWaiting, kNotifying, kParked };

  ObservationId id = 0;
  ResponseTarget target;
  v1::Request request;              ///< What every poll asks; its `observe` holds the cursor.
  AccessToken access_token;         ///< The one it was registered with.
  bool awaits_token = false;        ///< As Exchange::awaits_token.
  std::unique_ptr<Answer> refused;  ///< Waiting for a token: what it gets when none comes.
  uint32_t number = 0;              ///< Of the last message that bore one (RFC 7641 §3.4).
  State state = State::kPolling;
  Booking booking;

  ExchangeId poll = 0;  ///< Polling.
  size_t places = 1;    ///< That a poll counts for.
  Booking place;        ///< Polling: among the polls.
  TokenPlace token_place;
  Attempts attempts;  ///< To get these for the next poll.
  TimePoint polled_at;
  std::string offered;           ///< Notifying, parked: the cursor of the body that is on its way.
  message::SendId notification;  ///< The message that bears the number; RST to it is the end.
  message::SendId sent;          ///< Whose fate matters now: that, or the last block.
  bool whole = false;            ///< `sent` carries the end of the body.
  /// Of the request for a further block that came last: of the body on its way, and of the one
  /// before, whose copies may still come.
  struct Fetch {
    coap::Token token;
    uint16_t message_id = 0;
  };
  std::optional<Fetch> fetch;
  std::optional<Fetch> earlier_fetch;
  unsigned failures = 0;  ///< Polls in a row.
  /// The error notification about them. Set until its client has registered anew, or has taken a
  /// later notification: a conforming one may have ended its observation (RFC 7641 §4.2).
  std::optional<message::SendId> told;
  unsigned quick = 0;   ///< Empty polls in a row that came back at once.
  unsigned stalls = 0;  ///< Notifications in a row whose rest was not fetched.
};

class ObservationTable {
 public:
  Observation& Add(Observation observation);
  Observation* Find(ObservationId id);
  Observation* FindByPoll(ExchangeId poll);
  Observation* FindByToken(SessionId session, const coap::Token& token);
  /// One of that path whose client was told of failed polls, and may have ended it.
  Observation* FindTold(SessionId session, uint64_t path);
  Observation* FindByTold(SessionId session, message::SendId sent);
  /// The one that waits for the fate of this message.
  Observation* FindBySent(SessionId session, message::SendId sent);
  /// Those of a session, in the order of their registration.
  const std::vector<ObservationId>& Of(SessionId session) const;
  void Erase(ObservationId id);

  /// `poll` is under way for it, and has its places; overdue at `due`.
  void SetPoll(Observation& observation, ExchangeId poll, TimePoint due);
  /// It waits for no poll any more, and its places are free; its id, or 0.
  ExchangeId TakePoll(Observation& observation);
  void SetTimer(const Observation& observation, TimePoint at) { timers_.Set(observation.id, at); }
  void CancelTimer(const Observation& observation) { timers_.Cancel(observation.id); }
  /// One whose timer has run out; that is gone.
  Observation* FindDue(TimePoint now);
  std::optional<TimePoint> NextDeadline() { return timers_.Next(); }
  size_t size() const { return by_id_.size(); }

 private:
  std::unordered_map<ObservationId, Observation> by_id_;
  std::unordered_map<ExchangeId, ObservationId> by_poll_;
  std::unordered_map<SessionId, std::vector<ObservationId>> by_session_;
  TimerQueue<ObservationId> timers_;
  ObservationId last_id_ = 0;
};

/// The number after `number`: 24 bits, and 0 and 1 mean something else in requests.
uint32_t NextObserveNumber(uint32_t number);

}  // namespace lowband::edge::request
