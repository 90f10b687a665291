#include "services/translator/ingress/relay_places.h"

#include <utility>

#include "libs/base/address_prefix.h"
#include "services/translator/ingress/limits.h"

namespace lowband::translator::ingress {

std::optional<Owner> NetworkOf(std::string_view address) {
  const auto parsed = SocketAddress::FromLiteral(address, 0);
  if (!parsed) return std::nullopt;
  return LeadingBytes(*parsed, kSiteIpv6Bytes);
}

RelayPlaces::Entered RelayPlaces::Enter(std::optional<Owner> network, Dropped relay) {
  Entered entered;
  const MutexLock lock(mutex_);
  if (entries_.size() >= max_) {
    const auto victim = Victim(network);
    if (!victim) return entered;
    entered.dropped = std::move(entries_.at(*victim).relay);
    Erase(*victim);
  }
  const uint64_t id = ++last_id_;
  entries_.emplace(id, Entry{network, std::move(relay)});
  if (network) holdings_.Add(*network, id);
  entered.place.emplace(*this, id);
  return entered;
}

std::optional<uint64_t> RelayPlaces::Victim(std::optional<Owner> newcomer) const {
  const auto heaviest = holdings_.Most();
  if (!newcomer || !heaviest) return std::nullopt;
  const size_t most = holdings_.Of(*heaviest);
  // Otherwise two networks with many transfers would push out each other's in turn.
  if (most * kHeavyShare <= max_ || most <= holdings_.Of(*newcomer) + 1) return std::nullopt;
  return holdings_.Oldest(*heaviest);
}

void RelayPlaces::Leave(uint64_t id) {
  const MutexLock lock(mutex_);
  if (entries_.contains(id)) Erase(id);
}

void RelayPlaces::Erase(uint64_t id) {
  const auto it = entries_.find(id);
  if (it->second.network) holdings_.Remove(*it->second.network, id);
  entries_.erase(it);
}

size_t RelayPlaces::used() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace lowband::translator::ingress
