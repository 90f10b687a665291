#include "services/edge/message/retransmission.h"

#include <utility>

namespace lowband::edge::message {

Retransmission::Retransmission(const Config& config, Random& random)
    : ack_timeout_(config.ack_timeout),
      ack_random_factor_(config.ack_random_factor),
      max_retransmit_(config.max_retransmit),
      random_(random) {}

SendId Retransmission::Add(TimePoint now, Confirmable confirmable) {
  const SendId id{++last_id_};
  AddAgain(now, id, std::move(confirmable));
  return id;
}

void Retransmission::AddAgain(TimePoint now, SendId id, Confirmable confirmable) {
  const double stretch = 1 + (ack_random_factor_ - 1) * random_.Unit();
  const auto timeout = std::chrono::duration_cast<Duration>(ack_timeout_ * stretch);
  waiting_.emplace(id.value, Waiting{std::move(confirmable), timeout, 0});
  timers_.Set(id.value, now + timeout);
}

const Confirmable* Retransmission::Find(SendId id) const {
  const auto it = waiting_.find(id.value);
  return it == waiting_.end() ? nullptr : &it->second.confirmable;
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
  if (waiting.retransmitted == max_retransmit_) return Due{SendId{*id}, true};
  ++waiting.retransmitted;
  waiting.timeout *= 2;
  timers_.Set(*id, now + waiting.timeout);
  return Due{SendId{*id}, false};
}

}  // namespace lowband::edge::message
