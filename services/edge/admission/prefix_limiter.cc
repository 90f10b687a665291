#include "services/edge/admission/prefix_limiter.h"

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {

Rate& PrefixRates::Find(Prefix prefix) {
  const auto found = by_prefix_.find(prefix);
  if (found != by_prefix_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->rate;
  }
  if (by_prefix_.size() == max_) {
    by_prefix_.erase(by_use_.back().prefix);
    by_use_.pop_back();
  }
  by_use_.push_front({prefix, Rate()});
  by_prefix_.emplace(prefix, by_use_.begin());
  return by_use_.front().rate;
}

PrefixLimiter::Shard::Shard(const RateLimit& limit) : rates(limit, kPrefixesMax / kShards) {}

PrefixLimiter::PrefixLimiter(const RateLimit& limit, size_t ipv6_bytes) : ipv6_bytes_(ipv6_bytes) {
  for (size_t i = 0; i < kShards; ++i) shards_.emplace_back(limit);
}

// Neighbours differ in the low bytes of the prefix; a multiplication spreads them over the shards.
PrefixLimiter::Shard& PrefixLimiter::ShardOf(Prefix prefix) {
  constexpr uint64_t kMixer = 0x9e3779b97f4a7c15;
  static_assert(kShards == 16, "four bits");
  return shards_[static_cast<uint64_t>(prefix) * kMixer >> 60];
}

bool PrefixLimiter::Take(TimePoint now, const SocketAddress& peer, Eighths cost) {
  const Prefix prefix = Of(peer);
  Shard& shard = ShardOf(prefix);
  const MutexLock lock(shard.mutex);
  return shard.rates.Take(now, prefix, cost);
}

void PrefixLimiter::Charge(TimePoint now, const SocketAddress& peer, Eighths cost) {
  const Prefix prefix = Of(peer);
  Shard& shard = ShardOf(prefix);
  const MutexLock lock(shard.mutex);
  shard.rates.Charge(now, prefix, cost);
}

}  // namespace lowband::edge::admission
