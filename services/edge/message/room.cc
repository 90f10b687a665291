// Layer, third part: room for CONs under way and for kept answers, shared by all sessions.
#include <algorithm>
#include <utility>

#include "services/edge/message/layer.h"
#include "services/edge/message/limits.h"

namespace lowband::edge::message {

using Verdict = admission::Ledger::Verdict;
using admission::Standing;

void Layer::SetNetwork(SessionId session_id, admission::Network network) {
  Owner& owner = owners_[session_id];
  owner.network = network;
  MoveTo(session_id, owner);
}

void Layer::Prove(SessionId session_id) {
  const auto owner = owners_.find(session_id);
  if (owner == owners_.end()) return;
  owner->second.standing = Standing::kProven;
  MoveTo(session_id, owner->second);
}

void Layer::MoveTo(SessionId session_id, const Owner& owner) {
  Session* session = Find(session_id);
  if (session == nullptr) return;
  for (const SentConfirmable& sent : session->sent) places_.Move(sent.id, owner);
  requests_.SetOwner(session->requests, owner);
}

Owner Layer::OwnerOf(SessionId session_id) const {
  const auto owner = owners_.find(session_id);
  return owner == owners_.end() ? Owner{} : owner->second;
}

// May give up CONs, also of this session: this invalidates pointers into its `sent`.
bool Layer::TakePlace(TimePoint now, SessionId session_id, const Session& session) {
  if (session.confirmables() >= kConfirmablesPerSessionMax) return false;
  switch (places_.Take(OwnerOf(session_id))) {
    case Verdict::kFits: return true;
    case Verdict::kFull: return false;
    case Verdict::kMakeRoom: break;
  }
  GiveUpTooMany(now);
  return true;
}

void Layer::GiveUpTooMany(TimePoint now) {
  while (const auto oldest = places_.ToGiveUp()) {
    ++(oldest->standing == Standing::kProven ? counters_.made_room_proven
                                             : counters_.made_room_unproven);
    const SessionId its = confirmables_.Find(oldest->id)->session;
    GiveUp(now, oldest->id);
    given_up_early_.push_back({its, oldest->id, true});
  }
}

void Layer::EvictTooMany(TimePoint now) {
  while (const auto missed = requests_.LeastMissed()) {
    ++(missed->standing == Standing::kProven ? counters_.answers_made_room_proven
                                             : counters_.answers_made_room_unproven);
    Evict(now, missed->request);
  }
}

void Layer::Relieve(TimePoint now) {
  GiveUpTooMany(now);
  EvictTooMany(now);
}

std::optional<unsigned> Layer::PollRelief() {
  if (const auto worker = places_.TakeRelief()) return worker;
  return requests_.TakeRelief();
}

std::optional<Confirmable> Layer::EndWait(SendId id) {
  places_.End(id);
  return confirmables_.Take(id);
}

// Its time is over, or it makes room: its answer is kept until its session is heard again.
void Layer::GiveUp(TimePoint now, SendId id) {
  ++counters_.undelivered;
  Confirmable confirmable = *EndWait(id);
  Session& session = sessions_.at(confirmable.session);
  SentConfirmable* sent = session.MarkGivenUp(now, id);
  if (sent != nullptr) sent->undelivered = true;
  if (confirmable.request == 0) {
    if (sent != nullptr) sent->notification = std::move(confirmable.message);
    return;
  }
  const auto request = requests_.FindSerial(session.requests, confirmable.request);
  if (!request || (*request)->state != ReceivedRequest::State::kSeparate) return;
  requests_.GiveUp(now, session.requests, *request, std::move(confirmable.message));
  KeepWithinLimits(now, session);
}

}  // namespace lowband::edge::message
