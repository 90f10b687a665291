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
  Share& share = shares_.FindOrInsert(owner).value;
  request->place = spare_places_.Append(share.ListOf(*request), request);
}

void KeptAnswers::Remove(const Owner& owner, Entry request) {
  const size_t cost = CostOf(*request);
  ledger_.Give(owner.holder(), cost);
  bytes_ -= cost;
  Share& share = ShareOf(owner);
  spare_places_.Erase(share.ListOf(*request), request->place);
  Forget(owner, share);
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
  std::list<Entry>& list = ShareOf(owner).ListOf(*request);
  list.splice(list.end(), list, request->place);
}

void KeptAnswers::Move(const Owner& from, const Owner& to, Entry request) {
  ledger_.Move(from.holder(), to.holder(), CostOf(*request));
  Share& taker = shares_.FindOrInsert(to).value;
  Share& giver = ShareOf(from);
  std::list<Entry>& list = taker.ListOf(*request);
  list.splice(list.end(), giver.ListOf(*request), request->place);
  Forget(from, giver);
}

std::optional<KeptAnswers::Missed> KeptAnswers::LeastMissed() const {
  const auto victim = ledger_.Overdraft();
  if (!victim) return std::nullopt;
  const Share* share = shares_.Find({victim->network, victim->standing});
  if (share == nullptr) std::abort();
  const auto& [repeatable, once] = *share;
  return Missed{repeatable.empty() ? once.front() : repeatable.front(), victim->standing};
}

KeptAnswers::Share& KeptAnswers::ShareOf(const Owner& owner) {
  Share* share = shares_.Find(owner);
  if (share == nullptr) std::abort();
  return *share;
}

void KeptAnswers::Forget(const Owner& owner, const Share& share) {
  if (share.repeatable.empty() && share.once.empty()) shares_.Erase(owner);
}

}  // namespace lowband::edge::message
