// The time at which the newest session of each client began, in the whole process: an older session
// that has been silent since then may be a leftover of a client that dialled anew.
//
//   Join ─▶ Member ── IsOutlived(heard)? ── a session of the same client began after that
//    │        └── its end ──▶ the last one of a client takes its account along
//    └─ the newest of several: the workers of the older ones have to check them (TakeNews())
//
// A client is identified by a hash, with a key of the process, of a secret that its session has
// shown. A newest session that has ended still counts while the client has another: it may have
// closed this one properly after it left older ones behind.
//
// Threading: any; sixteen locks, one by hash. Ownership: outlives its members. Limits: one account
// for each client with a session, so the ledger of sessions bounds them; for each, one piece of
// news per worker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/time.h"

namespace lowband::edge::admission {

/// A hash of a secret that only one client has.
enum class ClientId : uint64_t {};

class NewestSessions {
 public:
  class Member;
  struct Joined;

  NewestSessions() : shards_(std::make_unique<std::array<Shard, kShards>>()) {}
  NewestSessions(const NewestSessions&) = delete;
  NewestSessions& operator=(const NewestSessions&) = delete;

  /// Adds a session of this client on `worker`.
  [[nodiscard]] Joined Join(ClientId client, unsigned worker, TimePoint began);
  /// Clients with sessions on `worker` that got a newer one on another worker since the last call.
  std::vector<ClientId> TakeNews(unsigned worker);
  /// Clients with a session.
  size_t size() const;

 private:
  struct OnWorker {
    unsigned worker = 0;
    size_t sessions = 0;
    bool has_news = false;  ///< In Shard::news.
  };
  struct Account {
    TimePoint newest;
    std::vector<OnWorker> workers;
  };
  struct News {
    ClientId client;
    unsigned worker;
  };
  struct alignas(64) Shard {
    mutable Mutex mutex;
    std::unordered_map<ClientId, Account> accounts LOWBAND_GUARDED_BY(mutex);
    std::vector<News> news LOWBAND_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 16;

  TimePoint NewestOf(ClientId client) const;
  void Leave(ClientId client, unsigned worker);
  static size_t IndexOf(ClientId client) { return static_cast<size_t>(client) % kShards; }

  /// On the heap: GCC's AddressSanitizer does not align over-aligned objects on the stack.
  const std::unique_ptr<std::array<Shard, kShards>> shards_;
  /// Pieces of news in all shards: at 0 no worker searches them.
  std::atomic<size_t> news_{0};
};

/// One session's membership, for as long as it lives.
class NewestSessions::Member {
 public:
  Member() = default;
  Member(Member&& other) noexcept
      : sessions_(std::exchange(other.sessions_, nullptr)),
        client_(other.client_),
        worker_(other.worker_) {}
  Member& operator=(Member&& other) noexcept;
  ~Member() { Reset(); }

  explicit operator bool() const { return sessions_ != nullptr; }
  ClientId client() const { return client_; }
  void Reset();
  /// Whether a session of this client began after `heard`. Always false for an empty member.
  bool IsOutlived(TimePoint heard) const;

 private:
  friend class NewestSessions;
  Member(NewestSessions* sessions, ClientId client, unsigned worker)
      : sessions_(sessions), client_(client), worker_(worker) {}

  NewestSessions* sessions_ = nullptr;
  ClientId client_{};
  unsigned worker_ = 0;
};

struct NewestSessions::Joined {
  Member member;
  bool newest = false;         ///< Earlier sessions of the client may be outlived now.
  std::vector<unsigned> tell;  ///< Other workers that have to call TakeNews().
};

}  // namespace lowband::edge::admission
