#include "services/edge/message/retransmission.h"

#include <utility>

namespace lowband::edge::message {

Retransmission::Retransmission(const Config& config, Random& random)
    : parameters_{config.ack_timeout, config.ack_random_factor, config.max_retransmit},
      random_(random) {}

SendId Retransmission::Add(TimePoint now, Confirmable confirmable,
                           const coap::RttEstimator& round_trips) {
  const SendId id{++last_id_};
  Start(now, id, std::move(confirmable), round_trips, false);
  return id;
}

void Retransmission::AddAgain(TimePoint now, SendId id, Confirmable confirmable,
                              const coap::RttEstimator& round_trips) {
  Start(now, id, std::move(confirmable), round_trips, true);
}

void Retransmission::Start(TimePoint now, SendId id, Confirmable confirmable,
                           const coap::RttEstimator& round_trips, bool again) {
  const Duration timeout = round_trips.Timeout(now, parameters_.ack_timeout);
  const coap::Transmission transmission(now, parameters_, timeout, random_.Unit());
  timers_.Set(id.value, transmission.due());
  waiting_.emplace(id.value, Waiting{std::move(confirmable), transmission, again});
}

void Retransmission::Measure(TimePoint now, SendId id, coap::RttEstimator& round_trips) const {
  const auto it = waiting_.find(id.value);
  if (it == waiting_.end() || it->second.again) return;
  const coap::Transmission& transmission = it->second.transmission;
  if (transmission.repeats() == 0) {
    round_trips.Sample(now, now - transmission.begun());
  } else {
    round_trips.BackOff();
  }
}

const Confirmable* Retransmission::Find(SendId id) const {
  const auto it = waiting_.find(id.value);
  return it == waiting_.end() ? nullptr : &it->second.confirmable;
}

unsigned Retransmission::RepeatsOf(SendId id) const {
  const auto it = waiting_.find(id.value);
  return it == waiting_.end() ? 0 : it->second.transmission.repeats();
}

std::optional<Confirmable> Retransmission::Take(SendId id) {
  const auto it = waiting_.find(id.value);
  if (it == waiting_.end()) return std::nullopt;
  Confirmable confirmable = std::move(it->second.confirmable);
  waiting_.erase(it);
  timers_.Cancel(id.value);
  return confirmable;
}

std::optional<Retransmission::Due> Retransmission::PopDue(TimePoint now) {
  const auto id = timers_.PopDue(now);
  if (!id) return std::nullopt;
  Waiting& waiting = waiting_.at(*id);
  const bool given_up = !waiting.transmission.Repeat();
  if (!given_up) timers_.Set(*id, waiting.transmission.due());
  return Due{SendId{*id}, given_up, waiting.transmission.repeats()};
}

}  // namespace lowband::edge::message
