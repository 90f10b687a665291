// The ClientHellos whose handshakes ended without a session, as long as their cookies are valid.
//
// A late copy of one must not begin a second handshake: that would send another flight, and a
// client that has a part of the first flight would find the signature over the mixture wrong.
//
// Threading: one worker. Limits: kEndedHellosMax; the oldest is forgotten, since its client has
// probably given up.
#pragma once

#include <algorithm>
#include <deque>
#include <utility>

#include "libs/base/bytes.h"
#include "libs/base/time.h"
#include "services/edge/dtls/limits.h"
#include "services/edge/dtls/session_table.h"

namespace lowband::edge::dtls {

class EndedHellos {
 public:
  /// `began`: the time at which its cookie was accepted.
  void Add(TimePoint began, const ClientRandom& random) {
    if (ended_.size() == kEndedHellosMax) ended_.pop_front();
    ended_.emplace_back(began, random);
  }

  bool Contains(TimePoint now, ByteView random) {
    while (!ended_.empty() && ended_.front().first + 2 * kCookieKeyLife <= now) ended_.pop_front();
    return std::ranges::any_of(
        ended_, [&](const auto& ended) { return std::ranges::equal(ended.second, random); });
  }

 private:
  std::deque<std::pair<TimePoint, ClientRandom>> ended_;
};

}  // namespace lowband::edge::dtls
