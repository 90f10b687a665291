// Limits the rate of an action for one customer: counted by prefix, for the whole process, since a
// client can choose its worker.
//
// Threading: PrefixRates one thread; PrefixLimiter any: one of several locks is held for a look-up.
// Limits: kPrefixesMax; the prefix that was idle longest makes room.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <unordered_map>

#include "libs/base/address.h"
#include "libs/base/mutex.h"
#include "libs/base/time.h"
#include "services/edge/admission/prefix.h"
#include "services/edge/admission/rate.h"

namespace lowband::edge::admission {

/// The rates of at most `max` prefixes.
class PrefixRates {
 public:
  PrefixRates(const RateLimit& limit, size_t max) : limit_(limit), max_(max) {}

  /// True, and counted, if the action is allowed for `prefix` now.
  bool Take(TimePoint now, Prefix prefix, Eighths cost = kWhole) {
    return Find(prefix).Take(now, limit_, cost);
  }
  void Charge(TimePoint now, Prefix prefix, Eighths cost) {
    Find(prefix).Charge(now, limit_, cost);
  }
  size_t size() const { return by_prefix_.size(); }

 private:
  struct Entry {
    Prefix prefix;
    Rate rate;
  };
  /// The rate of `prefix`, which becomes the last used.
  Rate& Find(Prefix prefix);

  const RateLimit limit_;
  const size_t max_;
  std::list<Entry> by_use_;  // The last used in front.
  std::unordered_map<Prefix, std::list<Entry>::iterator> by_prefix_;
};

class PrefixLimiter {
 public:
  /// Counts by IPv4 address, and by the first `ipv6_bytes` of an IPv6 address.
  explicit PrefixLimiter(const RateLimit& limit, size_t ipv6_bytes = kCustomerIpv6Bytes);

  /// True, and counted, if the action is allowed for `peer` now.
  bool Take(TimePoint now, const SocketAddress& peer, Eighths cost = kWhole);
  /// Adds a cost that was not known when the action was taken.
  void Charge(TimePoint now, const SocketAddress& peer, Eighths cost);

 private:
  static constexpr size_t kShards = 16;
  struct Shard {
    explicit Shard(const RateLimit& limit);
    Mutex mutex;
    PrefixRates rates LOWBAND_GUARDED_BY(mutex);
  };
  Shard& ShardOf(Prefix prefix);

  Prefix Of(const SocketAddress& peer) const { return Prefix{LeadingBytes(peer, ipv6_bytes_)}; }

  const size_t ipv6_bytes_;
  std::deque<Shard> shards_;  ///< A deque, since shards cannot move.
};

}  // namespace lowband::edge::admission
