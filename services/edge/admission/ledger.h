// What is held of one thing (sessions, bytes of uploads, …) in the whole process, by network and
// standing, and who has to make room for whom.
//
//   Take ── room ──▶ booked
//     └─ full ─┬─ an unproven holding somewhere ──▶ booked; the unproven of the network that has
//              │                                    most of them makes room: the newcomer's own, if
//              │                                    that is it
//              ├─ none, and a proven network has more than the newcomer's, or all yield ──▶ booked;
//              │                                    that network makes room
//              └─ else, or beyond the slack ──▶ refused
//
// Which of its holdings a network loses, its oldest, the worker that has them knows: the ledger
// names network and worker. Until that one has acted, more is booked than the maximum allows, by a
// sixteenth at most.
//
// So nobody who holds much keeps out who holds little, whichever worker either is on, and nobody
// keeps out whom the homeserver knows without being known to it.
//
// Threading: any; one lock, for a few hundred nanoseconds. Ownership: outlives the workers.
// Limits: the maximum of the constructor; one account for each network that holds something.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/node_table.h"
#include "services/edge/admission/limits.h"
#include "services/edge/admission/prefix.h"

namespace lowband::edge::admission {

/// Whether the homeserver knows a client: it took a token of its session, so that a request
/// succeeded (2xx) which it would have refused with another.
enum class Standing : uint8_t { kUnproven, kProven };
inline constexpr size_t kStandings = 2;

/// For whom something is held, and where.
struct Holder {
  Network network{};
  Standing standing = Standing::kUnproven;
  unsigned worker = 0;
};

/// Who loses its oldest holding.
struct Victim : Holder {
  size_t held = 0;  ///< By its network in this standing, on all workers.
};

/// What proven holdings do for newcomers when no unproven one can make room.
enum class Yield : uint8_t {
  kToProven,  ///< Those of the network that has most yield to a proven newcomer that has less.
  kToAll,     ///< Those of the network that has most yield to any newcomer, as long as a sixteenth
              ///< of the maximum is unproven at most: what is held may be idle, its worker knows.
};

class Ledger {
  struct Account;

 public:
  Ledger(size_t max, Yield yield);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  enum class Verdict : uint8_t {
    kFits,
    kMakeRoom,  ///< Booked, and Overdraft() says who makes room.
    kFull,      ///< Not booked.
  };
  /// Who finds no room is counted by the verdict.
  [[nodiscard]] Verdict Take(const Holder& holder, size_t amount);
  /// The same for who sees by itself what becomes of it, and counts that.
  [[nodiscard]] Verdict TakeUncounted(const Holder& holder, size_t amount) {
    Hint hint;
    return TakeUncounted(holder, amount, hint);
  }
  /// Where the account of a network is: spares the search for it. Of one network, for whoever keeps
  /// it; filled by what books something, and good as long as that is booked.
  class Hint {
    friend class Ledger;
    Account* account_ = nullptr;
  };
  [[nodiscard]] Verdict TakeUncounted(const Holder& holder, size_t amount, Hint& hint);
  enum class Contended : uint8_t { kMadeRoom, kRefused };
  void Count(Contended contended);
  /// Books whatever the maximum says: for what can be dropped at any time, and is as long as
  /// Overdraft() names somebody.
  void TakeAnyway(const Holder& holder, size_t amount, Hint& hint);
  /// REQUIRES: so much was booked for just this holder.
  void Give(const Holder& holder, size_t amount) {
    Hint hint;
    Give(holder, amount, hint);
  }
  void Give(const Holder& holder, size_t amount, Hint& hint);
  /// What was booked for `from` is `to`'s now: another address, another standing. Never refused.
  void Move(const Holder& from, const Holder& to, size_t amount) {
    Hint from_hint;
    Hint to_hint;
    Move(from, from_hint, to, to_hint, amount);
  }
  void Move(const Holder& from, Hint& from_hint, const Holder& to, Hint& to_hint, size_t amount);

