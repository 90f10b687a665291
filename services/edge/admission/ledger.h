// Counts the holdings of one resource (sessions, bytes of uploads, …) in the whole process, by
// network and standing, and decides which network makes room for a newcomer.
//
//   Take ── room ──▶ booked
//     └─ full ─┬─ any unproven holding exists ──▶ booked; the network with the most unproven
//              │                                  holdings makes room with one of them; this may be
//              │                                  the newcomer's own network
//              ├─ none, and a proven network has more than the newcomer's, or all yield ──▶ booked;
//              │                                  that network makes room
//              └─ else, or beyond the slack ──▶ refused
//
// The ledger names a network and a worker; that worker ends the network's oldest holding. Until it
// has done so, bookings exceed the maximum, by a sixteenth at most.
//
// So a client that holds much cannot keep out one that holds little, on any worker, and an unproven
// client cannot keep out a proven one.
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

/// A client is proven once the homeserver has accepted its session's token: a request succeeded
/// (2xx) that would fail with a wrong token.
enum class Standing : uint8_t { kUnproven, kProven };
inline constexpr size_t kStandings = 2;

/// The owner of a holding, and its worker.
struct Holder {
  Network network{};
  Standing standing = Standing::kUnproven;
  unsigned worker = 0;
};

/// The holder that loses its oldest holding.
struct Victim : Holder {
  size_t held = 0;  ///< By its network in this standing, on all workers.
};

/// For which newcomers proven holdings make room when no unproven one can.
enum class Yield : uint8_t {
  kToProven,  ///< The network with the most yields to a proven newcomer that has less.
  kToAll,     ///< The network with the most yields to any newcomer, while at most a sixteenth of
              ///< the maximum is unproven. Its worker can see which holdings are idle.
};

class Ledger {
  struct Account;

 public:
  Ledger(size_t max, Yield yield);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  enum class Verdict : uint8_t {
    kFits,
    kMakeRoom,  ///< Booked; Overdraft() names the holder that makes room.
    kFull,      ///< Not booked.
  };
  /// Counts the newcomer by its verdict if there is no room.
  [[nodiscard]] Verdict Take(const Holder& holder, size_t amount);
  /// Take() for callers that learn the final result themselves and Count() it.
  [[nodiscard]] Verdict TakeUncounted(const Holder& holder, size_t amount) {
    Hint hint;
    return TakeUncounted(holder, amount, hint);
  }
  /// The place of one network's account, which saves the look-up. The calls that book fill it; it
  /// is valid as long as their bookings last.
  class Hint {
    friend class Ledger;
    Account* account_ = nullptr;
  };
  [[nodiscard]] Verdict TakeUncounted(const Holder& holder, size_t amount, Hint& hint);
  enum class Contended : uint8_t { kMadeRoom, kRefused };
  void Count(Contended contended);
  /// Books without regard to the maximum: for holdings that can be dropped at any time. The caller
  /// drops them as long as Overdraft() names a victim.
  void TakeAnyway(const Holder& holder, size_t amount, Hint& hint);
  /// REQUIRES: at least `amount` is booked for exactly this holder.
  void Give(const Holder& holder, size_t amount) {
    Hint hint;
    Give(holder, amount, hint);
  }
  void Give(const Holder& holder, size_t amount, Hint& hint);
  /// Moves a booking to a new holder, after a change of address or standing. Never refused.
  void Move(const Holder& from, const Holder& to, size_t amount) {
    Hint from_hint;
    Hint to_hint;
    Move(from, from_hint, to, to_hint, amount);
  }
  void Move(const Holder& from, Hint& from_hint, const Holder& to, Hint& to_hint, size_t amount);

  /// The question to Overdraft().
  struct Ask {
    size_t more = 0;             ///< As if an unproven newcomer had this amount already.
    bool proven_in_use = false;  ///< No proven holding can go: name an unproven one, or none.
  };
  /// The holder that has to make room now, if any. The worker that it names drops holdings and
  /// asks again.
  std::optional<Victim> Overdraft(const Ask& ask) const;
  std::optional<Victim> Overdraft() const { return Overdraft(Ask{}); }

  /// Held by its network in its standing, on all workers.
  size_t HeldBy(const Holder& holder) const;

  size_t max() const { return max_; }
  /// Without a lock: may be slightly out of date.
  size_t held(Standing standing) const {
    return shown_[static_cast<size_t>(standing)].load(std::memory_order_relaxed);
  }
  size_t held() const { return held(Standing::kUnproven) + held(Standing::kProven); }
  /// More is held than the maximum; more is held than the maximum and the slack. Without a lock.
  bool IsOver() const { return held() > max_; }
  bool IsFarOver() const { return held() > max_ + slack_; }
  struct Usage {
    std::array<size_t, kStandings> held{};
    size_t networks = 0;
    uint64_t made_room = 0;  ///< Newcomers so far for which others made room.
    uint64_t refused = 0;    ///< Newcomers so far that found no room and were refused.
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
    std::vector<OnWorker> workers;  ///< Workers with holdings of it.
    std::array<Link, kStandings> links{};
  };
  /// Accounts that hold about equally much, in the order in which they entered the bucket.
  struct Bucket {
    Account* front = nullptr;
    Account* back = nullptr;
  };
  /// By the binary logarithm of the amount held, so that the heaviest are found without sorting.
  /// Accounts that hold nothing are in no bucket.
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
  /// Whether another holder would make room for it.
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

/// One of several ledgers, with its name in the metrics.
template <class Ledgers>
struct NamedLedger {
  std::string_view name;
  Ledger Ledgers::*ledger;
};

}  // namespace lowband::edge::admission
