#include "services/edge/message/places.h"

#include <cstdlib>

namespace lowband::edge::message {

using admission::Ledger;

Ledger::Verdict Places::Take(const Owner& owner) { return ledger_.Take(owner.holder(), 1); }

void Places::Return(const Owner& owner) { ledger_.Give(owner.holder(), 1); }

bool Places::IsOwnCost(const Owner& owner) const {
  const auto victim = ledger_.Overdraft({.more = 1});
  return victim && Owner{victim->network, victim->standing} == owner;
}

// A place without a CON is never the heaviest of all: the ledger names, of those that have one
// each, who has had it longer.
std::optional<Places::Oldest> Places::ToGiveUp() const {
  const auto victim = ledger_.Overdraft();
  if (!victim) return std::nullopt;
  const auto found = oldest_first_.find({victim->network, victim->standing});
  if (found == oldest_first_.end()) std::abort();
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
  Remove(found->second);
  ledger_.Give(found->second.owner.holder(), 1);
  under_way_.erase(found);
}

void Places::Move(SendId id, const Owner& owner) {
  const auto found = under_way_.find(id.value);
  if (found == under_way_.end()) return;
  UnderWay& one = found->second;
  Remove(one);
  ledger_.Move(one.owner.holder(), owner.holder(), 1);
  one.owner = owner;
  oldest_first_[owner].emplace(one.turn, id);
}

void Places::Remove(const UnderWay& one) {
  const auto own = oldest_first_.find(one.owner);
  own->second.erase(one.turn);
  if (own->second.empty()) oldest_first_.erase(own);
}

}  // namespace lowband::edge::message
