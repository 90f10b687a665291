#include "services/edge/admission/ledger.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace lowband::edge::admission {
namespace {

/// The number of networks compared among those that hold about equally much; if there are more, no
/// network stands out.
constexpr size_t kCompared = 32;
/// The slack is the maximum divided by this: the excess allowed until others have made room.
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

Ledger::Verdict Ledger::TakeUncounted(const Holder& holder, size_t amount, Hint& hint) {
  const MutexLock lock(mutex_);
  const size_t after = HeldInAll() + amount;
  if (after <= max_) {
    Add(holder, amount, hint);
    return Verdict::kFits;
  }
  if (amount > max_ || after > max_ + std::max(slack_, amount) || !Displaces(holder, amount)) {
    return Verdict::kFull;
  }
  Add(holder, amount, hint);
  return Verdict::kMakeRoom;
}

void Ledger::TakeAnyway(const Holder& holder, size_t amount, Hint& hint) {
  const MutexLock lock(mutex_);
  Add(holder, amount, hint);
}

void Ledger::Give(const Holder& holder, size_t amount, Hint& hint) {
  const MutexLock lock(mutex_);
  Subtract(holder, amount, hint);
}

void Ledger::Move(const Holder& from, Hint& from_hint, const Holder& to, Hint& to_hint,
                  size_t amount) {
  const MutexLock lock(mutex_);
  Add(to, amount, to_hint);
  Subtract(from, amount, from_hint);
}

std::optional<Victim> Ledger::Overdraft(const Ask& ask) const {
  const MutexLock lock(mutex_);
  if (HeldInAll() + ask.more <= max_) return std::nullopt;
  // Every client begins unproven, so some unproven ones must always be admitted.
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

// An unproven newcomer may displace an older holding of its own network.
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
  const Account* account = accounts_.Find(holder.network);
  return account == nullptr ? 0 : account->held[Index(holder.standing)];
}

void Ledger::Add(const Holder& holder, size_t amount, Hint& hint) {
  if (hint.account_ == nullptr) {
    hint.account_ = &accounts_.FindOrInsert(holder.network).value;
    hint.account_->network = holder.network;
  }
  const size_t standing = Index(holder.standing);
  Account& account = *hint.account_;
  auto on = std::ranges::find(account.workers, holder.worker, &OnWorker::worker);
  if (on == account.workers.end()) on = account.workers.insert(on, {holder.worker, {}});
  on->held[standing] += amount;
  const size_t before = account.held[standing];
  account.held[standing] += amount;
  held_[standing] += amount;
  Show(standing);
  Place(account, holder.standing, before);
}

void Ledger::Subtract(const Holder& holder, size_t amount, Hint& hint) {
  if (hint.account_ == nullptr) {
    hint.account_ = accounts_.Find(holder.network);
    if (hint.account_ == nullptr) std::abort();
  }
  const size_t standing = Index(holder.standing);
  Account& account = *hint.account_;
  if (account.network != holder.network) std::abort();
  const auto on = std::ranges::find(account.workers, holder.worker, &OnWorker::worker);
  if (on == account.workers.end() || on->held[standing] < amount) std::abort();
  on->held[standing] -= amount;
  if (IsNothing(on->held)) account.workers.erase(on);
  const size_t before = account.held[standing];
  account.held[standing] -= amount;
  held_[standing] -= amount;
  Show(standing);
  Place(account, holder.standing, before);
  if (!IsNothing(account.held)) return;
  hint.account_ = nullptr;
  accounts_.Erase(holder.network);
}

// At the end of its bucket.
void Ledger::Place(Account& account, Standing standing, size_t before) {
  const size_t i = Index(standing);
  const size_t from = BucketOf(before);
  const size_t to = BucketOf(account.held[i]);
  if (from == to) return;
  if (from > 0) Unlink(buckets_[i][from], account, i);
  if (to > 0) Append(buckets_[i][to], account, i);
}

void Ledger::Append(Bucket& bucket, Account& account, size_t standing) {
  account.links[standing] = {bucket.back, nullptr};
  (bucket.back == nullptr ? bucket.front : bucket.back->links[standing].behind) = &account;
  bucket.back = &account;
}

void Ledger::Unlink(Bucket& bucket, Account& account, size_t standing) {
  const Link link = account.links[standing];
  (link.before == nullptr ? bucket.front : link.before->links[standing].behind) = link.behind;
  (link.behind == nullptr ? bucket.back : link.behind->links[standing].before) = link.before;
  account.links[standing] = {};
}

const Ledger::Account* Ledger::Heaviest(Standing standing) const {
  const size_t i = Index(standing);
  for (size_t bucket = kBuckets - 1; bucket > 0; --bucket) {
    const Account* heaviest = buckets_[i][bucket].front;
    const Account* next = heaviest;
    for (size_t compared = 0; next != nullptr && compared < kCompared; ++compared) {
      if (next->held[i] > heaviest->held[i]) heaviest = next;
      next = next->links[i].behind;
    }
    if (heaviest != nullptr) return heaviest;
  }
  return nullptr;
}

}  // namespace lowband::edge::admission
