// The replicas of the translator that a worker's lanes have come out at: which lanes lead to each,
// and whose turn is next.
//
//                 ┌─ pass 7 ── lane 3, lane 9 (probe)
//   Next() ─▶ least pass
//                 └─ pass 8 ── lane 4
//
// gRPC keeps the list of replicas to itself: what is known of them is where lanes came out. So one
// lane more than there are known replicas is kept, the probe, and replaced often: sooner or later
// it comes out at a replica that is new.
//
// Turns are those of stride scheduling: the replica with the least pass is next, and its pass grows
// by its stride, which grows with what it has been given without a word from it. A replica that
// hangs gets little, and one that has only long polls is still asked and can show that it is well.
// The lane with the fewest exchanges would be the wrong one: a new lane has none, and would get
// everything until it has its share of those that wait for minutes.
//
// Threading: one worker thread. Ownership: refers to lanes, which leave before they end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/edge/uplink/lane.h"

namespace lowband::edge::uplink {

struct Replica {
  std::string address;       ///< As gRPC writes it; empty: unknown, and then it has one lane.
  uint64_t pass = 0;         ///< Its turn: the replica whose pass is least is next.
  std::vector<Lane*> lanes;  ///< By age; those that only finish what they have included.

  /// Some lane takes requests.
  bool open() const;
  /// The oldest lane that does; with `living`, of those with life left. Null: none.
  const Lane* Oldest(bool living) const;
  /// Another open lane with life left leads there.
  bool HasSuccessorOf(const Lane& lane) const;
  /// Exchanges given to its open lanes since each was heard from.
  size_t unanswered() const;
};

class Replicas {
 public:
  /// `lane` came out at `address`.
  void Join(Lane& lane, std::string_view address);
  /// `lane` is gone, or never opened.
  void Leave(Lane& lane);

  /// Those that open lanes lead to. Lanes whose replica is unknown are left out.
  size_t known() const;
  /// The lane for the next exchange, which is counted on it; null when none is open. Probes only if
  /// there are no others. `avoided`: the address of a replica that a lane was just lost to; its
  /// other lanes will follow, and are taken only if there is nothing else. Empty: none.
  Lane* Next(std::string_view avoided = {});
  /// Something came from `lane`.
  void NoteAnswered(Lane& lane);

 private:
  Replica& At(std::string_view address);
  /// The least pass of the replicas but `replica`.
  std::optional<uint64_t> LeastPass(const Replica& replica) const;
  Lane* Best(bool probe, std::string_view avoided) const;

  std::vector<std::unique_ptr<Replica>> replicas_;
};

}  // namespace lowband::edge::uplink
