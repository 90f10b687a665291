// The answers that are kept for duplicates, by network: when they have too many bytes, the network
// that has most pays, so that nobody's many requests cost another client what its one POST got.
//
//   Add ──▶ kept ──Remove──▶ gone
//             └─ too many bytes: LeastMissed() ─▶ its owner removes it; or TakeRelief() names the
//                worker that has to
//
// Of that network goes the oldest answer to a request that may be carried out anew, else the
// oldest. Clients that the homeserver does not know may have a sixteenth at the cost of those that
// it knows, since they log in by what must not happen twice.
//
// Threading: one worker thread; the ledger is shared. Ownership: refers to requests of a
// Deduplication. Limits: the ledger's.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/base/node_table.h"
#include "libs/base/spare_nodes.h"
#include "services/edge/admission/ledger.h"
#include "services/edge/admission/room_elsewhere.h"
#include "services/edge/message/owner.h"
#include "services/edge/message/received_request.h"

namespace lowband::edge::message {

class KeptAnswers {
 public:
  using Entry = ReceivedRequest::Entry;

  /// `ledger` outlives this.
  KeptAnswers(admission::Ledger& ledger, unsigned worker)
      : ledger_(ledger), worker_(worker), elsewhere_(worker) {}
  KeptAnswers(const KeptAnswers&) = delete;
  KeptAnswers& operator=(const KeptAnswers&) = delete;
  ~KeptAnswers();

  /// What an answer costs, with its overhead.
  static size_t CostOf(const ReceivedRequest& request);

  /// The youngest of `owner`. REQUIRES: it is answered.
  void Add(const Owner& owner, Entry request);
  void Remove(const Owner& owner, Entry request);
  /// Another answer takes the place of the one that it had, which is returned.
  Bytes Replace(const Owner& owner, Entry request, Bytes answer);
  /// The youngest of `owner`, once more.
  void Renew(const Owner& owner, Entry request);
  /// `to` has it from now on, as its youngest.
  void Move(const Owner& from, const Owner& to, Entry request);

  /// What has to go here, for this worker's newcomers or another's; none: nothing.
  struct Missed {
    Entry request;
    admission::Standing standing;
  };
  std::optional<Missed> LeastMissed();
  /// The other worker that has to make room, by what LeastMissed() found last.
  std::optional<unsigned> TakeRelief() { return elsewhere_.TakeRelief(); }
  /// That worker has not acted, and no more may be kept until it has.
  bool IsFarOver() const { return ledger_.IsFarOver(); }

  /// Of this worker.
  size_t bytes() const { return bytes_; }

 private:
  /// Of one owner; that which was answered first is the first.
  struct Share {
    std::list<Entry> repeatable;
    std::list<Entry> once;
    size_t bytes = 0;
    admission::Ledger::Hint hint;  ///< Good as long as there is a share: something is booked.
    std::list<Entry>& ListOf(const ReceivedRequest& request) {
      return request.ref.repeatable ? repeatable : once;
    }
  };
  /// REQUIRES: something is kept for `owner`.
  Share& ShareOf(const Owner& owner);
  void Forget(const Owner& owner, Share& share);

  void Book(const Owner& owner, Share& share, size_t bytes);
  void GiveBack(const Owner& owner, Share& share, size_t bytes);

  admission::Ledger& ledger_;
  const unsigned worker_;
  admission::RoomElsewhere elsewhere_;
  NodeTable<Owner, Share, OwnerHash> shares_{admission::kSpareAccountsMax};
  SpareListNodes<Entry> spare_places_{admission::kSpareAccountsMax};
  size_t bytes_ = 0;
};

}  // namespace lowband::edge::message
