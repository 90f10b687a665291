#include "services/translator/upstream/places.h"

#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

// The share of the places that one owner may have when few are free. Four such owners still leave
// some to others, since they share the reserve with newcomers.
constexpr size_t kShareOfOne = 4;

}  // namespace

Places::Places(const PlaceLimits& limits)
    : limits_(limits),
      polls_max_(limits.active_max - ReserveOf(limits.active_max)),
      polls_waiting_max_(limits.pending_max - ReserveOf(limits.pending_max)),
      share_((limits.active_max + kShareOfOne - 1) / kShareOfOne) {}

Places::Admission Places::Enter(TimePoint now, uint64_t id, Owner owner, Kind kind) {
  return kind == Kind::kPoll ? EnterPoll(now, id, owner) : EnterShort(now, id, owner);
}

Places::Admission Places::EnterPoll(TimePoint now, uint64_t id, Owner owner) {
  const Room room = RoomForPoll(now, owner);
  if (room.too_many) return {Verdict::kTooMany, std::nullopt};
  if (room.drop) Leave(*room.drop);
  if (PollMayStart()) {
    Start(now, id, owner, Kind::kPoll);
    return {Verdict::kStart, room.drop};
  }
  Admission waits = Wait(id, owner, Kind::kPoll);
  // At most one is dropped: after the owner's own was dropped from the queue there is room in it.
  if (room.drop) waits.dropped = room.drop;
  return waits;
}

Places::Room Places::RoomForPoll(TimePoint now, Owner newcomer) const {
  const size_t own = polls_.Of(newcomer);
  const size_t own_waiting = poll_line_.waiting().Of(newcomer);
  if (own + own_waiting >= limits_.polls_per_owner_max) return OwnRoom(now, newcomer);
  if (PollMayStart()) return {};
  const auto most = polls_.Most();
  if (most && polls_.Of(*most) > own + 1) return {.drop = polls_.Oldest(*most)};
  const bool full_of_polls = polls_.size() >= polls_max_;
  return full_of_polls && own > 0 ? OwnRoom(now, newcomer) : Room{};
}

// An owner that requests anew may have lost its earlier request.
Places::Room Places::OwnRoom(TimePoint now, Owner owner) const {
  if (polls_.Of(owner) == 0) return {.drop = poll_line_.waiting().Oldest(owner)};
  const uint64_t oldest = polls_.Oldest(owner);
  const TimePoint started = entries_.at(oldest).started.value_or(now);
  return now - started >= kPollHeldMin ? Room{.drop = oldest} : Room{.too_many = true};
}

Places::Admission Places::EnterShort(TimePoint now, uint64_t id, Owner owner) {
  if (!ShortMayStart(HasItsShare(owner))) return Wait(id, owner, Kind::kShort);
  Start(now, id, owner, Kind::kShort);
  return {Verdict::kStart, std::nullopt};
}

Places::Admission Places::Wait(uint64_t id, Owner owner, Kind kind) {
  WaitingLine& line = LineOf(kind);
  Admission admission{Verdict::kWait, std::nullopt};
  const bool full = waiting() >= limits_.pending_max ||
                    (kind == Kind::kPoll && poll_line_.waiting().size() >= polls_waiting_max_);
  if (full) {
    const auto most = line.waiting().Most();
    if (!most || line.waiting().Of(*most) <= line.waiting().Of(owner) + 1) return {};
    admission.dropped = line.waiting().Newest(*most);  // as if it had come after this one
    Leave(*admission.dropped);
  }
  entries_.emplace(id, Entry{owner, kind, std::nullopt});
  line.Join(owner, id, RankOf(owner, kind));
  return admission;
}

std::optional<uint64_t> Places::StartNext(TimePoint now) {
  const auto poll = poll_line_.First();
  const auto other = short_line_.First();
  const bool poll_may = poll && PollMayStart();
  const bool other_may = other && ShortMayStart(other->rank > 0);
  if (!poll_may && !other_may) return std::nullopt;
  // In turn, if both may start: otherwise requests that end soon would never leave a place to
  // polls.
  const bool takes_poll = poll_may && (!other_may || !poll_was_last_);
  poll_was_last_ = takes_poll;
  const Kind kind = takes_poll ? Kind::kPoll : Kind::kShort;
  const Owner owner = takes_poll ? poll->owner : other->owner;
  const uint64_t id = LineOf(kind).Take(owner);
  Start(now, id, owner, kind);
  return id;
}

void Places::Leave(uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const Entry entry = found->second;
  entries_.erase(found);
  if (!entry.started) {
    LineOf(entry.kind).Leave(entry.owner, id);
    return;
  }
  (entry.kind == Kind::kPoll ? polls_ : shorts_).Remove(entry.owner, id);
  Rank(entry.owner, entry.kind);
}

void Places::Start(TimePoint now, uint64_t id, Owner owner, Kind kind) {
  (kind == Kind::kPoll ? polls_ : shorts_).Add(owner, id);
  entries_.insert_or_assign(id, Entry{owner, kind, now});
  Rank(owner, kind);
}

bool Places::PollMayStart() const {
  return active() < limits_.active_max && polls_.size() < polls_max_;
}

bool Places::ShortMayStart(bool has_its_share) const {
  const size_t kept = has_its_share ? ReserveOf(limits_.active_max) : 0;
  return active() + kept < limits_.active_max;
}

size_t Places::RankOf(Owner owner, Kind kind) const {
  return kind == Kind::kPoll ? polls_.Of(owner) : (HasItsShare(owner) ? 1 : 0);
}

size_t Places::most_polls() const {
  const auto most = polls_.Most();
  return most ? polls_.Of(*most) : 0;
}

}  // namespace lowband::translator::upstream
