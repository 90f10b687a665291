#include "services/edge/uplink/lane_pool.h"

#include <algorithm>
#include <utility>

#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {

LanePool::LanePool(const Config& config, Random& random, Counters& counters)
    : config_(config), random_(random), counters_(counters), shared_life_(config.shared_life_min) {}

void LanePool::Advance(TimePoint now) {
  Expire(now);
  OpenMissing(now);
}

void LanePool::Expire(TimePoint now) {
  std::vector<LaneId> gone;
  for (const auto& lane : lanes_) {
    if (lane->timer_at > now) continue;
    switch (lane->state) {
      case LaneState::kOpening:
        ++counters_.lanes_lost;
        DelayReopening(now, *lane);
        gone.push_back(lane->id);
        break;
      case LaneState::kOpen: lane->expired = true; break;
      case LaneState::kDraining: break;
      case LaneState::kFinishing: gone.push_back(lane->id); break;
    }
  }
  for (const LaneId id : gone) {
    Remove(id);
    actions_.push_back(AbortLane{id});
  }
}

std::optional<TimePoint> LanePool::NextDeadline() const {
  std::optional<TimePoint> next;
  if (Missing() > 0) next = reopen_at_;
  for (const auto& lane : lanes_) {
    if (lane->expired || lane->state == LaneState::kDraining) continue;
    next = Earlier(next, lane->timer_at);
  }
  return next;
}

Lane* LanePool::Find(LaneId id) {
  const auto it =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& lane) { return lane->id == id; });
  return it == lanes_.end() ? nullptr : it->get();
}

Lane* LanePool::LeastLoaded() {
  Lane* best = nullptr;
  for (const auto& lane : lanes_) {
    if (lane->state != LaneState::kOpen) continue;
    if (best == nullptr || lane->in_flight < best->in_flight) best = lane.get();
  }
  return best;
}

Lane* LanePool::OnOpened(TimePoint now, LaneId id, std::string_view replica) {
  Lane* opened = Find(id);
  if (opened == nullptr || opened->state != LaneState::kOpening) return nullptr;
  ++counters_.lanes_opened;
  opened->state = LaneState::kOpen;
  opened->writable = true;
  opened->opened_at = now;
  opened->replica = replica;
  opened->timer_at = now + LifeOf(*opened);
  // The oldest goes first; lanes_ is in the order of opening.
  for (const auto& lane : lanes_) {
    if (lane->state != LaneState::kOpen || !lane->expired) continue;
    lane->state = LaneState::kDraining;
    lane->expired = false;
    ++counters_.lanes_recycled;
    return lane.get();
  }
  return nullptr;
}

void LanePool::OnDead(TimePoint now, LaneId id) {
  const Lane* lane = Find(id);
  if (lane == nullptr) return;
  if (lane->state == LaneState::kOpening || lane->state == LaneState::kOpen) {
    ++counters_.lanes_lost;
    DelayReopening(now, *lane);
  }
  Remove(id);
}

void LanePool::Drain(TimePoint now, Lane& lane) {
  ++counters_.lanes_drained;
  shared_life_ = config_.shared_life_min;
  // A translator that lets lanes open only to turn them away must not keep us busy.
  const bool lived = now - lane.opened_at >= config_.reopen_delay_max;
  if (!lived) DelayReopening(now, lane);
  lane.state = LaneState::kDraining;
  lane.expired = false;
  if (lived) reopen_at_ = std::min(reopen_at_, now);
  OpenMissing(now);
}

void LanePool::FinishIdle(TimePoint now, bool all) {
  for (const auto& lane : lanes_) {
    if (!lane->writable || !MayFinish(*lane, all)) continue;
    lane->state = LaneState::kFinishing;
    lane->expired = false;
    lane->timer_at = now + kFinishTimeout;
    actions_.push_back(FinishLane{lane->id});
  }
}

void LanePool::AwaitBusy(bool all) {
  for (const auto& lane : lanes_) {
    const bool may_write = lane->state == LaneState::kOpen || lane->state == LaneState::kDraining;
    if (!may_write || lane->writable || lane->awaited) continue;
    if (!lane->HasOutput() && !MayFinish(*lane, all)) continue;
    lane->awaited = true;
    actions_.push_back(AwaitLane{lane->id});
  }
}

bool LanePool::MayFinish(const Lane& lane, bool all) {
  const bool closing =
      lane.state == LaneState::kDraining || (all && lane.state == LaneState::kOpen);
  return closing && lane.in_flight == 0 && !lane.HasOutput();
}

void LanePool::AbortOpening() {
  std::vector<LaneId> gone;
  for (const auto& lane : lanes_) {
    if (lane->state == LaneState::kOpening) gone.push_back(lane->id);
  }
  for (const LaneId id : gone) {
    Remove(id);
    actions_.push_back(AbortLane{id});
  }
}

std::optional<Action> LanePool::PollAction() {
  if (actions_.empty()) return std::nullopt;
  Action action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

size_t LanePool::Count(LaneState state) const {
  return static_cast<size_t>(std::count_if(lanes_.begin(), lanes_.end(),
                                           [&](const auto& lane) { return lane->state == state; }));
}

size_t LanePool::Missing() const {
  if (stopped_) return 0;
  const auto serving =
      static_cast<size_t>(std::count_if(lanes_.begin(), lanes_.end(), [](const auto& lane) {
        return lane->state == LaneState::kOpening ||
               (lane->state == LaneState::kOpen && !lane->expired);
      }));
  const size_t wanted = std::clamp<size_t>(config_.lanes, 1, kLanesMax);
  const size_t room = kLanesAliveMax - std::min(lanes_.size(), kLanesAliveMax);
  return serving < wanted ? std::min(wanted - serving, room) : 0;
}

void LanePool::OpenMissing(TimePoint now) {
  if (now < reopen_at_) return;
  for (size_t missing = Missing(); missing > 0; --missing) {
    auto lane = std::make_unique<Lane>();
    lane->id = next_id_++;
    lane->timer_at = now + kOpenTimeout;
    actions_.push_back(OpenLane{lane->id});
    lanes_.push_back(std::move(lane));
  }
}

void LanePool::DelayReopening(TimePoint now, const Lane& lane) {
  shared_life_ = config_.shared_life_min;
  // Lanes lost while the delay runs are of the same failure.
  if (now < reopen_at_) return;
  const bool lived =
      lane.state == LaneState::kOpen && now - lane.opened_at >= config_.reopen_delay_max;
  failures_ = lived ? 1 : failures_ + 1;
  Duration delay = config_.reopen_delay_min;
  for (unsigned i = 1; i < failures_ && delay < config_.reopen_delay_max; ++i) delay *= 2;
  delay = std::min(delay, config_.reopen_delay_max);
  reopen_at_ = now + std::chrono::duration_cast<Duration>(delay * (1 - random_.Unit() / 2));
}

void LanePool::Remove(LaneId id) {
  std::erase_if(lanes_, [&](const auto& lane) { return lane->id == id; });
}

Duration LanePool::LifeOf(const Lane& lane) {
  const Duration spread = std::max(config_.lane_life_max - config_.lane_life_min, Duration::zero());
  const Duration life =
      config_.lane_life_min + std::chrono::duration_cast<Duration>(spread * random_.Unit());
  const bool shared = std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& other) {
    return other->id != lane.id && other->state == LaneState::kOpen && !other->expired &&
           other->replica == lane.replica;
  });
  if (!shared || lane.replica.empty() || shared_life_ >= life) return life;
  return std::exchange(shared_life_, 2 * shared_life_);
}

}  // namespace lowband::edge::uplink
