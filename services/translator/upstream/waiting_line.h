// Requests that wait for a place, in turn by owner: an owner with many never delays one with few.
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

  /// `rank`: current rank of `owner`; lower ranks come first, before the turn counts.
  void Join(Owner owner, uint64_t id, size_t rank);
  /// Removes it without Take. REQUIRES: it waits.
  void Leave(Owner owner, uint64_t id);
  /// No effect if `owner` does not wait.
  void SetRank(Owner owner, size_t rank);

  /// The owner whose turn it is. None: no request waits.
  std::optional<Front> First() const;
  /// The oldest request of `owner`, whose turn is then the last. REQUIRES: it waits.
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
