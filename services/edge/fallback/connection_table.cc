#include "services/edge/fallback/connection_table.h"

#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

size_t Index(Activity activity) { return static_cast<size_t>(activity); }

}  // namespace

ConnectionTable::Entered ConnectionTable::Enter(admission::Network network, size_t loop) {
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return leaving_.size() < kLeavingMax; });
  Entered entered;
  if (entries_.size() >= max_) {
    entered.victim = ChooseVictim(network);
    if (!entered.victim) return entered;
    Remove(entered.victim->id);
    leaving_.insert(entered.victim->id);
  }
  entered.id = next_++;
  Add(*entered.id, {network, Activity::kOpening, loop, {}});
  return entered;
}

void ConnectionTable::Set(Id id, Activity activity) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry entry = found->second;
  Remove(id);
  entry.activity = activity;
  Add(id, entry);
}

void ConnectionTable::Leave(Id id) {
  const std::scoped_lock lock(mutex_);
  if (leaving_.erase(id) > 0) {
    left_.notify_all();
  } else {
    Remove(id);
  }
}

std::optional<ConnectionTable::Victim> ConnectionTable::ChooseVictim(
    admission::Network newcomer) const {
  if (by_all_.empty()) return std::nullopt;
  const auto [most, heaviest] = *by_all_.rbegin();
  const auto own = accounts_.find(newcomer);
  const size_t with_one_more = (own == accounts_.end() ? 0 : own->second.all()) + 1;
  const Account& resting = accounts_.at(by_rest_.rbegin()->second);
  if (most * kHeavyShare <= max_) return FirstAtRest(resting);
  if (most <= with_one_more) return FirstAtRest(own == accounts_.end() ? resting : own->second);
  const Account& account = accounts_.at(heaviest);
  auto victim = FirstAtRest(account);
  if (!victim) victim = First(account, Activity::kBusy);
  return victim;
}

std::optional<ConnectionTable::Victim> ConnectionTable::FirstAtRest(const Account& account) const {
  const auto idle = First(account, Activity::kIdle);
  return idle ? idle : First(account, Activity::kOpening);
}

std::optional<ConnectionTable::Victim> ConnectionTable::First(const Account& account,
                                                              Activity activity) const {
  const Ids& ids = account.ids[Index(activity)];
  if (ids.empty()) return std::nullopt;
  return Victim{ids.front(), activity, entries_.at(ids.front()).loop};
}

void ConnectionTable::Add(Id id, Entry entry) {
  Unweigh(entry.network);
  Ids& ids = accounts_[entry.network].ids[Index(entry.activity)];
  entry.place = ids.insert(ids.end(), id);
  entries_.insert_or_assign(id, entry);
  Weigh(entry.network);
}

void ConnectionTable::Remove(Id id) {
  const auto found = entries_.find(id);
  const Entry& entry = found->second;
  const admission::Network network = entry.network;
  Unweigh(network);
  accounts_[network].ids[Index(entry.activity)].erase(entry.place);
  entries_.erase(found);
  Weigh(network);
}

void ConnectionTable::Unweigh(admission::Network network) {
  const auto found = accounts_.find(network);
  if (found == accounts_.end()) return;
  by_all_.erase({found->second.all(), network});
  by_rest_.erase({found->second.readiness(), network});
}

void ConnectionTable::Weigh(admission::Network network) {
  const auto found = accounts_.find(network);
  const Account& account = found->second;
  if (account.all() == 0) {
    accounts_.erase(found);
    return;
  }
  by_all_.emplace(account.all(), network);
  by_rest_.emplace(account.readiness(), network);
}

}  // namespace lowband::edge::fallback
