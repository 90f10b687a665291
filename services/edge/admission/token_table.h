// How many requests of one access token are at the translators, in the whole process: one account
// has no more of the homeserver's places than a few devices of its own need.
//
//   Take ── below both limits ──▶ booked
//     └─ over one ─┬─ it has polls ──▶ booked; a worker with most of them lets its oldest go
//                  └─ none ──▶ refused: the request waits for its turn
//
// Tokens are known by a hash with a key of the process.
//
// Threading: any; sixteen locks, one by hash. Ownership: outlives the workers. Limits: one account
// for each token with a request under way.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/node_table.h"
#include "services/edge/admission/attempt.h"
#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {

enum class TokenId : uint64_t {};

class TokenTable {
 public:
  struct Limits {
    size_t exchanges = 512;  ///< Of one token, polls counted in.
    size_t polls = 64;       ///< The same, of those that wait for news, or for long.
  };
  explicit TokenTable(const Limits& limits);
  TokenTable(const TokenTable&) = delete;
  TokenTable& operator=(const TokenTable&) = delete;

  TokenId IdOf(std::string_view token) const;

  enum class Kind : uint8_t { kShort, kPoll };
  struct Verdict {
    bool booked = true;
    std::optional<unsigned> makes_room;  ///< A worker for which TakeLeaving() has something.
  };
  [[nodiscard]] Verdict Take(TokenId token, unsigned worker, Kind kind,
                             Attempt attempt = Attempt::kFirst);
  /// Books whatever the limits say: what is under way already.
  void TakeAnyway(TokenId token, unsigned worker, Kind kind);
  /// One that was booked as short is a poll now. Never refused.
  Verdict BecomePoll(TokenId token, unsigned worker);
  /// REQUIRES: one was booked so for this worker.
  void Give(TokenId token, unsigned worker, Kind kind);

  /// Tokens of which `worker` lets its oldest poll go; each as often as polls are to go.
  std::vector<TokenId> TakeLeaving(unsigned worker);
  /// Tokens with something under way.
  size_t size() const;
  /// Requests so far that were not booked when they asked first.
  uint64_t refused() const;

 private:
  struct OnWorker {
    unsigned worker = 0;
    size_t shorts = 0;
    size_t polls = 0;
    size_t leaving = 0;  ///< Of the polls: told to go, and not gone yet.
  };
  struct Account {
    size_t exchanges = 0;
    size_t polls = 0;
    size_t leaving = 0;
    std::vector<OnWorker> workers;
  };
  struct Leaving {
    TokenId token;
    unsigned worker;
  };
  struct alignas(64) Shard {
    mutable Mutex mutex;
    /// Most requests are the only one of their token.
    NodeTable<TokenId, Account> accounts LOWBAND_GUARDED_BY(mutex){kSpareAccountsMax};
    std::vector<Leaving> leaving LOWBAND_GUARDED_BY(mutex);
    uint64_t refused LOWBAND_GUARDED_BY(mutex) = 0;
  };
  static constexpr size_t kShards = 16;

  /// REQUIRES: nothing of it is under way.
  static void Forget(Shard& shard, TokenId token, Account& account) LOWBAND_REQUIRES(shard.mutex);
  static OnWorker& On(Account& account, unsigned worker);
  static void Add(Account& account, unsigned worker, Kind kind);
  /// Has one of its polls go; none: it has no other.
  std::optional<unsigned> LetGo(Shard& shard, TokenId token, Account& account)
      LOWBAND_REQUIRES(shard.mutex);
  Shard& ShardOf(TokenId token);

  const Limits limits_;
  const std::array<char, 16> key_;
  /// Apart: GCC's AddressSanitizer does not align what an object on the stack asks for.
  const std::unique_ptr<std::array<Shard, kShards>> shards_;
  /// In all shards: nobody looks through them for nothing.
  std::atomic<size_t> leaving_{0};
};

}  // namespace lowband::edge::admission
