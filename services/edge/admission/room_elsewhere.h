// Which other worker has to make room, where a worker looked at a ledger that all share.
//
// Threading: one worker thread.
#pragma once

#include <optional>
#include <utility>

#include "services/edge/admission/ledger.h"

namespace lowband::edge::admission {

class RoomElsewhere {
 public:
  explicit RoomElsewhere(unsigned worker) : worker_(worker) {}

  /// `victim`, if this worker has to make the room; else its worker is noted.
  std::optional<Victim> IfHere(const std::optional<Victim>& victim) {
    if (!victim || victim->worker == worker_) return victim;
    relief_ = victim->worker;
    return std::nullopt;
  }
  /// The worker that was noted last, once.
  std::optional<unsigned> TakeRelief() { return std::exchange(relief_, std::nullopt); }

 private:
  const unsigned worker_;
  std::optional<unsigned> relief_;
};

}  // namespace lowband::edge::admission
