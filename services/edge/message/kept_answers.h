// The answers that are kept for duplicates, by network: when they have too many bytes, the network
// that has most pays, so that nobody's many requests cost another client what its one POST got.
//
//   Add ──▶ kept ──Remove──▶ gone
//             └─ too many bytes: LeastMissed() ─▶ its owner removes it
//
// Of that network goes the oldest answer to a request that may be carried out anew, else the
// oldest. Clients that the homeserver does not know may have a sixteenth at the cost of those that
// it knows, since they log in by what must not happen twice.
//
// Threading: one thread. Ownership: refers to requests of a Deduplication. Limits: the bytes of the
// constructor.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <optional>

#include "libs/base/bytes.h"
#include "libs/base/node_table.h"
#include "libs/base/spare_nodes.h"
#include "services/edge/admission/ledger.h"
#include "services/edge/message/owner.h"
#include "services/edge/message/received_request.h"

namespace lowband::edge::message {

class KeptAnswers {
 public:
  using Entry = ReceivedRequest::Entry;

  explicit KeptAnswers(size_t bytes_max) : ledger_(bytes_max, admission::Yield::kToAll) {}

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

  /// What has to go; none: there are not too many bytes.
  struct Missed {
    Entry request;
    admission::Standing standing;
  };
  std::optional<Missed> LeastMissed() const;

  size_t bytes() const { return bytes_; }

 private:
  /// Of one owner; that which was answered first is the first.
  struct Share {
    std::list<Entry> repeatable;
    std::list<Entry> once;
    std::list<Entry>& ListOf(const ReceivedRequest& request) {
      return request.ref.repeatable ? repeatable : once;
    }
  };
  /// REQUIRES: something is kept for `owner`.
  Share& ShareOf(const Owner& owner);
  void Forget(const Owner& owner, const Share& share);

  admission::Ledger ledger_;  ///< Of one worker: who makes room is always here.
  NodeTable<Owner, Share, OwnerHash> shares_{admission::kSpareAccountsMax};
  SpareListNodes<Entry> spare_places_{admission::kSpareAccountsMax};
  size_t bytes_ = 0;
};

}  // namespace lowband::edge::message
