// The answers kept for duplicates, by network. Above the limit the network with most bytes makes
// room: one client's many requests must not cost another client the answer to its POST.
//
//   Add ──▶ kept ──Remove──▶ gone
//             └─ too many bytes: LeastMissed() ─▶ its owner removes it; or TakeRelief() names the
//                worker that must
//
// That network loses its oldest answer to a request that may be carried out anew, else its oldest.
// Unproven clients may take up to a sixteenth from proven ones, since a login must not be carried
// out twice.
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

  /// Bytes of an answer, with its overhead.
  static size_t CostOf(const ReceivedRequest& request);

  /// Adds the youngest answer of `owner`. REQUIRES: it is answered.
  void Add(const Owner& owner, Entry request);
  void Remove(const Owner& owner, Entry request);
  /// Replaces its answer and returns the earlier one.
  Bytes Replace(const Owner& owner, Entry request, Bytes answer);
  /// Makes it the youngest of `owner`.
  void Renew(const Owner& owner, Entry request);
  /// Moves it to `to`, as its youngest.
  void Move(const Owner& from, const Owner& to, Entry request);

  /// The answer that must go, for newcomers of this worker or another; none: no answer.
  struct Missed {
    Entry request;
    admission::Standing standing;
  };
  std::optional<Missed> LeastMissed();
  /// The other worker that has to make room, as found by the last LeastMissed().
  std::optional<unsigned> TakeRelief() { return elsewhere_.TakeRelief(); }
  /// The other worker has not made room yet; until then no more may be kept.
  bool IsFarOver() const { return ledger_.IsFarOver(); }

  /// Of this worker.
  size_t bytes() const { return bytes_; }

 private:
  /// The answers of one owner, the oldest first.
  struct Share {
    std::list<Entry> repeatable;
    std::list<Entry> once;
    size_t bytes = 0;
    admission::Ledger::Hint hint;  ///< Valid while the share exists: something is booked.
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
