#include "services/edge/uplink/replicas.h"

#include <algorithm>
#include <tuple>

namespace lowband::edge::uplink {
namespace {

/// The stride of a replica doubles after this many exchanges without a frame from it. A replica
/// that hangs gets less than a hundred before it is given up; one that works sends a frame sooner.
constexpr size_t kUnansweredStep = 8;
/// The longest stride is 2 to the power of this: a replica that recovers must be noticed.
constexpr size_t kStrideShiftMax = 10;

bool IsOpen(const Lane& lane) { return lane.state == LaneState::kOpen; }

uint64_t StrideOf(const Replica& replica) {
  const size_t shift = std::min(replica.unanswered() / kUnansweredStep, kStrideShiftMax);
  return uint64_t{1} << shift;
}

}  // namespace

bool Replica::open() const { return Oldest(false) != nullptr; }

const Lane* Replica::Oldest(bool living) const {
  const auto found = std::find_if(lanes.begin(), lanes.end(), [&](const Lane* lane) {
    return IsOpen(*lane) && !(living && lane->expired);
  });
  return found == lanes.end() ? nullptr : *found;
}

bool Replica::HasSuccessorOf(const Lane& lane) const {
  return std::any_of(lanes.begin(), lanes.end(), [&](const Lane* other) {
    return other->id != lane.id && IsOpen(*other) && !other->expired;
  });
}

size_t Replica::unanswered() const {
  size_t sum = 0;
  for (const Lane* lane : lanes) sum += IsOpen(*lane) ? lane->unanswered : 0;
  return sum;
}

Replica& Replicas::At(std::string_view address) {
  const auto known = std::find_if(replicas_.begin(), replicas_.end(), [&](const auto& replica) {
    return !address.empty() && replica->address == address;
  });
  if (known != replicas_.end()) return **known;
  replicas_.push_back(std::make_unique<Replica>());
  replicas_.back()->address = address;
  return *replicas_.back();
}

void Replicas::Join(Lane& lane, std::string_view address) {
  Replica& replica = At(address);
  // A replica without open lanes has missed turns; it does not catch up.
  if (!replica.open()) replica.pass = LeastPass(replica).value_or(0);
  const auto place = std::find_if(replica.lanes.begin(), replica.lanes.end(),
                                  [&](const Lane* other) { return other->id > lane.id; });
  replica.lanes.insert(place, &lane);
  lane.replica = &replica;
}

void Replicas::Leave(Lane& lane) {
  if (lane.replica == nullptr) return;
  std::erase(lane.replica->lanes, &lane);
  lane.replica = nullptr;
  std::erase_if(replicas_, [](const auto& replica) { return replica->lanes.empty(); });
}

size_t Replicas::known() const {
  return static_cast<size_t>(std::count_if(
      replicas_.begin(), replicas_.end(),
      [](const auto& replica) { return !replica->address.empty() && replica->open(); }));
}

std::optional<uint64_t> Replicas::LeastPass(const Replica& replica) const {
  std::optional<uint64_t> least;
  for (const auto& other : replicas_) {
    if (other.get() == &replica || !other->open()) continue;
    least = std::min(least.value_or(other->pass), other->pass);
  }
  return least;
}

// Among the lanes of one replica, the one with fewer unanswered exchanges.
Lane* Replicas::Best(bool probe, std::string_view avoided) const {
  const auto rank = [](const Lane& one) {
    return std::tie(one.replica->pass, one.unanswered, one.served, one.id);
  };
  Lane* best = nullptr;
  for (const auto& replica : replicas_) {
    if (!avoided.empty() && replica->address == avoided) continue;
    for (Lane* lane : replica->lanes) {
      if (!IsOpen(*lane) || lane->probe != probe) continue;
      if (best == nullptr || rank(*lane) < rank(*best)) best = lane;
    }
  }
  return best;
}

Lane* Replicas::Next(std::string_view avoided) {
  Lane* next = Best(false, avoided);
  if (next == nullptr) next = Best(true, avoided);
  if (next == nullptr && !avoided.empty()) return Next();
  if (next == nullptr) return nullptr;
  next->replica->pass += StrideOf(*next->replica);
  next->served = next->replica->pass;
  ++next->unanswered;
  return next;
}

void Replicas::NoteAnswered(Lane& lane) {
  if (lane.replica == nullptr) return;
  Replica& replica = *lane.replica;
  const bool was_slow = StrideOf(replica) > 1;
  lane.unanswered = 0;
  if (!was_slow) return;
  if (const auto least = LeastPass(replica)) replica.pass = std::min(replica.pass, *least + 1);
}

}  // namespace lowband::edge::uplink
