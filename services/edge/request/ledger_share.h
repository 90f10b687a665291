// One worker's share of a ledger, item by item: the holder of each item, and the order in which
// items end when their network has to make room.
//
//   Take ── the ledger has room ──▶ Booking ── its end ──▶ given back
//     ├─ others make room ──▶ Booking; NextToGo() names the item, TakeRelief() the other worker
//     └─ else ──▶ none
//
// A newcomer gets no room from items of its own network and standing that are in use: the two would
// push each other out for ever. Items of other networks make room, since these networks hold more.
// If they do not hold more, and an ended item would cost its client the session, the item stays.
//
// Threading: one worker thread; the ledger is shared. Ownership: bookings return their amount when
// they end, and end before this object. Limits: the ledger's.
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
  kPoll,         ///< By the id of its observation.
  kDownload,     ///< By its serial.
  kObservation,  ///< By its id.
};

/// Names an item that holds a booking.
struct Held {
  HeldKind kind = HeldKind::kUpload;
  SessionId session;
  uint64_t id = 0;
};

/// The order in which items of a network make room; within a rank, the least recently used first.
enum class Rank : uint8_t {
  kLeftOver,  ///< Its client hardly needs it.
  kPartial,   ///< Its client can begin anew.
  kNeeded,
};
inline constexpr size_t kRanks = 3;

/// How a worker books its part of a ledger.
struct ShareRules {
  /// Items used within this time do not make room for their own network and standing.
  Duration partial_sheltered{};
  Duration needed_sheltered{};
  /// A network with at most this much here need not make room: the newcomer waits.
  size_t modest = 0;
  /// An item that ends takes its client's session along, and is booked again with the next session.
  /// Only a network that holds more makes room for one of its standing; a proven one only if it is
  /// a hog (admission::IsHog).
  bool costs_session = false;
  /// This much of ended items stays booked for the next ones: the ledger has a lock.
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
  /// As Take(), but only if nothing has to make room. A refusal is not counted.
  [[nodiscard]] Booking TakeIfFree(TimePoint now, const admission::Holder& holder, const Held& held,
                                   size_t amount, Rank rank = Rank::kNeeded);

  /// Something was booked for which others have to make room.
  bool wants_room() const { return wants_room_; }
  /// The next item that must end here, for a newcomer of this worker or another; none: no item.
  std::optional<Held> NextToGo();
  /// The other worker that has to make room, as found by the last NextToGo().
  std::optional<unsigned> TakeRelief() { return elsewhere_.TakeRelief(); }

  /// Booked by this worker and not spare.
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
    admission::Ledger::Hint hint;  ///< Valid while the account exists: something is booked.
    std::array<Items, kRanks> items;
    // Neighbours in the list of accounts with spares.
    Account* before = nullptr;
    Account* behind = nullptr;
  };
  enum class Room : uint8_t { kMade, kFree };
  enum class Booked : uint8_t { kFits, kMadeRoom, kRefused };

  Booking Add(TimePoint now, const admission::Holder& holder, const Held& held, size_t amount,
              Rank rank, Room room, admission::Attempt attempt);
  Account* Book(TimePoint now, const admission::Holder& holder, size_t amount, Room room,
                admission::Attempt attempt);
  /// `account` is the holder's, or null; its spares may be released, and then the account itself.
  Booked BookMore(TimePoint now, const admission::Holder& holder, size_t amount, Room room,
                  Account*& account, admission::Ledger::Hint& hint);
  bool IsForNought(TimePoint now, const admission::Holder& newcomer) const;
  bool IsNoHeavier(const admission::Victim& victim, const admission::Holder& newcomer) const;
  /// The holder that has to make room; none: no holder has to.
  std::optional<admission::Victim> Victim() const { return Among(ledger_.Overdraft()); }
  /// As Victim(), if the ledger named `victim`.
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
  // Accounts with spares; the one whose spare is oldest is in front.
  Account* spares_front_ = nullptr;
  Account* spares_back_ = nullptr;
  size_t spare_ = 0;
  size_t used_ = 0;
  bool wants_room_ = false;
  admission::RoomElsewhere elsewhere_;
};

/// A part of a share; returned when this object ends.
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
  /// Changes the item that the booking is for. No effect on an empty booking, here and below.
  void Name(const Held& held, Rank rank);
  /// Marks it as used now.
  void Use(TimePoint now);
  /// False: no room, and nothing changed.
  [[nodiscard]] bool Grow(TimePoint now, size_t amount);
  [[nodiscard]] bool GrowIfFree(TimePoint now, size_t amount);
  /// Its client's address or standing has changed.
  void Rebook(const admission::Holder& to);

 private:
  friend class LedgerShare;
  Booking(LedgerShare* share, LedgerShare::Items::iterator item) : share_(share), item_(item) {}
  bool Grow(TimePoint now, size_t amount, LedgerShare::Room room);

  LedgerShare* share_ = nullptr;
  LedgerShare::Items::iterator item_{};
};

}  // namespace lowband::edge::request
