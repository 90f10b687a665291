// The places for relayed transfers of all edges, and who gives one up when all are taken.
//
//   Enter ── a place is free ──▶ placed
//     └─ full ─┬─ another network has more than an eighth of them, and more than the newcomer's
//              │  would have ──▶ placed; the oldest of that which has most is dropped
//              └─ else ──▶ refused
//
// An edge has the same rule for its connections; it is here for what comes by several edges. A
// network is what one site has: /32 of IPv4, /48 of IPv6. Who has much pays with its own.
//
// Threading: any; one lock. Ownership: outlives the places given out. Limits: the number given. Who
// is dropped has no place any more, and goes as soon as it is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "libs/base/holdings.h"
#include "libs/base/mutex.h"
#include "libs/base/place.h"

namespace lowband::translator::ingress {

/// A lane, as far as it is told to drop a relay.
class RelayHolder {
 public:
  virtual ~RelayHolder() = default;
  /// Any thread, no lock held. What it has no more, it ignores.
  virtual void DropRelay(uint64_t relay) = 0;
};

/// The network of a client. None: `address` is no literal.
std::optional<Owner> NetworkOf(std::string_view address);

class RelayPlaces {
 public:
  using Place = lowband::Place<RelayPlaces>;
  struct Dropped {
    std::weak_ptr<RelayHolder> holder;
    uint64_t relay = 0;
  };
  struct Entered {
    std::optional<Place> place;      ///< None: refused.
    std::optional<Dropped> dropped;  ///< To be told, by the caller, without a lock of its own.
  };

  explicit RelayPlaces(size_t max) : max_(max) {}

  /// `network`: none if it is not known; then it makes nobody give way, and never gives way.
  Entered Enter(std::optional<Owner> network, Dropped relay);

  size_t used() const;

 private:
  friend Place;
  struct Entry {
    std::optional<Owner> network;
    Dropped relay;
  };

  void Leave(uint64_t id);
  void Erase(uint64_t id) LOWBAND_REQUIRES(mutex_);
  std::optional<uint64_t> Victim(std::optional<Owner> newcomer) const LOWBAND_REQUIRES(mutex_);

  const size_t max_;
  mutable Mutex mutex_;
  std::unordered_map<uint64_t, Entry> entries_ LOWBAND_GUARDED_BY(mutex_);
  Holdings holdings_ LOWBAND_GUARDED_BY(mutex_);
  uint64_t last_id_ LOWBAND_GUARDED_BY(mutex_) = 0;
};

}  // namespace lowband::translator::ingress
