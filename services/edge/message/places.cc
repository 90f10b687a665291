#include "services/edge/message/places.h"

namespace lowband::edge::message {

using admission::Ledger;

Places::~Places() {
  for (const auto& [id, one] : under_way_) ledger_.Give(one.owner.HolderOn(worker_), 1);
}

Ledger::Verdict Places::Take(const Owner& owner) {
  return ledger_.Take(owner.HolderOn(worker_), 1);
}

void Places::Return(const Owner& owner) { ledger_.Give(owner.HolderOn(worker_), 1); }

bool Places::IsOwnCost(const Owner& owner) const {
  const auto victim = ledger_.Overdraft({.more = 1});
  return victim && Owner{victim->network, victim->standing} == owner;
}

std::optional<Places::Oldest> Places::ToGiveUp() {
  if (!ledger_.IsOver()) return std::nullopt;
  const auto victim = elsewhere_.IfHere(ledger_.Overdraft());
  if (!victim) return std::nullopt;
  const auto found = oldest_first_.find({victim->network, victim->standing});
  // The owner has only the place that was just taken: its CON makes room next time.
  if (found == oldest_first_.end()) return std::nullopt;
  return Oldest{found->second.begin()->second, victim->standing};
}

void Places::Begin(SendId id, const Owner& owner) {
  const UnderWay one{owner, ++last_turn_};
  under_way_.emplace(id.value, one);
  oldest_first_[owner].emplace(one.turn, id);
}

void Places::End(SendId id) {
  const auto found = under_way_.find(id.value);
  if (found == under_way_.end()) return;
  Return(found->second.owner);
  Vacate(id);
}

void Places::Vacate(SendId id) {
  const auto found = under_way_.find(id.value);
  Remove(found->second);
  under_way_.erase(found);
}

void Places::Move(SendId id, const Owner& owner) {
  const auto found = under_way_.find(id.value);
  if (found == under_way_.end()) return;
  UnderWay& one = found->second;
  Remove(one);
  ledger_.Move(one.owner.HolderOn(worker_), owner.HolderOn(worker_), 1);
  one.owner = owner;
  oldest_first_[owner].emplace(one.turn, id);
}

void Places::Remove(const UnderWay& one) {
  const auto own = oldest_first_.find(one.owner);
  own->second.erase(one.turn);
  if (own->second.empty()) oldest_first_.erase(own);
}

}  // namespace lowband::edge::message
