#include "services/edge/drain.h"

#include <algorithm>

#include "services/edge/limits.h"

namespace lowband::edge {

Drain::Drain(TimePoint now, Duration limit, const std::vector<SessionId>& quietest_first,
             Random& random)
    : random_(random),
      left_(quietest_first.begin(), quietest_first.end()),
      even_until_(now + limit * 4 / 5),
      due_(now) {}

size_t Drain::TurnsAt(TimePoint now) const {
  const auto steps =
      static_cast<size_t>(std::max(even_until_ - now, Duration::zero()) / kDrainStep);
  const size_t even = left_.size() / (steps + 1) + 1;
  return std::min(std::max(kDrainStepSessionsMin, even), left_.size());
}

void Drain::Advance(TimePoint now, const End& end) {
  if (due_ > now) return;
  // Steps of uneven length, so that clients that reconnect at fixed intervals do not meet.
  due_ = now + std::chrono::duration_cast<Duration>(kDrainStep * (0.5 + random_.Unit()));
  for (size_t turns = TurnsAt(now); turns > 0; --turns) {
    const SessionId session = left_.front();
    left_.pop_front();
    if (!end(session)) left_.push_back(session);
  }
}

std::optional<TimePoint> Drain::NextDeadline() const {
  if (left_.empty()) return std::nullopt;
  return due_;
}

}  // namespace lowband::edge
