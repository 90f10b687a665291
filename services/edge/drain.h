// Ends the sessions of one worker that stops, while the worker serves the rest as before.
//
//   sessions, the quietest first ─▶ a few each step ─┬─ with nothing under way ──▶ ended
//              ▲                                      └─ busy ──┐
//              └────────────────────────────────────────────────┘ asked again later
//
// Sessions that all end at once would bring all clients back at once, to the other edges. So they
// end evenly over four fifths of the limit (a small number sooner); after that, each when it is not
// busy.
//
// Threading: one worker thread. Ownership: values. Limits: limits.h.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/dtls/session_id.h"

namespace lowband::edge {

class Drain {
 public:
  /// False: the session is busy, and is tried again. True also for a session that has ended.
  using End = std::function<bool(SessionId)>;

  /// Ends `quietest_first` in that order, all within four fifths of `limit` unless they are busy.
  /// `random` outlives the drain.
  Drain(TimePoint now, Duration limit, const std::vector<SessionId>& quietest_first,
        Random& random);

  /// A session that opened after the start of the drain.
  void Add(SessionId session) { left_.push_back(session); }
  /// Ends the sessions that are due.
  void Advance(TimePoint now, const End& end);
  /// None while there is no session left.
  std::optional<TimePoint> NextDeadline() const;

 private:
  size_t TurnsAt(TimePoint now) const;

  Random& random_;
  std::deque<SessionId> left_;
  const TimePoint even_until_;
  TimePoint due_;
};

}  // namespace lowband::edge
