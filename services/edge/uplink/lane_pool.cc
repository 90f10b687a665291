#include "services/edge/uplink/lane_pool.h"

#include <algorithm>
#include <utility>

#include "libs/base/take_front.h"
#include "services/edge/uplink/limits.h"

namespace lowband::edge::uplink {

LanePool::LanePool(const Config& config, Random& random, Counters& counters)
    : config_(config), random_(random), counters_(counters), probe_delay_(config.probe_delay_min) {}

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
  Spread(now);
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

std::vector<Lane*> LanePool::OnOpened(TimePoint now, LaneId id, std::string_view replica) {
  Lane* opened = Find(id);
  if (opened == nullptr || opened->state != LaneState::kOpening) return {};
  ++counters_.lanes_opened;
  opened->state = LaneState::kOpen;
  opened->writable = true;
  opened->opened_at = now;
  opened->timer_at = opened->lives_until = now + RandomLife();
  replicas_.Join(*opened, replica);
  NoteReplica(now, *opened);
  std::vector<Lane*> retired = Retire(now);
  Spread(now);
  OpenMissing(now);
  return retired;
}

void LanePool::NoteReplica(TimePoint now, const Lane& opened) {
  if (opened.replica->address.empty()) return;
  bool known = false;
  for (Lane* lane : opened.replica->lanes) {
    if (lane->id == opened.id || lane->state != LaneState::kOpen) continue;
    known = true;
    if (lane->expired) continue;
    // The timer differs from `lives_until` for a probe whose end is set already.
    const bool has_its_life = lane->timer_at == lane->lives_until;
    lane->lives_until = now + RandomLife();
    if (has_its_life) lane->timer_at = lane->lives_until;
  }
  if (!known) probe_delay_ = config_.probe_delay_min;
}

std::vector<Lane*> LanePool::Retire(TimePoint now) {
  std::vector<Lane*> retired;
  // Without known replicas, the opened lane replaces one other lane.
  bool replaces = true;
  // With more replicas than kLanesMax, the lanes move among them.
  size_t excess = open() - std::min(open(), kLanesMax);
  // The oldest goes first.
  for (const auto& lane : lanes_) {
    if (lane->state != LaneState::kOpen || !lane->expired) continue;
    if (excess > 0) {
      --excess;
    } else if (lane->replica->address.empty()) {
      if (!std::exchange(replaces, false)) continue;
    } else if (!MayRetire(now, *lane)) {
      continue;
    }
    lane->state = LaneState::kDraining;
    lane->expired = false;
    ++counters_.lanes_recycled;
    retired.push_back(lane.get());
  }
  return retired;
}

bool LanePool::MayRetire(TimePoint now, const Lane& lane) const {
  return lane.replica->HasSuccessorOf(lane) || now - lane.timer_at >= config_.lane_life_max;
}

void LanePool::MarkProbes() {
  size_t serving = 0;
  for (const auto& lane : lanes_) {
    const bool is_open = lane->state == LaneState::kOpen;
    lane->probe = is_open && (lane->expired ? lane->replica->HasSuccessorOf(*lane)
                                            : lane->replica->Oldest(true) != lane.get());
    if (is_open && !lane->probe) ++serving;
  }
  for (const auto& lane : lanes_) {
    if (serving >= Least()) return;
    if (!lane->probe || lane->expired) continue;
    lane->probe = false;
    ++serving;
  }
}

void LanePool::Spread(TimePoint now) {
  MarkProbes();
  for (const auto& lane : lanes_) {
    if (lane->state != LaneState::kOpen || lane->expired) continue;
    if (!lane->probe) {
      lane->timer_at = lane->lives_until;
    } else if (lane->timer_at == lane->lives_until) {
      lane->timer_at = std::min(lane->lives_until, now + probe_delay_);
      probe_delay_ = std::min(2 * probe_delay_, config_.probe_delay_max);
    }
  }
}

void LanePool::OnDead(TimePoint now, LaneId id) {
  const Lane* lane = Find(id);
  if (lane == nullptr) return;
  if (lane->state == LaneState::kOpening || lane->state == LaneState::kOpen) {
    ++counters_.lanes_lost;
    DelayReopening(now, *lane);
  }
  Remove(id);
  Spread(now);
}

void LanePool::Drain(TimePoint now, Lane& lane) {
  ++counters_.lanes_drained;
  probe_delay_ = config_.probe_delay_min;
  // Lanes that open and are drained at once must not keep the worker busy.
  const bool lived = now - lane.opened_at >= config_.reopen_delay_max;
  if (!lived) DelayReopening(now, lane);
  lane.state = LaneState::kDraining;
  lane.expired = false;
  Spread(now);
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

std::optional<Action> LanePool::PollAction() { return TakeFront(actions_); }

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
  const size_t wanted = Wanted();
  const size_t room = kLanesAliveMax - std::min(lanes_.size(), kLanesAliveMax);
  return serving < wanted ? std::min(wanted - serving, room) : 0;
}

size_t LanePool::Least() const { return std::clamp<size_t>(config_.lanes, 1, kLanesMax); }

// One lane to each replica, and a probe that looks for more.
size_t LanePool::Wanted() const {
  const size_t replicas = replicas_.known();
  return replicas == 0 ? Least() : std::min(std::max(Least(), replicas) + 1, kLanesMax);
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
  probe_delay_ = config_.probe_delay_min;
  // Lanes lost during the delay belong to the same failure.
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
  if (Lane* lane = Find(id)) replicas_.Leave(*lane);
  std::erase_if(lanes_, [&](const auto& lane) { return lane->id == id; });
}

Duration LanePool::RandomLife() {
  const Duration spread = std::max(config_.lane_life_max - config_.lane_life_min, Duration::zero());
  return config_.lane_life_min + std::chrono::duration_cast<Duration>(spread * random_.Unit());
}

}  // namespace lowband::edge::uplink
