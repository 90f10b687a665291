// The replicas of the translator that a worker's lanes have reached: the lanes of each, and the
// order of their turns.
//
//                 ┌─ pass 7 ── lane 3, lane 9 (probe)
//   Next() ─▶ least pass
//                 └─ pass 8 ── lane 4
//
// gRPC does not publish its list of replicas: only the addresses of lanes are known. So the pool
// keeps one lane more than there are known replicas, the probe, and replaces it often: sooner or
// later it reaches a new replica.
//
// Turns follow stride scheduling: the replica with the least pass is next, and its pass grows by
// its stride, which grows with the number of exchanges given to it since its last frame. A replica
// that hangs gets little, and one that has only long polls still gets exchanges and can show that
// it works. The lane with the fewest exchanges would be the wrong choice: a new lane has none, and
// would get all of them until it has its share of those that wait for minutes.
//
// Threading: one worker thread. Ownership: refers to lanes; Leave() comes before their end.
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
  uint64_t pass = 0;         ///< Its turn: the replica with the least pass is next.
  std::vector<Lane*> lanes;  ///< By age, including those that only finish their exchanges.

  /// At least one lane takes requests.
  bool open() const;
  /// The oldest such lane; with `living`, of those with life left. Null: none.
  const Lane* Oldest(bool living) const;
  /// Another open lane with life left leads to this replica.
  bool HasSuccessorOf(const Lane& lane) const;
  /// Exchanges given to its open lanes, each since its last frame.
  size_t unanswered() const;
};

class Replicas {
 public:
  /// `lane` has reached `address`.
  void Join(Lane& lane, std::string_view address);
  /// `lane` is gone, or never opened.
  void Leave(Lane& lane);

  /// The replicas with open lanes, without unknown ones.
  size_t known() const;
  /// The lane for the next exchange, which is counted on it; null if none is open. A probe only if
  /// there is no other lane. `avoided`: the address of a replica whose lane was just lost; its
  /// other lanes will follow, and are used only if there is no other. Empty: none.
  Lane* Next(std::string_view avoided = {});
  /// A frame came from `lane`.
  void NoteAnswered(Lane& lane);

 private:
  Replica& At(std::string_view address);
  /// The least pass of the replicas but `replica`.
  std::optional<uint64_t> LeastPass(const Replica& replica) const;
  Lane* Best(bool probe, std::string_view avoided) const;

  std::vector<std::unique_ptr<Replica>> replicas_;
};

}  // namespace lowband::edge::uplink
