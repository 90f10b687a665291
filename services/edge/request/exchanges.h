// The requests that wait for their answers: under way through the uplink, or held for a moment
// because they were refused for lack of a token.
//
//   Start ──▶ under way ──answer──▶ gone
//                │  ▲
//   refused, no token  └──token came: Restart, once
//                ▼  │
//               held ──token_wait──▶ answered with the refusal
//
// After a refusal for lack of a token the homeserver has done nothing, so that a second try is safe
// for every method. Only requests without a token of their own are kept for it, in a session that
// had no token, or whose token was refused before.
//
// Threading: one thread. Ownership: of the exchanges. Limits: Config.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

#include "libs/base/time.h"
#include "services/edge/message/event.h"
#include "services/edge/request/exchange.h"
#include "services/edge/request/ledger_share.h"
#include "services/edge/request/response_target.h"
#include "services/edge/request/sticky.h"
#include "services/edge/request/token_share.h"

namespace lowband::edge::request {

struct Exchange {
  ExchangeId id = 0;
  message::RequestRef ref;
  ResponseTarget target;
  bool idempotent = false;
  AccessToken access_token;            ///< The token it was sent with.
  size_t places = 1;                   ///< The number of places it takes.
  Booking place;                       ///< Among the short requests, or the polls.
  TokenPlace token_place;              ///< Its place in its token's limits.
  Attempts attempts;                   ///< To get these.
  Booking body;                        ///< Empty: it has none.
  bool awaits_token = false;           ///< It names none; the session has none, or a refused one.
  std::unique_ptr<v1::Request> retry;  ///< The request, while it may be tried again.
  std::unique_ptr<v1::Request> poll;   ///< The request, when it asks to observe.
  bool held = false;
  bool is_poll = false;             ///< It has waited for kPollAge.
  std::unique_ptr<Answer> refused;  ///< Held: its answer if no token comes.
  TimePoint started;                ///< When its request came.
  TimePoint due;  ///< Under way: the uplink's deadline. Held: when it is answered.
};

class Exchanges {
 public:
  using Entry = std::list<Exchange>::iterator;

  /// An id for an exchange that is not in this table.
  ExchangeId NextId() { return ++last_id_; }
  /// Gives it an id, unique in the table for ever. `due` must not decrease between calls.
  Entry Start(TimePoint now, Exchange exchange, TimePoint due);
  std::optional<Entry> Find(ExchangeId id) const;
  void Hold(Entry exchange, Answer refused, TimePoint until);
  /// Puts a held exchange under way again, with a new id.
  void Restart(TimePoint now, Entry exchange, TimePoint due);
  /// Removes and returns it.
  Exchange Take(Entry exchange);

  /// An exchange that was started kPollAge ago, and is no poll yet.
  std::optional<Entry> FindAged(TimePoint now);
  /// An exchange whose time is over, held or not.
  std::optional<Entry> FindDue(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  size_t size() const { return by_id_.size(); }

 private:
  struct Young {
    TimePoint until;
    ExchangeId id;
  };
  /// Drops entries whose exchange has ended or got another id.
  void DropYoung();

  std::list<Exchange> under_way_;
  std::list<Exchange> held_;
  std::unordered_map<ExchangeId, Entry> by_id_;
  std::deque<Young> young_;  ///< In the order of `until`.
  ExchangeId last_id_ = 0;
};

}  // namespace lowband::edge::request
