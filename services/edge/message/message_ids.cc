#include "services/edge/message/message_ids.h"

#include <algorithm>

#include "services/edge/message/limits.h"

namespace lowband::edge::message {
namespace {

// Requests arrive out of order, so that an older run may grow, too.
constexpr size_t kGrowingRuns = 8;

}  // namespace

bool RecentIds::Add(TimePoint now, uint16_t id) {
  const size_t oldest = runs_.size() - std::min(runs_.size(), kGrowingRuns);
  for (size_t i = runs_.size(); i > oldest; --i) {
    Run& run = runs_[i - 1];
    if (now - run.begun > kIdRunSpan) break;
    if (!run.Has(id)) {
      if (static_cast<uint16_t>(id - run.last - 1) > gap_max_) continue;
      run.last = id;
    }
    run.used = now;
    return true;
  }
  const auto young = std::ranges::find_if(
      runs_, [&](const Run& run) { return run.used + kExchangeLifetime > now; });
  runs_.erase(runs_.begin(), young);
  const bool full = runs_.size() == kIdRunsMax;
  if (full) runs_.erase(runs_.begin());
  runs_.push_back({id, id, now, now});
  return !full;
}

bool RecentIds::Contains(TimePoint now, uint16_t id) const { return Find(now, id) != nullptr; }

std::optional<uint16_t> RecentIds::FirstFree(TimePoint now, uint16_t from) const {
  uint16_t id = from;
  // Each step skips a run; 0 takes one more step, and a run across 0 another one.
  for (size_t steps = 0; steps < runs_.size() + 3; ++steps) {
    if (id == 0) id = 1;
    const Run* run = Find(now, id);
    if (run == nullptr) return id;
    id = static_cast<uint16_t>(run->last + 1);
  }
  return std::nullopt;
}

const RecentIds::Run* RecentIds::Find(TimePoint now, uint16_t id) const {
  for (const Run& run : runs_) {
    if (run.Has(id) && run.used + kExchangeLifetime > now) return &run;
  }
  return nullptr;
}

}  // namespace lowband::edge::message
