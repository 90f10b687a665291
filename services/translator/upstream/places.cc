#include "services/translator/upstream/places.h"

namespace lowband::translator {
namespace {

// Of the places that one owner may have where they run short. Four such owners leave some to
// others all the same, since they share the reserve with whoever comes.
constexpr size_t kShareOfOne = 4;

}  // namespace

Places::Places(const PlaceLimits& limits)
    : limits_(limits),
      polls_max_(limits.active_max - ReserveOf(limits.active_max)),
      polls_waiting_max_(limits.pending_max - ReserveOf(limits.pending_max)),
      share_((limits.active_max + kShareOfOne - 1) / kShareOfOne) {}

Places::Admission Places::Enter(uint64_t id, Owner owner, Kind kind) {
  return kind == Kind::kPoll ? EnterPoll(id, owner) : EnterShort(id, owner);
}

Places::Admission Places::EnterPoll(uint64_t id, Owner owner) {
  std::optional<uint64_t> dropped;
  const size_t own_active = polls_.Of(owner);
  const Holdings& line = poll_line_.waiting();
  if (own_active + line.Of(owner) >= limits_.polls_per_owner_max) {
    dropped = own_active > 0 ? polls_.Oldest(owner) : line.Oldest(owner);
  } else if (!PollMayStart()) {
    dropped = PollToDrop(owner);
  }
  if (dropped) Leave(*dropped);
  if (!PollMayStart()) {
    Admission waits = Wait(id, owner, Kind::kPoll);
    // At most one: who made room in the places leaves one free.
    if (dropped) waits.dropped = dropped;
    return waits;
  }
  Start(id, owner, Kind::kPoll);
  return {Verdict::kStart, dropped};
}

std::optional<uint64_t> Places::PollToDrop(Owner newcomer) const {
  const auto most = polls_.Most();
  if (!most) return std::nullopt;
  const size_t own = polls_.Of(newcomer);
  if (polls_.Of(*most) > own + 1) return polls_.Oldest(*most);
  // Whoever asks anew has perhaps lost what it asked for before.
  const bool full_of_polls = polls_.size() >= polls_max_;
  return full_of_polls && own > 0 ? std::optional(polls_.Oldest(newcomer)) : std::nullopt;
}

Places::Admission Places::EnterShort(uint64_t id, Owner owner) {
  if (!ShortMayStart(HasItsShare(owner))) return Wait(id, owner, Kind::kShort);
  Start(id, owner, Kind::kShort);
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
    admission.dropped = line.waiting().Newest(*most);  // as though it had come after this one
    Leave(*admission.dropped);
  }
  entries_.emplace(id, Entry{owner, kind, false});
  line.Join(owner, id, RankOf(owner, kind));
  return admission;
}

std::optional<uint64_t> Places::StartNext() {
  const auto poll = poll_line_.First();
  const auto other = short_line_.First();
  const bool poll_may = poll && PollMayStart();
  const bool other_may = other && ShortMayStart(other->rank > 0);
  if (!poll_may && !other_may) return std::nullopt;
  // In turn, where both may: those that end soon would never leave a place to those that do not.
  const bool takes_poll = poll_may && (!other_may || !poll_was_last_);
  poll_was_last_ = takes_poll;
  const Kind kind = takes_poll ? Kind::kPoll : Kind::kShort;
  const Owner owner = takes_poll ? poll->owner : other->owner;
  const uint64_t id = LineOf(kind).Take(owner);
  Start(id, owner, kind);
  return id;
}

void Places::Leave(uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const Entry entry = found->second;
  entries_.erase(found);
  if (!entry.active) {
    LineOf(entry.kind).Leave(entry.owner, id);
    return;
  }
  (entry.kind == Kind::kPoll ? polls_ : shorts_).Remove(entry.owner, id);
  Rank(entry.owner, entry.kind);
}

void Places::Start(uint64_t id, Owner owner, Kind kind) {
  (kind == Kind::kPoll ? polls_ : shorts_).Add(owner, id);
  entries_.insert_or_assign(id, Entry{owner, kind, true});
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

}  // namespace lowband::translator
