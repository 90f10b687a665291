// The places for connections. When all are taken, a network that holds many makes room for one that
// holds few, so no address can take every place and keep out the others.
//
//   Enter ── a place is free ──▶ seated
//     └─ full ─┬─ the network with most places has more than an eighth of them, and more than the
//              │    newcomer's would have ──▶ it gives one up: its connection that is idle longest,
//              │    else the one that opens longest, else the one whose transfer is oldest
//              ├─ the newcomer's network would have as many ──▶ it gives up one of its own that is
//              │    idle or opens
//              ├─ no network has so many ──▶ the network with most idle and opening connections
//              │    gives up one of those, idle before opening
//              └─ else ──▶ refused
//
// A network is one site: an IPv4 address or an IPv6 /48. A network that holds much makes room with
// its own connections: otherwise its newcomers would replace those of others one by one, and two
// networks that hold equally much would replace each other's.
//
// Threading: any; one lock. Ownership: outlives its seats. Limits: the number given; one account
// for each network with a place. A connection that must end has no place from then on; while
// kLeavingMax of these have not ended yet, Enter waits, for a turn of a loop or two.
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

/// The activity of a connection, by which the one to end is chosen.
enum class Activity : uint8_t {
  kOpening,  ///< Its handshake or the head of its request is not complete.
  kIdle,     ///< Between two requests, or after the last.
  kBusy,     ///< A transfer is under way.
};
inline constexpr size_t kActivities = 3;

class ConnectionTable {
 public:
  using Id = uint64_t;
  /// The connection that must end.
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

  /// Requests a place for a connection that opens, on `loop`.
  Entered Enter(admission::Network network, size_t loop);
  /// Sets the connection's activity. No effect if it must end.
  void Set(Id id, Activity activity);
  /// The connection has ended.
  void Leave(Id id);

 private:
  using Ids = std::list<Id>;  ///< Longest in this activity first.
  struct Account {
    std::array<Ids, kActivities> ids;
    size_t of(Activity activity) const { return ids[static_cast<size_t>(activity)].size(); }
    size_t all() const { return at_rest() + of(Activity::kBusy); }
    size_t at_rest() const { return of(Activity::kOpening) + of(Activity::kIdle); }
    /// Ordered by connections at rest; among equals, an account with an idle one gives up first.
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
  /// Called before and after a change of the account of `network`.
  void Unweigh(admission::Network network);
  void Weigh(admission::Network network);

  const size_t max_;
  std::mutex mutex_;  // the standard one, which the condition variable needs
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
