#include "libs/sim/timeline.h"

namespace lowband::sim {

std::optional<TimePoint> Timeline::Next() const {
  if (events_.empty()) return std::nullopt;
  return events_.top().at;
}

bool Timeline::RunOne() {
  if (events_.empty() || events_.top().at > now_) return false;
  const std::function<void()> run = events_.top().run;
  events_.pop();
  run();
  return true;
}

}  // namespace lowband::sim
