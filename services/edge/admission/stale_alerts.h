// Limits the alerts to clients whose session is gone. Without an alert, a client that still sends
// application data after our restart, or after its address changed, would be stuck for minutes.
//
// An alert is no larger than the record that it answers, so no limit is needed against reflection.
// A total limit makes clients return gradually after a crash, no faster than handshakes can be
// made: per second a sixtieth of the maximum of sessions. There are two totals: one for prefixes
// that ask for few alerts, one for prefixes that ask for more (a carrier's NAT, or an attacker), so
// that the latter cannot use up the alerts of the former.
//
// Records with forged sources bring no client back. So, as long as a total is used and few
// handshakes begin, it doubles each second:
//
//   three quarters used, and handshakes fewer than half of the sixtieth ──▶ twice as many
//   more handshakes than the sixtieth, or not a quarter used            ──▶ half as many
//
// The remaining attack: both totals stay at the sixtieth while an attacker who forges sources also
// makes real handshakes from many networks, or while many clients return after a crash. He can then
// use up the first total with very many prefixes, or the second, at the expense of clients in
// prefixes that he names often.
//
// Threading: any; a lock is held for a look-up. Limits: kStaleAlert…
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <unordered_set>
#include <utility>

#include "libs/base/address.h"
#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "services/edge/admission/prefix_limiter.h"
#include "services/edge/admission/rate.h"

namespace lowband::edge::admission {

class StaleAlerts {
 public:
  explicit StaleAlerts(size_t sessions_max);

  /// True, and counted, if `peer` may get an alert now.
  bool Take(TimePoint now, const SocketAddress& peer);
  /// A client begins a handshake, perhaps because of an alert.
  void NoteHandshake() { handshakes_.fetch_add(1, std::memory_order_relaxed); }

 private:
  /// The current limit, per second and at once.
  struct Total {
    size_t per_second;
    Rate rate = {};
    uint64_t sent = 0;  ///< In this period.

    bool Take(TimePoint now);
    void Adapt(uint64_t periods, uint64_t handshakes, size_t usual);
  };

  void Forget(TimePoint now) LOWBAND_REQUIRES(mutex_);
  void Adapt(TimePoint now) LOWBAND_REQUIRES(mutex_);

  const size_t usual_;  ///< Per second.
  PrefixLimiter prefixes_;
  std::atomic<uint64_t> handshakes_{0};  ///< In this period.
  Mutex mutex_;
  TimePoint period_ LOWBAND_GUARDED_BY(mutex_){};  ///< Its beginning.
  Total within_ LOWBAND_GUARDED_BY(mutex_);        ///< For prefixes that ask for few.
  Total beyond_ LOWBAND_GUARDED_BY(mutex_);        ///< For prefixes that ask for more.
  std::deque<std::pair<TimePoint, SocketAddress>> by_time_ LOWBAND_GUARDED_BY(mutex_);
  std::unordered_set<SocketAddress> told_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::edge::admission
