#include "services/edge/message/kept_answers.h"

#include <cstdlib>
#include <utility>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {

size_t KeptAnswers::CostOf(const ReceivedRequest& request) {
  return kAnswerOverheadBytes + request.answer.capacity();
}

void KeptAnswers::Add(const Owner& owner, Entry request) {
  const size_t cost = CostOf(*request);
  ledger_.TakeAnyway(owner.holder(), cost);
  bytes_ += cost;
  Share& share = spare_shares_.FindOrInsert(shares_, owner).first->second;
  request->place = spare_places_.Append(share.ListOf(*request), request);
}

void KeptAnswers::Remove(const Owner& owner, Entry request) {
  const size_t cost = CostOf(*request);
  ledger_.Give(owner.holder(), cost);
  bytes_ -= cost;
  const auto share = shares_.find(owner);
  spare_places_.Erase(share->second.ListOf(*request), request->place);
  Forget(share);
}

Bytes KeptAnswers::Replace(const Owner& owner, Entry request, Bytes answer) {
  const size_t before = CostOf(*request);
  Bytes replaced = std::exchange(request->answer, std::move(answer));
  const size_t after = CostOf(*request);
  ledger_.TakeAnyway(owner.holder(), after);
  ledger_.Give(owner.holder(), before);
  bytes_ = bytes_ - before + after;
  return replaced;
}

void KeptAnswers::Renew(const Owner& owner, Entry request) {
  std::list<Entry>& list = shares_.at(owner).ListOf(*request);
  list.splice(list.end(), list, request->place);
}

void KeptAnswers::Move(const Owner& from, const Owner& to, Entry request) {
  ledger_.Move(from.holder(), to.holder(), CostOf(*request));
  Share& taker = spare_shares_.FindOrInsert(shares_, to).first->second;
  const auto giver = shares_.find(from);
  std::list<Entry>& list = taker.ListOf(*request);
  list.splice(list.end(), giver->second.ListOf(*request), request->place);
  Forget(giver);
}

std::optional<KeptAnswers::Missed> KeptAnswers::LeastMissed() const {
  const auto victim = ledger_.Overdraft();
  if (!victim) return std::nullopt;
  const auto share = shares_.find({victim->network, victim->standing});
  if (share == shares_.end()) std::abort();
  const auto& [repeatable, once] = share->second;
  return Missed{repeatable.empty() ? once.front() : repeatable.front(), victim->standing};
}

void KeptAnswers::Forget(Shares::iterator share) {
  if (share->second.repeatable.empty() && share->second.once.empty()) {
    spare_shares_.Erase(shares_, share);
  }
}

}  // namespace lowband::edge::message
