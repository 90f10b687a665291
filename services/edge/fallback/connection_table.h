// The places for connections, and who gives one up when all are taken: who holds much makes room
// for who holds little, and an address that takes every place shuts nobody else out.
//
//   Enter ── a place is free ──▶ seated
//     └─ full ─┬─ the network with most places has more than an eighth of them, and more than the
//              │    newcomer's would have ──▶ it gives one up: its connection that is idle longest,
//              │    else the one that opens longest, else the one whose transfer is oldest
//              ├─ the newcomer's network would have as many ──▶ it gives up one of its own that is
//              │    idle or opens
//              ├─ nobody has so many ──▶ the network with most connections that do nothing gives up
//              │    one of those, idle before opening
//              └─ else ──▶ refused
//
// A network is what one site has: /32 of IPv4, /48 of IPv6. Who has much pays with its own: else
// its newcomers would push out those of others, one by one; and so would two that have as much push
// out each other's.
//
// Threading: any; one lock. Ownership: outlives its seats. Limits: the number given; for each
// network that has a place, one account. Who was told to go and has not yet gone has no place any
// more; Enter waits while that is so of kLeavingMax, which is a turn of a loop or two.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "services/edge/admission/prefix.h"

namespace lowband::edge::fallback {

/// What a connection is doing, as far as others may want its place.
enum class Activity : uint8_t {
  kOpening,  ///< Its handshake or the head of its request is not whole.
  kIdle,     ///< Between two requests, or behind the last.
  kBusy,     ///< A transfer is under way.
};
inline constexpr size_t kActivities = 3;

class ConnectionTable {
 public:
  using Id = uint64_t;
  /// Told to go.
  struct Victim {
    Id id = 0;
    Activity activity{};
    size_t loop = 0;
  };
  struct Entered {
    std::optional<Id> id;  ///< None: refused.
    std::optional<Victim> victim;
  };

  explicit ConnectionTable(size_t max) : max_(max) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  /// A place for a connection that opens, on `loop`.
  Entered Enter(admission::Network network, size_t loop);
  /// It does this from now on. Nothing, if it was told to go.
  void Set(Id id, Activity activity);
  /// It has gone.
  void Leave(Id id);

 private:
  using Ids = std::list<Id>;  ///< Those that do it longest in front.
  struct Account {
    std::array<Ids, kActivities> ids;
    size_t of(Activity activity) const { return ids[static_cast<size_t>(activity)].size(); }
    size_t all() const { return at_rest() + of(Activity::kBusy); }
    size_t at_rest() const { return of(Activity::kOpening) + of(Activity::kIdle); }
    /// By how many do nothing; of two with as many, one that has an idle one is the first to give.
    size_t readiness() const { return 2 * at_rest() + (of(Activity::kIdle) > 0 ? 1 : 0); }
  };
  struct Entry {
    admission::Network network{};
    Activity activity{};
    size_t loop = 0;
    Ids::iterator place;
  };
  using Weights = std::set<std::pair<size_t, admission::Network>>;

  std::optional<Victim> ChooseVictim(admission::Network newcomer) const;
  std::optional<Victim> FirstAtRest(const Account& account) const;
  std::optional<Victim> First(const Account& account, Activity activity) const;
  void Add(Id id, Entry entry);
  void Remove(Id id);
  /// Before and after a change of the account of `network`.
  void Unweigh(admission::Network network);
  void Weigh(admission::Network network);

  const size_t max_;
  std::mutex mutex_;  // with the condition variable, which needs the standard one
  std::condition_variable left_;
  Id next_ = 1;
  std::unordered_map<Id, Entry> entries_;
  std::unordered_set<Id> leaving_;
  std::unordered_map<admission::Network, Account> accounts_;
  Weights by_all_;
  Weights by_rest_;
};

/// A connection's place, for as long as it lives.
class Seat {
 public:
  Seat(ConnectionTable& table, ConnectionTable::Id id) : table_(table), id_(id) {}
  ~Seat() { table_.Leave(id_); }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  void Set(Activity activity) { table_.Set(id_, activity); }

 private:
  ConnectionTable& table_;
  const ConnectionTable::Id id_;
};

}  // namespace lowband::edge::fallback
