#include "services/edge/request/observation.h"

#include <utility>

namespace lowband::edge::request {

Observation& ObservationTable::Add(Observation observation) {
  observation.id = ++last_id_;
  by_session_[observation.target.session].push_back(observation.id);
  return by_id_.emplace(observation.id, std::move(observation)).first->second;
}

Observation* ObservationTable::Find(ObservationId id) {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : &it->second;
}

Observation* ObservationTable::FindByPoll(ExchangeId poll) {
  const auto it = by_poll_.find(poll);
  return it == by_poll_.end() ? nullptr : Find(it->second);
}

Observation* ObservationTable::FindByToken(SessionId session, const coap::Token& token) {
  for (const ObservationId id : Of(session)) {
    Observation* observation = Find(id);
    if (observation->target.token == token) return observation;
  }
  return nullptr;
}

Observation* ObservationTable::FindTold(SessionId session, uint64_t path) {
  for (const ObservationId id : Of(session)) {
    Observation* observation = Find(id);
    if (observation->told && observation->target.key.path == path) return observation;
  }
  return nullptr;
}

Observation* ObservationTable::FindByTold(SessionId session, message::SendId sent) {
  for (const ObservationId id : Of(session)) {
    Observation* observation = Find(id);
    if (observation->told == sent) return observation;
  }
  return nullptr;
}

Observation* ObservationTable::FindBySent(SessionId session, message::SendId sent) {
  for (const ObservationId id : Of(session)) {
    Observation* observation = Find(id);
    const bool waits = observation->state == Observation::State::kNotifying ||
                       observation->state == Observation::State::kParked;
    if (waits && observation->sent == sent) return observation;
  }
  return nullptr;
}

const std::vector<ObservationId>& ObservationTable::Of(SessionId session) const {
  static const std::vector<ObservationId> none;
  const auto it = by_session_.find(session);
  return it == by_session_.end() ? none : it->second;
}

void ObservationTable::Erase(ObservationId id) {
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return;
  if (it->second.poll != 0) by_poll_.erase(it->second.poll);
  timers_.Cancel(id);
  const auto own = by_session_.find(it->second.target.session);
  std::erase(own->second, id);
  if (own->second.empty()) by_session_.erase(own);
  by_id_.erase(it);
}

void ObservationTable::SetPoll(Observation& observation, ExchangeId poll, TimePoint due) {
  observation.state = Observation::State::kPolling;
  observation.poll = poll;
  by_poll_[poll] = observation.id;
  timers_.Set(observation.id, due);
}

ExchangeId ObservationTable::TakePoll(Observation& observation) {
  const ExchangeId poll = std::exchange(observation.poll, 0);
  observation.place.Reset();
  observation.token_place.Reset();
  if (poll != 0) by_poll_.erase(poll);
  timers_.Cancel(observation.id);
  return poll;
}

Observation* ObservationTable::FindDue(TimePoint now) {
  const auto id = timers_.PopDue(now);
  return id ? Find(*id) : nullptr;
}

uint32_t NextObserveNumber(uint32_t number) {
  constexpr uint32_t kFirst = 2;
  constexpr uint32_t kEnd = 1u << 24;
  return number + 1 < kFirst || number + 1 >= kEnd ? kFirst : number + 1;
}

}  // namespace lowband::edge::request
