#include "services/edge/admission/ledger.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <iterator>

namespace lowband::edge::admission {
namespace {

/// Of networks that hold about the same, so many are compared; where there are more, none stands
/// out.
constexpr size_t kCompared = 32;
/// The part of the maximum that may be booked beyond it, until others have made room.
constexpr size_t kSlackShare = 16;

size_t Index(Standing standing) { return static_cast<size_t>(standing); }
size_t BucketOf(size_t held) { return static_cast<size_t>(std::bit_width(held)); }

}  // namespace

Ledger::Ledger(size_t max, Yield yield)
    : max_(max), slack_(std::max<size_t>(1, max / kSlackShare)), yield_(yield) {}

Ledger::Verdict Ledger::Take(const Holder& holder, size_t amount) {
  const Verdict verdict = TakeUncounted(holder, amount);
  if (verdict == Verdict::kMakeRoom) Count(Contended::kMadeRoom);
  if (verdict == Verdict::kFull) Count(Contended::kRefused);
  return verdict;
}

void Ledger::Count(Contended contended) {
  auto& counter = contended == Contended::kMadeRoom ? made_room_ : refused_;
  counter.fetch_add(1, std::memory_order_relaxed);
}

Ledger::Verdict Ledger::TakeUncounted(const Holder& holder, size_t amount) {
  const MutexLock lock(mutex_);
  const size_t after = HeldInAll() + amount;
  if (after <= max_) {
    Add(holder, amount);
    return Verdict::kFits;
  }
  if (amount > max_ || after > max_ + std::max(slack_, amount) || !Displaces(holder, amount)) {
    return Verdict::kFull;
  }
  Add(holder, amount);
  return Verdict::kMakeRoom;
}

void Ledger::TakeAnyway(const Holder& holder, size_t amount) {
  const MutexLock lock(mutex_);
  Add(holder, amount);
}

void Ledger::Give(const Holder& holder, size_t amount) {
  const MutexLock lock(mutex_);
  Subtract(holder, amount);
}

void Ledger::Move(const Holder& from, const Holder& to, size_t amount) {
  const MutexLock lock(mutex_);
  Add(to, amount);
  Subtract(from, amount);
}

std::optional<Victim> Ledger::Overdraft(const Ask& ask) const {
  const MutexLock lock(mutex_);
  if (HeldInAll() + ask.more <= max_) return std::nullopt;
  // Everybody comes unproven, and must be able to.
  const bool few_unproven = held_[Index(Standing::kUnproven)] + ask.more <= slack_;
  Standing standing = Standing::kUnproven;
  if (yield_ == Yield::kToAll && few_unproven && !ask.proven_in_use) standing = Standing::kProven;
  const Account* heaviest = Heaviest(standing);
  if (heaviest == nullptr) {
    standing = standing == Standing::kProven ? Standing::kUnproven : Standing::kProven;
    if (standing == Standing::kProven && ask.proven_in_use) return std::nullopt;
    heaviest = Heaviest(standing);
  }
  if (heaviest == nullptr) return std::nullopt;  // Only the newcomer itself is too much.
  const auto most = std::ranges::max_element(
      heaviest->workers, {}, [&](const OnWorker& on) { return on.held[Index(standing)]; });
  return Victim{{heaviest->network, standing, most->worker}, heaviest->held[Index(standing)]};
}

Ledger::Usage Ledger::usage() const {
  const MutexLock lock(mutex_);
  return {held_, accounts_.size(), made_room_.load(std::memory_order_relaxed),
          refused_.load(std::memory_order_relaxed)};
}

// An unproven newcomer's own network may be the one that loses something older.
bool Ledger::Displaces(const Holder& holder, size_t amount) const {
  if (held_[Index(Standing::kUnproven)] > 0) return true;
  const Account* heaviest = Heaviest(Standing::kProven);
  if (heaviest == nullptr) return false;
  if (yield_ == Yield::kToAll) return true;
  if (holder.standing == Standing::kUnproven) return false;
  const size_t would_hold = BookedFor(holder) + amount;
  return heaviest->network == holder.network ||
         heaviest->held[Index(Standing::kProven)] > would_hold;
}

size_t Ledger::HeldBy(const Holder& holder) const {
  const MutexLock lock(mutex_);
  return BookedFor(holder);
}

size_t Ledger::BookedFor(const Holder& holder) const {
  const auto account = accounts_.find(holder.network);
  return account == accounts_.end() ? 0 : account->second.held[Index(holder.standing)];
}

void Ledger::Add(const Holder& holder, size_t amount) {
  const size_t standing = Index(holder.standing);
  const auto [found, fresh] = spare_accounts_.FindOrInsert(accounts_, holder.network);
  Account& account = found->second;
  if (fresh) {
    account.network = holder.network;
    for (size_t i = 0; i < kStandings; ++i) {
      account.places[i] = spare_places_.Append(buckets_[i][0], &account);
    }
  }
  auto on = std::ranges::find(account.workers, holder.worker, &OnWorker::worker);
  if (on == account.workers.end()) on = account.workers.insert(on, {holder.worker, {}});
  on->held[standing] += amount;
  const size_t before = account.held[standing];
  account.held[standing] += amount;
  held_[standing] += amount;
  Show(standing);
  Place(account, holder.standing, before);
}

void Ledger::Subtract(const Holder& holder, size_t amount) {
  const size_t standing = Index(holder.standing);
  const auto found = accounts_.find(holder.network);
  if (found == accounts_.end()) std::abort();
  Account& account = found->second;
  const auto on = std::ranges::find(account.workers, holder.worker, &OnWorker::worker);
  if (on == account.workers.end() || on->held[standing] < amount) std::abort();
  on->held[standing] -= amount;
  if (on->held == Amounts{}) account.workers.erase(on);
  const size_t before = account.held[standing];
  account.held[standing] -= amount;
  held_[standing] -= amount;
  Show(standing);
  Place(account, holder.standing, before);
  if (account.held != Amounts{}) return;
  for (size_t i = 0; i < kStandings; ++i) spare_places_.Erase(buckets_[i][0], account.places[i]);
  spare_accounts_.Erase(accounts_, found);
}

// At the end of its bucket, so that those in front were not looked at for the longest time.
void Ledger::Place(Account& account, Standing standing, size_t before) {
  const size_t i = Index(standing);
  const size_t from = BucketOf(before);
  const size_t to = BucketOf(account.held[i]);
  if (from == to) return;
  auto& list = buckets_[i][to];
  list.splice(list.end(), buckets_[i][from], account.places[i]);
}

const Ledger::Account* Ledger::Heaviest(Standing standing) const {
  const size_t i = Index(standing);
  for (size_t bucket = kBuckets - 1; bucket > 0; --bucket) {
    const auto& list = buckets_[i][bucket];
    if (list.empty()) continue;
    const auto end =
        std::next(list.begin(), static_cast<std::ptrdiff_t>(std::min(list.size(), kCompared)));
    return *std::max_element(list.begin(), end, [&](const Account* a, const Account* b) {
      return a->held[i] < b->held[i];
    });
  }
  return nullptr;
}

}  // namespace lowband::edge::admission
