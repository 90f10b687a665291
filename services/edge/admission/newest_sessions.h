// When the newest session of each client began, in the whole process: an older one from which
// nothing has come since may be what its client left behind when it dialled anew.
//
//   Join ─▶ Member ── IsOutlived(heard)? ── a session of the same client began after that
//    │        └── its end ──▶ the last one of a client takes its account along
//    └─ the newest of several: whoever has others of them is to look at those (TakeNews())
//
// A client is known by what its session has shown to be its own: a hash, with a key of the process.
// A newest session that has ended counts on, as long as there is another: its client may have hung
// up properly, and left earlier ones behind all the same.
//
// Threading: any; sixteen locks, one by hash. Ownership: outlives its members. Limits: one account
// for each client with a session, paid for by that session's place; one piece of news of it for
// each worker.
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

/// A hash of what only one client has.
enum class ClientId : uint64_t {};

class NewestSessions {
 public:
  class Member;
  struct Joined;

  NewestSessions() : shards_(std::make_unique<std::array<Shard, kShards>>()) {}
  NewestSessions(const NewestSessions&) = delete;
  NewestSessions& operator=(const NewestSessions&) = delete;

  /// A session of `worker` that began then is this client's.
  [[nodiscard]] Joined Join(ClientId client, unsigned worker, TimePoint began);
  /// Clients of which `worker` has sessions, and another one a newer one since it asked last.
  std::vector<ClientId> TakeNews(unsigned worker);
  /// Clients with a session.
  size_t size() const;

 private:
  struct OnWorker {
    unsigned worker = 0;
    size_t sessions = 0;
    bool has_news = false;  ///< In the shard's.
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

  /// Apart: GCC's AddressSanitizer does not align what an object on the stack asks for.
  const std::unique_ptr<std::array<Shard, kShards>> shards_;
  /// Pieces of news in all shards: nobody looks through them for nothing.
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
  /// A session of the same client began after `heard`. An empty one is outlived by none.
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
  bool newest = false;         ///< Whoever joined before it may be outlived now.
  std::vector<unsigned> tell;  ///< Other workers for which TakeNews() has something.
};

}  // namespace lowband::edge::admission