  /// What to ask of Overdraft().
  struct Ask {
    size_t more = 0;             ///< As if an unproven newcomer had so much already.
    bool proven_in_use = false;  ///< No proven holding can go: name an unproven one, or nobody.
  };
  /// Who has to make room at this time; none: nobody. A worker that is named drops what it can,
  /// and asks again.
  std::optional<Victim> Overdraft(const Ask& ask) const;
  std::optional<Victim> Overdraft() const { return Overdraft(Ask{}); }

  /// By the network in that standing, on all workers.
  size_t HeldBy(const Holder& holder) const;

  size_t max() const { return max_; }
  /// Without a lock: as of a moment ago.
  size_t held(Standing standing) const {
    return shown_[static_cast<size_t>(standing)].load(std::memory_order_relaxed);
  }
  size_t held() const { return held(Standing::kUnproven) + held(Standing::kProven); }
  /// More is held than the maximum; and more than may be until others have made room. Without a
  /// lock.
  bool IsOver() const { return held() > max_; }
  bool IsFarOver() const { return held() > max_ + slack_; }
  struct Usage {
    std::array<size_t, kStandings> held{};
    size_t networks = 0;
    uint64_t made_room = 0;  ///< Newcomers so far that found no room, and others made some.
    uint64_t refused = 0;    ///< The same, and nobody had to.
  };
  Usage usage() const;

 private:
  using Amounts = std::array<size_t, kStandings>;
  struct OnWorker {
    unsigned worker = 0;
    Amounts held{};
  };
  /// Neighbours in a bucket.
  struct Link {
    Account* before = nullptr;
    Account* behind = nullptr;
  };
  struct Account {
    Network network{};
    Amounts held{};
    std::vector<OnWorker> workers;  ///< Those that hold something.
    std::array<Link, kStandings> links{};
  };
  /// Those that hold about the same; what is in front was not looked at for the longest time.
  struct Bucket {
    Account* front = nullptr;
    Account* back = nullptr;
  };
  /// By the binary logarithm of what is held, so that the heaviest are found without sorting. Who
  /// holds nothing is in none.
  static constexpr size_t kBuckets = 65;
  using Buckets = std::array<Bucket, kBuckets>;

  static bool IsNothing(const Amounts& held) { return (held[0] | held[1]) == 0; }
  void Add(const Holder& holder, size_t amount, Hint& hint) LOWBAND_REQUIRES(mutex_);
  void Subtract(const Holder& holder, size_t amount, Hint& hint) LOWBAND_REQUIRES(mutex_);
  static void Append(Bucket& bucket, Account& account, size_t standing);
  static void Unlink(Bucket& bucket, Account& account, size_t standing);
  void Place(Account& account, Standing standing, size_t before) LOWBAND_REQUIRES(mutex_);
  const Account* Heaviest(Standing standing) const LOWBAND_REQUIRES(mutex_);
  size_t BookedFor(const Holder& holder) const LOWBAND_REQUIRES(mutex_);
  size_t HeldInAll() const LOWBAND_REQUIRES(mutex_) { return held_[0] + held_[1]; }
  void Show(size_t standing) LOWBAND_REQUIRES(mutex_) {
    shown_[standing].store(held_[standing], std::memory_order_relaxed);
  }
  /// Somebody would make room for it.
  bool Displaces(const Holder& holder, size_t amount) const LOWBAND_REQUIRES(mutex_);

  const size_t max_;
  const size_t slack_;
  const Yield yield_;
  mutable Mutex mutex_;
  Amounts held_ LOWBAND_GUARDED_BY(mutex_){};
  std::array<std::atomic<size_t>, kStandings> shown_{};
  NodeTable<Network, Account> accounts_ LOWBAND_GUARDED_BY(mutex_){kSpareAccountsMax};
  std::array<Buckets, kStandings> buckets_ LOWBAND_GUARDED_BY(mutex_);
  std::atomic<uint64_t> made_room_{0};
  std::atomic<uint64_t> refused_{0};
};

/// One of several, by the name that metrics have for it.
template <class Ledgers>
struct NamedLedger {
  std::string_view name;
  Ledger Ledgers::*ledger;
};

}  // namespace lowband::edge::admission
