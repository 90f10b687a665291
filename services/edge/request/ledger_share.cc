#include "services/edge/request/ledger_share.h"

#include <algorithm>
#include <cstdlib>

#include "services/edge/admission/limits.h"

namespace lowband::edge::request {

using admission::Attempt;
using admission::Holder;
using Contended = admission::Ledger::Contended;
using Verdict = admission::Ledger::Verdict;

LedgerShare::LedgerShare(admission::Ledger& ledger, const ShareRules& rules, unsigned worker)
    : ledger_(ledger), rules_(rules), worker_(worker), elsewhere_(worker) {}

LedgerShare::~LedgerShare() { ReleaseSpares(); }

Booking LedgerShare::Take(TimePoint now, const Holder& holder, const Held& held, size_t amount,
                          Rank rank, Attempt attempt) {
  return Add(now, holder, held, amount, rank, Room::kMade, attempt);
}

Booking LedgerShare::TakeIfFree(TimePoint now, const Holder& holder, const Held& held,
                                size_t amount, Rank rank) {
  return Add(now, holder, held, amount, rank, Room::kFree, Attempt::kFirst);
}

Booking LedgerShare::Add(TimePoint now, const Holder& holder, const Held& held, size_t amount,
                         Rank rank, Room room, Attempt attempt) {
  if (amount == 0) std::abort();
  Account* account = Book(now, holder, amount, room, attempt);
  if (account == nullptr) return {};
  Items& items = account->items[static_cast<size_t>(rank)];
  return {this, spare_items_.Append(items, {account, held, amount, rank, now})};
}

LedgerShare::Account* LedgerShare::Book(TimePoint now, const Holder& holder, size_t amount,
                                        Room room, Attempt attempt) {
  Account* account = Find(holder);
  admission::Ledger::Hint hint = account == nullptr ? admission::Ledger::Hint() : account->hint;
  if (account == nullptr || amount > account->spare) {
    switch (BookMore(now, holder, amount, room, account, hint)) {
      case Booked::kFits: break;
      case Booked::kMadeRoom: ledger_.Count(Contended::kMadeRoom); break;
      case Booked::kRefused:
        if (room == Room::kMade && attempt == Attempt::kFirst) ledger_.Count(Contended::kRefused);
        return nullptr;
    }
  }
  if (account == nullptr) account = &Open({holder.network, holder.standing}, hint);
  const size_t from_spare = std::min(account->spare, amount);
  if (from_spare > 0 && from_spare == account->spare) LeaveSpares(*account);
  account->spare -= from_spare;
  spare_ -= from_spare;
  account->used += amount;
  used_ += amount;
  return account;
}

// Books the amount beyond the holder's spare; if that finds no room, releases all spares first.
LedgerShare::Booked LedgerShare::BookMore(TimePoint now, const Holder& holder, size_t amount,
                                          Room room, Account*& account,
                                          admission::Ledger::Hint& hint) {
  size_t more = amount - (account == nullptr ? 0 : account->spare);
  Verdict verdict = ledger_.TakeUncounted(holder, more, hint);
  if (verdict != Verdict::kFits && spare_ > 0) {
    if (verdict == Verdict::kMakeRoom) ledger_.Give(holder, more, hint);
    ReleaseSpares();
    account = Find(holder);
    hint = account == nullptr ? admission::Ledger::Hint() : account->hint;
    more = amount;
    verdict = ledger_.TakeUncounted(holder, more, hint);
  }
  if (verdict == Verdict::kFits) return Booked::kFits;
  if (verdict == Verdict::kFull) return Booked::kRefused;
  if (room == Room::kFree || IsForNought(now, holder)) {
    ledger_.Give(holder, more, hint);
    return Booked::kRefused;
  }
  wants_room_ = true;
  return Booked::kMadeRoom;
}

// No item will make room, or only one with an equal claim.
bool LedgerShare::IsForNought(TimePoint now, const Holder& newcomer) const {
  const auto named = ledger_.Overdraft();
  if (!named) return false;
  const auto victim = Among(named);
  if (!victim) return true;
  if (rules_.costs_session && IsNoHeavier(*victim, newcomer)) return true;
  if (victim->worker != worker_) return false;
  const Account* account = Find({victim->network, victim->standing, worker_});
  if (account == nullptr || account->used <= rules_.modest) return true;
  if (victim->network != newcomer.network || victim->standing < newcomer.standing) return false;
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if (account->items[rank].empty()) continue;
    const Duration sheltered = rank == static_cast<size_t>(Rank::kNeeded) ? rules_.needed_sheltered
                               : rank == static_cast<size_t>(Rank::kPartial)
                                   ? rules_.partial_sheltered
                                   : Duration::zero();
    return now - account->items[rank].front().used < sheltered;
  }
  return true;
}

// The newcomer's booking included. A proven newcomer may end unproven items of its own network.
bool LedgerShare::IsNoHeavier(const admission::Victim& victim, const Holder& newcomer) const {
  if (victim.standing == newcomer.standing) return victim.held <= ledger_.HeldBy(newcomer);
  return victim.standing > newcomer.standing && victim.network == newcomer.network;
}

