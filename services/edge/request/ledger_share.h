// One worker's share of a ledger, thing by thing: for whom it holds what, and which goes first when
// its network has to make room.
//
//   Take ── the ledger has room ──▶ Booking ── its end ──▶ given back
//     ├─ others make room ──▶ Booking; NextToGo() says who, here or by way of another worker
//     └─ else ──▶ none
//
// A newcomer gets no room at the cost of what its own network uses just now, standing alike: one
// would push out the other for ever. Others' it does, since they are heavier; where they need not
// be, and what goes costs its client the session, they stay.
//
// Threading: one worker thread; the ledger is shared. Ownership: bookings give back what they have
// when they end, and do so before this ends. Limits: the ledger's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>

#include "libs/base/node_table.h"
#include "libs/base/spare_nodes.h"
#include "libs/base/time.h"
#include "services/edge/admission/attempt.h"
#include "services/edge/admission/ledger.h"
#include "services/edge/admission/limits.h"
#include "services/edge/admission/room_elsewhere.h"
#include "services/edge/dtls/session_id.h"

namespace lowband::edge::request {

enum class HeldKind : uint8_t {
  kUpload,       ///< By its key.
  kWaiting,      ///< A request or upload, by the serial of its message.
  kExchange,     ///< By its id.
  kPoll,         ///< An observation's, by the id of that.
  kDownload,     ///< By its serial.
  kObservation,  ///< By its id.
};

/// Where to find what is held.
struct Held {
  HeldKind kind = HeldKind::kUpload;
  SessionId session;
  uint64_t id = 0;
};

/// What of a network goes first; the least recently used of the same.
enum class Rank : uint8_t {
  kLeftOver,  ///< Nobody is likely to miss it.
  kPartial,   ///< Its client can begin anew.
  kNeeded,
};
inline constexpr size_t kRanks = 3;

/// How a worker goes about its part of a ledger.
struct ShareRules {
  /// Used within this, it does not go for one of its own network, standing alike.
  Duration partial_sheltered{};
  Duration needed_sheltered{};
  /// A network that holds no more here need not make room: the newcomer waits.
  size_t modest = 0;
  /// What goes takes its client's session along, and comes again with the next one. Only a network
  /// that has more makes room for one of its standing; a proven one does if it is a hog
  /// (admission::IsHog).
  bool costs_session = false;
  /// So much stays booked of what ended last, for what comes next: the ledger has a lock.
  size_t spare_max = 0;
};

class Booking;

class LedgerShare {
 public:
  /// `ledger` outlives this.
  LedgerShare(admission::Ledger& ledger, const ShareRules& rules, unsigned worker);
  LedgerShare(const LedgerShare&) = delete;
  LedgerShare& operator=(const LedgerShare&) = delete;
  ~LedgerShare();

  /// Empty: no room. REQUIRES: amount > 0.
  [[nodiscard]] Booking Take(TimePoint now, const admission::Holder& holder, const Held& held,
                             size_t amount, Rank rank = Rank::kNeeded,
                             admission::Attempt attempt = admission::Attempt::kFirst);
  /// The same, if nobody has to make room for it: nobody misses it, and it is not counted.
  [[nodiscard]] Booking TakeIfFree(TimePoint now, const admission::Holder& holder, const Held& held,
                                   size_t amount, Rank rank = Rank::kNeeded);

  /// Something was booked that others have to make room for.
  bool wants_room() const { return wants_room_; }
  /// What has to go here now, for this worker's newcomers or another's; none: nothing.
  std::optional<Held> NextToGo();
  /// The other worker that has to make room, by what NextToGo() found last.
  std::optional<unsigned> TakeRelief() { return elsewhere_.TakeRelief(); }

  /// By this worker, without what is spare.
  size_t used() const { return used_; }

