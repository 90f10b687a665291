// How often something may be done for one network: counted by /32 of IPv4 and /56 of IPv6, which is
// what one customer has.
//
// Threading: one thread. Limits: kPrefixesMax; the prefix that was quiet longest makes room.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>

#include "libs/base/address.h"
#include "libs/base/time.h"
#include "services/edge/dtls/rate.h"

namespace lowband::edge::dtls {

class PrefixLimiter {
 public:
  explicit PrefixLimiter(const RateLimit& limit) : limit_(limit) {}

  /// True, and counted, if it may be done for `peer` now.
  bool Take(TimePoint now, const SocketAddress& peer);
  size_t size() const { return by_prefix_.size(); }

 private:
  struct Entry {
    uint64_t prefix;
    Rate rate;
  };

  RateLimit limit_;
  std::list<Entry> by_use_;  // The latest in front.
  std::unordered_map<uint64_t, std::list<Entry>::iterator> by_prefix_;
};

}  // namespace lowband::edge::dtls
