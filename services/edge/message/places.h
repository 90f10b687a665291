// Who has CONs under way, and whose oldest is given up early when as many are as there may be: who
// waits for few acknowledgements is not kept out by who waits for many.
//
//   Take ─▶ a place ──Begin──▶ a CON under way ──End──▶ free
//              └──Return──▶ free
//
// Threading: one thread. Limits: the maximum of the constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "services/edge/admission/ledger.h"
#include "services/edge/message/event.h"
#include "services/edge/message/owner.h"

namespace lowband::edge::message {

class Places {
 public:
  explicit Places(size_t max) : ledger_(max, admission::Yield::kToProven) {}

  /// A place for one CON of `owner`. After kMakeRoom the one that ToGiveUp() names must end.
  [[nodiscard]] admission::Ledger::Verdict Take(const Owner& owner);
  /// REQUIRES: it was taken, and no CON began.
  void Return(const Owner& owner);
  /// One more of `owner` would be at the cost of another of its own.
  bool IsOwnCost(const Owner& owner) const;
  /// None: there are not too many.
  struct Oldest {
    SendId id;
    admission::Standing standing;
  };
  std::optional<Oldest> ToGiveUp() const;

  /// In a place that was taken.
  void Begin(SendId id, const Owner& owner);
  void End(SendId id);
  /// Its session has another address, or another standing. It gets no younger by that.
  void Move(SendId id, const Owner& owner);

 private:
  struct UnderWay {
    Owner owner;
    uint64_t turn;
  };
  void Remove(const UnderWay& one);

  admission::Ledger ledger_;  ///< Of one worker: who makes room is always here.
  uint64_t last_turn_ = 0;
  std::unordered_map<uint64_t, UnderWay> under_way_;          ///< By SendId.
  std::map<Owner, std::map<uint64_t, SendId>> oldest_first_;  ///< By turn.
};

}  // namespace lowband::edge::message
