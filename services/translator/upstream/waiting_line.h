// Requests that wait for a place, in turn by owner: whoever has many waiting holds up nobody who
// has few.
//
//   owners by rank, in each rank by turn      A ▸ 3 7 8      B ▸ 5      C ▸ 4 6
//   First: A, its oldest: 3. After Take the turn is B's, then C's, then A's.
//
// Threading: one thread. Limits: its user's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "libs/base/holdings.h"

namespace lowband::translator::upstream {

class WaitingLine {
 public:
  struct Front {
    size_t rank;
    Owner owner;
  };

  /// `rank`: that of `owner` now; the lower ones come first, whoever's turn it is.
  void Join(Owner owner, uint64_t id, size_t rank);
  /// It goes without having been taken. REQUIRES: it waits.
  void Leave(Owner owner, uint64_t id);
  /// Nothing if `owner` does not wait.
  void SetRank(Owner owner, size_t rank);

  /// Whose turn it is. None: nobody waits.
  std::optional<Front> First() const;
  /// The oldest of `owner`, whose turn comes last then. REQUIRES: it waits.
  uint64_t Take(Owner owner);

  const Holdings& waiting() const { return waiting_; }

 private:
  struct Seat {
    size_t rank;
    uint64_t turn;
  };
  void Sit(Owner owner, Seat seat);
  void Stand(Owner owner);

  Holdings waiting_;
  std::unordered_map<Owner, Seat> seats_;
  std::set<std::tuple<size_t, uint64_t, Owner>> order_;
  uint64_t last_turn_ = 0;
};

}  // namespace lowband::translator::upstream
