// Limits the requests of one access token at the translators, in the whole process: one account
// gets no more of the homeserver's capacity than a few devices need.
//
//   Take ── below both limits ──▶ booked
//     └─ over one ─┬─ it has polls ──▶ booked; a worker with most of them ends its oldest
//                  └─ none ──▶ refused: the request waits for its turn
//
// Tokens are identified by a hash with a key of the process.
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
    size_t exchanges = 512;  ///< Of one token, including polls.
    size_t polls = 64;       ///< Of one token: requests that wait for news, or for long.
  };
  explicit TokenTable(const Limits& limits);
  TokenTable(const TokenTable&) = delete;
  TokenTable& operator=(const TokenTable&) = delete;

  TokenId IdOf(std::string_view token) const;

  enum class Kind : uint8_t { kShort, kPoll };
  struct Verdict {
    bool booked = true;
    std::optional<unsigned> makes_room;  ///< A worker that has to call TakeLeaving().
  };
  [[nodiscard]] Verdict Take(TokenId token, unsigned worker, Kind kind,
                             Attempt attempt = Attempt::kFirst);
  /// Books without regard to the limits: for requests that are under way already.
  void TakeAnyway(TokenId token, unsigned worker, Kind kind);
  /// Turns a request that was booked as short into a poll. Never refused.
  Verdict BecomePoll(TokenId token, unsigned worker);
  /// REQUIRES: a request of this kind is booked for this token and worker.
  void Give(TokenId token, unsigned worker, Kind kind);

  /// Tokens whose oldest poll `worker` has to end; a token comes once for each poll to end.
  std::vector<TokenId> TakeLeaving(unsigned worker);
  /// Tokens with requests under way.
  size_t size() const;
  /// Requests so far that were refused at their first attempt.
  uint64_t refused() const;

 private:
  struct OnWorker {
    unsigned worker = 0;
    size_t shorts = 0;
    size_t polls = 0;
    size_t leaving = 0;  ///< Polls that have to end, and have not ended yet.
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
    /// Most requests are the only one of their token, so spare accounts save allocations.
    NodeTable<TokenId, Account> accounts LOWBAND_GUARDED_BY(mutex){kSpareAccountsMax};
    std::vector<Leaving> leaving LOWBAND_GUARDED_BY(mutex);
    uint64_t refused LOWBAND_GUARDED_BY(mutex) = 0;
  };
  static constexpr size_t kShards = 16;

  /// REQUIRES: the token has no request under way.
  static void Forget(Shard& shard, TokenId token, Account& account) LOWBAND_REQUIRES(shard.mutex);
  static OnWorker& On(Account& account, unsigned worker);
  static void Add(Account& account, unsigned worker, Kind kind);
  /// Chooses a worker that ends one of the token's polls; none if no poll is left.
  std::optional<unsigned> LetGo(Shard& shard, TokenId token, Account& account)
      LOWBAND_REQUIRES(shard.mutex);
  Shard& ShardOf(TokenId token);

  const Limits limits_;
  const std::array<char, 16> key_;
  /// On the heap: GCC's AddressSanitizer does not align over-aligned objects on the stack.
  const std::unique_ptr<std::array<Shard, kShards>> shards_;
  /// In all shards: at 0 no worker searches them.
  std::atomic<size_t> leaving_{0};
};

}  // namespace lowband::edge::admission
