// The CONs under way, by owner. When the limit is reached, the oldest CON of the network that has
// most is given up early: networks with few CONs are not displaced by networks with many.
//
//   Take ─▶ a place ──Begin──▶ a CON under way ──End──▶ free
//              ├──Return──▶ free       └──Vacate──▶ a place
//
// Threading: one worker thread; the ledger is shared. Limits: the ledger's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "services/edge/admission/ledger.h"
#include "services/edge/admission/room_elsewhere.h"
#include "services/edge/message/event.h"
#include "services/edge/message/owner.h"

namespace lowband::edge::message {

class Places {
 public:
  /// `ledger` outlives this.
  Places(admission::Ledger& ledger, unsigned worker)
      : ledger_(ledger), worker_(worker), elsewhere_(worker) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;
  ~Places();

  /// Takes a place for a CON of `owner`. After kMakeRoom, the CONs of ToGiveUp() must end.
  [[nodiscard]] admission::Ledger::Verdict Take(const Owner& owner);
  /// Returns a place. REQUIRES: it was taken, and no CON began in it.
  void Return(const Owner& owner);
  /// True: another CON of `owner` would end one of its own.
  bool IsOwnCost(const Owner& owner) const;
  /// The CON that must end, for newcomers of this worker or another; none: no CON.
  struct Oldest {
    SendId id;
    admission::Standing standing;
  };
  std::optional<Oldest> ToGiveUp();
  /// The other worker that has to make room, as found by the last ToGiveUp().
  std::optional<unsigned> TakeRelief() { return elsewhere_.TakeRelief(); }

  /// Starts a CON in a place that was taken.
  void Begin(SendId id, const Owner& owner);
  void End(SendId id);
  /// Ends a CON, and keeps its place for another of the same owner. REQUIRES: it is under way.
  void Vacate(SendId id);
  /// Its session's address or standing has changed. Its age does not change.
  void Move(SendId id, const Owner& owner);

 private:
  struct UnderWay {
    Owner owner;
    uint64_t turn;
  };
  void Remove(const UnderWay& one);

  admission::Ledger& ledger_;
  const unsigned worker_;
  admission::RoomElsewhere elsewhere_;
  uint64_t last_turn_ = 0;
  std::unordered_map<uint64_t, UnderWay> under_way_;          ///< By SendId.
  std::map<Owner, std::map<uint64_t, SendId>> oldest_first_;  ///< By turn.
};

}  // namespace lowband::edge::message
