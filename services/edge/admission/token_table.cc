#include "services/edge/admission/token_table.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <string>

#include "libs/base/random.h"

namespace lowband::edge::admission {
namespace {

std::array<char, 16> RandomKey() {
  std::array<uint8_t, 16> bytes{};
  MakeSystemRandom()->Fill(bytes);
  return std::bit_cast<std::array<char, 16>>(bytes);
}

}  // namespace

TokenTable::TokenTable(const Limits& limits)
    : limits_(limits), key_(RandomKey()), shards_(std::make_unique<std::array<Shard, kShards>>()) {}

TokenId TokenTable::IdOf(std::string_view token) const {
  std::array<char, 256> keyed;
  if (key_.size() + token.size() > keyed.size()) {
    return TokenId{std::hash<std::string>()(std::string(key_.data(), key_.size()).append(token))};
  }
  auto end = std::ranges::copy(key_, keyed.begin()).out;
  end = std::ranges::copy(token, end).out;
  return TokenId{std::hash<std::string_view>()({keyed.begin(), end})};
}

TokenTable::Verdict TokenTable::Take(TokenId token, unsigned worker, Kind kind, Attempt attempt) {
  Shard& shard = ShardOf(token);
  const MutexLock lock(shard.mutex);
  Account& account = shard.accounts.FindOrInsert(token).value;
  Verdict verdict;
  const bool full = account.exchanges - account.leaving >= limits_.exchanges ||
                    (kind == Kind::kPoll && account.polls - account.leaving >= limits_.polls);
  if (full) {
    verdict.makes_room = LetGo(shard, token, account);
    verdict.booked = verdict.makes_room.has_value();
  }
  if (verdict.booked) {
    Add(account, worker, kind);
  } else {
    if (attempt == Attempt::kFirst) ++shard.refused;
    if (account.exchanges == 0) Forget(shard, token, account);
  }
  return verdict;
}

void TokenTable::TakeAnyway(TokenId token, unsigned worker, Kind kind) {
  Shard& shard = ShardOf(token);
  const MutexLock lock(shard.mutex);
  Add(shard.accounts.FindOrInsert(token).value, worker, kind);
}

TokenTable::Verdict TokenTable::BecomePoll(TokenId token, unsigned worker) {
  Shard& shard = ShardOf(token);
  const MutexLock lock(shard.mutex);
  Account& account = shard.accounts.FindOrInsert(token).value;
  OnWorker& own = On(account, worker);
  if (own.shorts == 0) std::abort();
  Verdict verdict;
  if (account.polls - account.leaving >= limits_.polls) {
    verdict.makes_room = LetGo(shard, token, account);
  }
  OnWorker& on = On(account, worker);
  --on.shorts;
  ++on.polls;
  ++account.polls;
  return verdict;
}

void TokenTable::Give(TokenId token, unsigned worker, Kind kind) {
  Shard& shard = ShardOf(token);
  const MutexLock lock(shard.mutex);
  Account* found = shard.accounts.Find(token);
  if (found == nullptr) std::abort();
  Account& account = *found;
  OnWorker& on = On(account, worker);
  size_t& held = kind == Kind::kPoll ? on.polls : on.shorts;
  if (held == 0) std::abort();
  --held;
  --account.exchanges;
  if (kind == Kind::kPoll) --account.polls;
  // A poll that ended by itself makes room as well as one that had to end.
  if (kind == Kind::kPoll && on.leaving > on.polls) {
    --on.leaving;
    --account.leaving;
  }
  if (account.exchanges == 0) {
    Forget(shard, token, account);
  } else if (on.shorts + on.polls == 0) {
    std::erase_if(account.workers, [&](const OnWorker& each) { return each.worker == worker; });
  }
}

std::vector<TokenId> TokenTable::TakeLeaving(unsigned worker) {
  std::vector<TokenId> tokens;
  // A poll is counted before its worker is notified, so a notified worker does not see 0.
  if (leaving_.load(std::memory_order_relaxed) == 0) return tokens;
  for (Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    for (const Leaving& each : shard.leaving) {
      if (each.worker != worker) continue;
      Account* found = shard.accounts.Find(each.token);
      if (found == nullptr) continue;
      OnWorker& on = On(*found, worker);
      if (on.leaving == 0) continue;  // it has ended meanwhile
      --on.leaving;
      --found->leaving;
      tokens.push_back(each.token);
    }
    leaving_.fetch_sub(
        std::erase_if(shard.leaving, [&](const Leaving& each) { return each.worker == worker; }),
        std::memory_order_relaxed);
  }
  return tokens;
}

size_t TokenTable::size() const {
  size_t sum = 0;
  for (const Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    sum += shard.accounts.size();
  }
  return sum;
}

uint64_t TokenTable::refused() const {
  uint64_t sum = 0;
  for (const Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    sum += shard.refused;
  }
  return sum;
}

void TokenTable::Forget(Shard& shard, TokenId token, Account& account) {
  account.workers.clear();
  shard.accounts.Erase(token);
}

TokenTable::OnWorker& TokenTable::On(Account& account, unsigned worker) {
  const auto found = std::ranges::find(account.workers, worker, &OnWorker::worker);
  if (found != account.workers.end()) return *found;
  account.workers.push_back({.worker = worker});
  return account.workers.back();
}

void TokenTable::Add(Account& account, unsigned worker, Kind kind) {
  OnWorker& on = On(account, worker);
  ++(kind == Kind::kPoll ? on.polls : on.shorts);
  ++account.exchanges;
  if (kind == Kind::kPoll) ++account.polls;
}

std::optional<unsigned> TokenTable::LetGo(Shard& shard, TokenId token, Account& account) {
  const auto staying = [](const OnWorker& on) { return on.polls - on.leaving; };
  const auto most = std::ranges::max_element(account.workers, {}, staying);
  if (most == account.workers.end() || staying(*most) == 0) return std::nullopt;
  ++most->leaving;
  ++account.leaving;
  shard.leaving.push_back({token, most->worker});
  leaving_.fetch_add(1, std::memory_order_relaxed);
  return most->worker;
}

TokenTable::Shard& TokenTable::ShardOf(TokenId token) {
  return (*shards_)[static_cast<size_t>(token) % kShards];
}

}  // namespace lowband::edge::admission
