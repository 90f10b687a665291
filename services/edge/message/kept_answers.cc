#include "services/edge/message/kept_answers.h"

#include <cstdlib>
#include <utility>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {

size_t KeptAnswers::CostOf(const ReceivedRequest& request) {
  return kAnswerOverheadBytes + request.answer.capacity();
}

KeptAnswers::~KeptAnswers() {
  shares_.ForEach([this](const Owner& owner, Share& share) {
    ledger_.Give(owner.HolderOn(worker_), share.bytes, share.hint);
  });
}

void KeptAnswers::Add(const Owner& owner, Entry request) {
  Share& share = shares_.FindOrInsert(owner).value;
  Book(owner, share, CostOf(*request));
  request->place = spare_places_.Append(share.ListOf(*request), request);
}

void KeptAnswers::Remove(const Owner& owner, Entry request) {
  Share& share = ShareOf(owner);
  GiveBack(owner, share, CostOf(*request));
  spare_places_.Erase(share.ListOf(*request), request->place);
  Forget(owner, share);
}

Bytes KeptAnswers::Replace(const Owner& owner, Entry request, Bytes answer) {
  Share& share = ShareOf(owner);
  const size_t before = CostOf(*request);
  Bytes replaced = std::exchange(request->answer, std::move(answer));
  Book(owner, share, CostOf(*request));
  GiveBack(owner, share, before);
  return replaced;
}

void KeptAnswers::Renew(const Owner& owner, Entry request) {
  std::list<Entry>& list = ShareOf(owner).ListOf(*request);
  list.splice(list.end(), list, request->place);
}

void KeptAnswers::Move(const Owner& from, const Owner& to, Entry request) {
  const size_t cost = CostOf(*request);
  Share& taker = shares_.FindOrInsert(to).value;
  Share& giver = ShareOf(from);
  ledger_.Move(from.HolderOn(worker_), giver.hint, to.HolderOn(worker_), taker.hint, cost);
  taker.bytes += cost;
  giver.bytes -= cost;
  std::list<Entry>& list = taker.ListOf(*request);
  list.splice(list.end(), giver.ListOf(*request), request->place);
  Forget(from, giver);
}

std::optional<KeptAnswers::Missed> KeptAnswers::LeastMissed() {
  if (!ledger_.IsOver()) return std::nullopt;
  const auto victim = elsewhere_.IfHere(ledger_.Overdraft());
  if (!victim) return std::nullopt;
  const auto& [repeatable, once, bytes, hint] = ShareOf({victim->network, victim->standing});
  return Missed{repeatable.empty() ? once.front() : repeatable.front(), victim->standing};
}

void KeptAnswers::Book(const Owner& owner, Share& share, size_t bytes) {
  ledger_.TakeAnyway(owner.HolderOn(worker_), bytes, share.hint);
  share.bytes += bytes;
  bytes_ += bytes;
}

void KeptAnswers::GiveBack(const Owner& owner, Share& share, size_t bytes) {
  ledger_.Give(owner.HolderOn(worker_), bytes, share.hint);
  share.bytes -= bytes;
  bytes_ -= bytes;
}

KeptAnswers::Share& KeptAnswers::ShareOf(const Owner& owner) {
  Share* share = shares_.Find(owner);
  if (share == nullptr) std::abort();
  return *share;
}

void KeptAnswers::Forget(const Owner& owner, Share& share) {
  if (!share.repeatable.empty() || !share.once.empty()) return;
  share.hint = {};  // it belongs to this owner
  shares_.Erase(owner);
}

}  // namespace lowband::edge::message
