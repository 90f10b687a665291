// The places for relayed transfers of all edges, and the choice of the one to free when all are
// taken.
//
//   Enter ── a place is free ──▶ placed
//     └─ full ─┬─ another network has more than an eighth of them, and more than the newcomer's
//              │  would have ──▶ placed; the oldest of that which has most is dropped
//              └─ else ──▶ refused
//
// An edge has the same rule for its connections; this one covers networks that use several edges. A
// network is an IPv4 /32 or IPv6 /48, as one site has. So a network with many transfers loses its
// own.
//
// Threading: any; one lock. Ownership: outlives the places given out. Limits: the number given. A
// dropped transfer has lost its place, and ends as soon as it is notified.
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

/// The interface of a lane that drops a relay.
class RelayHolder {
 public:
  virtual ~RelayHolder() = default;
  /// Any thread, no lock held. A relay that it no longer has is ignored.
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
    std::optional<Dropped> dropped;  ///< The caller notifies the holder, with no lock held.
  };

  explicit RelayPlaces(size_t max) : max_(max) {}

  /// `network`: none if unknown; then the transfer makes no other one end, and is never dropped.
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