std::optional<admission::Victim> LedgerShare::Among(std::optional<admission::Victim> victim) const {
  if (!rules_.costs_session || !victim || victim->standing == admission::Standing::kUnproven ||
      admission::IsHog(victim->held, ledger_.max())) {
    return victim;
  }
  victim = ledger_.Overdraft({.proven_in_use = true});
  if (victim && victim->standing == admission::Standing::kProven) return std::nullopt;
  return victim;
}

std::optional<Held> LedgerShare::NextToGo() {
  wants_room_ = false;
  auto victim = Victim();
  if (victim && spare_ > 0) {
    ReleaseSpares();
    victim = Victim();
  }
  victim = elsewhere_.IfHere(victim);
  if (!victim) return std::nullopt;
  const Account* account = Find({victim->network, victim->standing, worker_});
  if (account == nullptr || account->used <= rules_.modest) return std::nullopt;
  const auto first =
      std::ranges::find_if(account->items, [](const Items& items) { return !items.empty(); });
  if (first == account->items.end()) std::abort();
  return first->front().held;
}

LedgerShare::Account& LedgerShare::Open(const Key& key, const admission::Ledger::Hint& hint) {
  Account& account = accounts_.FindOrInsert(key).value;
  account.key = key;
  account.hint = hint;
  return account;
}

void LedgerShare::GiveItem(Items::iterator item) {
  Account& account = *item->account;
  const size_t amount = item->amount;
  spare_items_.Erase(account.items[static_cast<size_t>(item->rank)], item);
  Give(account, amount);
}

void LedgerShare::Give(Account& account, size_t amount) {
  account.used -= amount;
  used_ -= amount;
  if (amount > 0) {
    if (account.spare > 0) LeaveSpares(account);
    JoinSpares(account);
    account.spare += amount;
    spare_ += amount;
  }
  while (spare_ > rules_.spare_max) ReleaseSpare(*spares_front_);
}

void LedgerShare::JoinSpares(Account& account) {
  account.before = spares_back_;
  account.behind = nullptr;
  (spares_back_ == nullptr ? spares_front_ : spares_back_->behind) = &account;
  spares_back_ = &account;
}

void LedgerShare::LeaveSpares(Account& account) {
  (account.before == nullptr ? spares_front_ : account.before->behind) = account.behind;
  (account.behind == nullptr ? spares_back_ : account.behind->before) = account.before;
}

void LedgerShare::MoveItem(Items::iterator item, const Holder& to) {
  Account& from = *item->account;
  const Key key{to.network, to.standing};
  if (from.key == key) return;
  const Holder holder = HolderOf(key);
  Account* account = Find(holder);
  admission::Ledger::Hint hint = account == nullptr ? admission::Ledger::Hint() : account->hint;
  ledger_.Move(HolderOf(from.key), from.hint, holder, hint, item->amount);
  if (account == nullptr) account = &Open(key, hint);
  const auto rank = static_cast<size_t>(item->rank);
  account->items[rank].splice(account->items[rank].end(), from.items[rank], item);
  item->account = account;
  from.used -= item->amount;
  account->used += item->amount;
  Forget(from);
}

void LedgerShare::ReleaseSpares() {
  while (spares_front_ != nullptr) ReleaseSpare(*spares_front_);
}

void LedgerShare::ReleaseSpare(Account& account) {
  LeaveSpares(account);
  ledger_.Give(HolderOf(account.key), account.spare, account.hint);
  spare_ -= account.spare;
  account.spare = 0;
  Forget(account);
}

void LedgerShare::Forget(Account& account) {
  if (account.used + account.spare > 0) return;
  const Key key = account.key;  // a copy: the account ends
  accounts_.Erase(key);
}

Booking& Booking::operator=(Booking&& other) noexcept {
  if (this == &other) return *this;
  Reset();
  share_ = std::exchange(other.share_, nullptr);
  item_ = other.item_;
  return *this;
}

void Booking::Reset() {
  if (share_ != nullptr) std::exchange(share_, nullptr)->GiveItem(item_);
}

void Booking::Name(const Held& held, Rank rank) {
  if (share_ == nullptr) return;
  item_->held = held;
  auto& items = item_->account->items;
  auto& to = items[static_cast<size_t>(rank)];
  to.splice(to.end(), items[static_cast<size_t>(item_->rank)], item_);
  item_->rank = rank;
}

void Booking::Use(TimePoint now) {
  if (share_ == nullptr) return;
  item_->used = now;
  auto& items = item_->account->items[static_cast<size_t>(item_->rank)];
  items.splice(items.end(), items, item_);
}

bool Booking::Grow(TimePoint now, size_t amount) {
  return Grow(now, amount, LedgerShare::Room::kMade);
}

bool Booking::GrowIfFree(TimePoint now, size_t amount) {
  return Grow(now, amount, LedgerShare::Room::kFree);
}

bool Booking::Grow(TimePoint now, size_t amount, LedgerShare::Room room) {
  if (share_ == nullptr) return false;
  const Holder holder = share_->HolderOf(item_->account->key);
  if (share_->Book(now, holder, amount, room, Attempt::kFirst) == nullptr) return false;
  item_->amount += amount;
  return true;
}

void Booking::Rebook(const Holder& to) {
  if (share_ != nullptr) share_->MoveItem(item_, to);
}

}  // namespace lowband::edge::request
