// Who has CONs under way, and whose oldest is given up early when as many are as there may be: who
// waits for few acknowledgements is not kept out by who waits for many.
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

  /// A place for one CON of `owner`. After kMakeRoom those that ToGiveUp() names must end.
  [[nodiscard]] admission::Ledger::Verdict Take(const Owner& owner);
  /// REQUIRES: it was taken, and no CON began.
  void Return(const Owner& owner);
  /// One more of `owner` would be at the cost of another of its own.
  bool IsOwnCost(const Owner& owner) const;
  /// What has to end here, for this worker's newcomers or another's; none: nothing.
  struct Oldest {
    SendId id;
    admission::Standing standing;
  };
  std::optional<Oldest> ToGiveUp();
  /// The other worker that has to make room, by what ToGiveUp() found last.
  std::optional<unsigned> TakeRelief() { return elsewhere_.TakeRelief(); }

  /// In a place that was taken.
  void Begin(SendId id, const Owner& owner);
  void End(SendId id);
  /// It ends, and its place is kept for another of the same owner. REQUIRES: it is under way.
  void Vacate(SendId id);
  /// Its session has another address, or another standing. It gets no younger by that.
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
