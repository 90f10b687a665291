#include "services/edge/admission/newest_sessions.h"

#include <algorithm>
#include <cstdlib>

namespace lowband::edge::admission {

NewestSessions::Joined NewestSessions::Join(ClientId client, unsigned worker, TimePoint began) {
  Shard& shard = (*shards_)[IndexOf(client)];
  const MutexLock lock(shard.mutex);
  Account& account = shard.accounts[client];
  Joined joined{
      Member(this, client, worker), account.workers.empty() || began > account.newest, {}};
  if (joined.newest) account.newest = began;
  auto own = account.workers.end();
  for (auto on = account.workers.begin(); on != account.workers.end(); ++on) {
    if (on->worker == worker) {
      own = on;
    } else if (joined.newest) {
      joined.tell.push_back(on->worker);
      if (std::exchange(on->has_news, true)) continue;
      shard.news.push_back({client, on->worker});
      news_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  if (own == account.workers.end()) own = account.workers.insert(own, {.worker = worker});
  ++own->sessions;
  return joined;
}

std::vector<ClientId> NewestSessions::TakeNews(unsigned worker) {
  std::vector<ClientId> clients;
  // News is counted before its worker is notified, so a notified worker does not see 0.
  if (news_.load(std::memory_order_relaxed) == 0) return clients;
  for (Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    for (const News& each : shard.news) {
      if (each.worker != worker) continue;
      auto& workers = shard.accounts.at(each.client).workers;
      std::ranges::find(workers, worker, &OnWorker::worker)->has_news = false;
      clients.push_back(each.client);
    }
    news_.fetch_sub(
        std::erase_if(shard.news, [&](const News& each) { return each.worker == worker; }),
        std::memory_order_relaxed);
  }
  return clients;
}

size_t NewestSessions::size() const {
  size_t sum = 0;
  for (const Shard& shard : *shards_) {
    const MutexLock lock(shard.mutex);
    sum += shard.accounts.size();
  }
  return sum;
}

TimePoint NewestSessions::NewestOf(ClientId client) const {
  const Shard& shard = (*shards_)[IndexOf(client)];
  const MutexLock lock(shard.mutex);
  return shard.accounts.at(client).newest;
}

void NewestSessions::Leave(ClientId client, unsigned worker) {
  Shard& shard = (*shards_)[IndexOf(client)];
  const MutexLock lock(shard.mutex);
  const auto account = shard.accounts.find(client);
  if (account == shard.accounts.end()) std::abort();
  auto& workers = account->second.workers;
  const auto own = std::ranges::find(workers, worker, &OnWorker::worker);
  if (own == workers.end()) std::abort();
  if (--own->sessions > 0) return;
  if (own->has_news) {
    news_.fetch_sub(std::erase_if(shard.news,
                                  [&](const News& each) {
                                    return each.client == client && each.worker == worker;
                                  }),
                    std::memory_order_relaxed);
  }
  workers.erase(own);
  if (workers.empty()) shard.accounts.erase(account);
}

NewestSessions::Member& NewestSessions::Member::operator=(Member&& other) noexcept {
  if (this == &other) return *this;
  Reset();
  sessions_ = std::exchange(other.sessions_, nullptr);
  client_ = other.client_;
  worker_ = other.worker_;
  return *this;
}

void NewestSessions::Member::Reset() {
  if (sessions_ != nullptr) std::exchange(sessions_, nullptr)->Leave(client_, worker_);
}

bool NewestSessions::Member::IsOutlived(TimePoint heard) const {
  return sessions_ != nullptr && sessions_->NewestOf(client_) > heard;
}

}  // namespace lowband::edge::admission