 private:
  friend class Booking;
  struct Account;
  struct Item {
    Account* account;
    Held held;
    size_t amount;
    Rank rank;
    TimePoint used;
  };
  using Items = std::list<Item>;
  struct Key {
    admission::Network network;
    admission::Standing standing;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return static_cast<size_t>(key.network) * 2 + static_cast<size_t>(key.standing);
    }
  };
  struct Account {
    Key key;
    size_t used = 0;
    size_t spare = 0;              ///< Booked, and not used.
    admission::Ledger::Hint hint;  ///< Good as long as there is an account: something is booked.
    std::array<Items, kRanks> items;
    // Neighbours among those that have something spare.
    Account* before = nullptr;
    Account* behind = nullptr;
  };
  enum class Room : uint8_t { kMade, kFree };
  enum class Booked : uint8_t { kFits, kMadeRoom, kRefused };

  Booking Add(TimePoint now, const admission::Holder& holder, const Held& held, size_t amount,
              Rank rank, Room room, admission::Attempt attempt);
  Account* Book(TimePoint now, const admission::Holder& holder, size_t amount, Room room,
                admission::Attempt attempt);
  /// `account`: that of the holder, or null; its spares, and it with them, may go.
  Booked BookMore(TimePoint now, const admission::Holder& holder, size_t amount, Room room,
                  Account*& account, admission::Ledger::Hint& hint);
  bool IsForNought(TimePoint now, const admission::Holder& newcomer) const;
  bool IsNoHeavier(const admission::Victim& victim, const admission::Holder& newcomer) const;
  /// Who has to make room, of those that can; none: nobody.
  std::optional<admission::Victim> Victim() const { return Among(ledger_.Overdraft()); }
  /// The same, where the ledger has named `victim`.
  std::optional<admission::Victim> Among(std::optional<admission::Victim> victim) const;
  const Account* Find(const admission::Holder& holder) const {
    return accounts_.Find({holder.network, holder.standing});
  }
  Account* Find(const admission::Holder& holder) {
    return accounts_.Find({holder.network, holder.standing});
  }
  Account& Open(const Key& key, const admission::Ledger::Hint& hint);
  void JoinSpares(Account& account);
  void LeaveSpares(Account& account);
  void Give(Account& account, size_t amount);
  void GiveItem(Items::iterator item);
  void MoveItem(Items::iterator item, const admission::Holder& to);
  void ReleaseSpares();
  void ReleaseSpare(Account& account);
  void Forget(Account& account);
  admission::Holder HolderOf(const Key& key) const { return {key.network, key.standing, worker_}; }

  admission::Ledger& ledger_;
  const ShareRules rules_;
  const unsigned worker_;
  NodeTable<Key, Account, KeyHash> accounts_{admission::kSpareAccountsMax};
  SpareListNodes<Item> spare_items_{admission::kSpareAccountsMax};
  // Those with something spare; that which got its spare first is in front.
  Account* spares_front_ = nullptr;
  Account* spares_back_ = nullptr;
  size_t spare_ = 0;
  size_t used_ = 0;
  bool wants_room_ = false;
  admission::RoomElsewhere elsewhere_;
};

/// A part of a share, for as long as it lives.
class Booking {
 public:
  Booking() = default;
  Booking(Booking&& other) noexcept
      : share_(std::exchange(other.share_, nullptr)), item_(other.item_) {}
  Booking& operator=(Booking&& other) noexcept;
  ~Booking() { Reset(); }

  explicit operator bool() const { return share_ != nullptr; }
  size_t amount() const { return share_ == nullptr ? 0 : item_->amount; }
  void Reset();
  /// What it is from now on. An empty one is none, here and below.
  void Name(const Held& held, Rank rank);
  /// It was used just now.
  void Use(TimePoint now);
  /// False, and nothing changed: no room.
  [[nodiscard]] bool Grow(TimePoint now, size_t amount);
  [[nodiscard]] bool GrowIfFree(TimePoint now, size_t amount);
  /// Its client has another address, or another standing.
  void Rebook(const admission::Holder& to);

 private:
  friend class LedgerShare;
  Booking(LedgerShare* share, LedgerShare::Items::iterator item) : share_(share), item_(item) {}
  bool Grow(TimePoint now, size_t amount, LedgerShare::Room room);

  LedgerShare* share_ = nullptr;
  LedgerShare::Items::iterator item_{};
};

}  // namespace lowband::edge::request
