#include "services/edge/dtls/prefix_limiter.h"

#include "services/edge/dtls/limits.h"

namespace lowband::edge::dtls {
namespace {

// The bytes that count, and a last byte that keeps the two families apart.
uint64_t PrefixOf(const SocketAddress& peer) {
  const bool ipv4 = peer.is_ipv4();
  const size_t begin = ipv4 ? 12 : 0;
  const size_t size = ipv4 ? 4 : 7;
  uint64_t prefix = 0;
  for (size_t i = begin; i < begin + size; ++i) prefix = prefix << 8 | peer.ip()[i];
  return prefix << 8 | (ipv4 ? 4 : 6);
}

}  // namespace

bool PrefixLimiter::Take(TimePoint now, const SocketAddress& peer) {
  const uint64_t prefix = PrefixOf(peer);
  const auto found = by_prefix_.find(prefix);
  if (found != by_prefix_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->rate.Take(now, limit_);
  }
  if (by_prefix_.size() == kPrefixesMax) {
    by_prefix_.erase(by_use_.back().prefix);
    by_use_.pop_back();
  }
  by_use_.push_front({prefix, Rate()});
  by_prefix_.emplace(prefix, by_use_.begin());
  return by_use_.front().rate.Take(now, limit_);
}

}  // namespace lowband::edge::dtls
