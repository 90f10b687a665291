// The requests that wait for their answers: under way through the uplink, or held back for a moment
// because they were refused for want of a token.
//
//   Start ──▶ under way ──answer──▶ gone
//                │  ▲
//   refused, no token  └──token came: Restart, once
//                ▼  │
//               held ──token_wait──▶ answered with the refusal
//
// A refusal for want of a token means that the homeserver did nothing, so that trying again is safe
// whatever the method is. Only requests that named no token, in a session that had none or one that
// was refused before, are kept for it.
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
  AccessToken access_token;            ///< The one it went with.
  size_t places = 1;                   ///< That it counts for.
  Booking place;                       ///< Under way or held: among the short ones, or the polls.
  TokenPlace token_place;              ///< The same, of its token.
  Attempts attempts;                   ///< To get these.
  Booking body;                        ///< Empty: it has none.
  bool awaits_token = false;           ///< It named none, and the session's is none or refused.
  std::unique_ptr<v1::Request> retry;  ///< The request, while it may be tried again.
  std::unique_ptr<v1::Request> poll;   ///< The request, when it asks to observe.
  bool held = false;
  bool is_poll = false;             ///< It has waited for kPollAge.
  std::unique_ptr<Answer> refused;  ///< Held: what it gets when no token comes.
  TimePoint started;                ///< When its request came.
  TimePoint due;  ///< Under way: when the uplink must have answered. Held: when it is answered.
};

class Exchanges {
 public:
  using Entry = std::list<Exchange>::iterator;

  /// An id for an exchange that is kept elsewhere.
  ExchangeId NextId() { return ++last_id_; }
  /// Gives it an id, unique for the life of the table. `due` must not decrease from call to call.
  Entry Start(TimePoint now, Exchange exchange, TimePoint due);
  std::optional<Entry> Find(ExchangeId id) const;
  void Hold(Entry exchange, Answer refused, TimePoint until);
  /// A held one is under way again, under a new id.
  void Restart(TimePoint now, Entry exchange, TimePoint due);
  /// Takes it out.
  Exchange Take(Entry exchange);

  /// One under way, or held, that has waited for kPollAge since it was started, and is no poll yet.
  std::optional<Entry> FindAged(TimePoint now);
  /// One whose time is over, held or not.
  std::optional<Entry> FindDue(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  size_t size() const { return by_id_.size(); }

 private:
  struct Young {
    TimePoint until;
    ExchangeId id;
  };
  /// Those that have ended, or have another id.
  void DropYoung();

  std::list<Exchange> under_way_;
  std::list<Exchange> held_;
  std::unordered_map<ExchangeId, Entry> by_id_;
  std::deque<Young> young_;  ///< In the order of `until`.
  ExchangeId last_id_ = 0;
};

}  // namespace lowband::edge::request
