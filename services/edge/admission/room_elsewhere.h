// Notes which other worker has to make room when a worker finds a shared ledger full.
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

  /// `victim`, if this worker has to make room; otherwise none, and its worker is noted.
  std::optional<Victim> IfHere(const std::optional<Victim>& victim) {
    if (!victim || victim->worker == worker_) return victim;
    relief_ = victim->worker;
    return std::nullopt;
  }
  /// Returns the worker noted last, and forgets it.
  std::optional<unsigned> TakeRelief() { return std::exchange(relief_, std::nullopt); }

 private:
  const unsigned worker_;
  std::optional<unsigned> relief_;
};

}  // namespace lowband::edge::admission
