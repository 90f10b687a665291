// Uploads by blocks: the bodies of requests that are not complete yet (RFC 7959 §2.5, atomic).
//
//   block 0 ──▶ begun ──next block──▶ grown ──last block──▶ complete, handed out
//     ▲           │                     │
//     └─again─────┴─────────────────────┴── 60 s idle, too slow, or for others ──▶ dropped
//
// A block that was received before (with another message ID) is confirmed again if it has the same
// bytes. A gap, or an overlap with other bytes, gets 4.08; the upload stays, so that the client can
// continue with the right block or from the start. The block size may change during an upload. The
// body has the token of its first block, or else of the first block with a token; a block with
// another token does not belong to this body, and gets 4.08 too.
//
// Threading: one thread. Ownership: of the bodies. Limits: limits.h, Config, Rooms. Spec: RFC 7959
// §2.3, §2.5, §2.9, RFC 9175 §3.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/result.h"
#include "libs/base/time.h"
#include "libs/coap/block.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/message/event.h"
#include "services/edge/request/config.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/ledger_share.h"
#include "services/edge/request/refusal.h"
#include "services/edge/request/sticky.h"

namespace lowband::edge::request {

/// One block of an upload. `key` tells the uploads of a session apart (TransferKey).
struct UploadBlock {
  SessionId session;
  admission::Holder holder;  ///< The holder of its booking.
  uint64_t key = 0;
  coap::Block block;
  ByteView payload;
  std::optional<uint32_t> size1;  ///< The client's figure for the whole body.
  std::optional<uint32_t> content_format;
  message::RequestRef ref = {};  ///< Of the message that brought it.
  AccessToken token = {};        ///< The token that a request in this message would have.
  bool names_token = false;      ///< The message itself has option 256.
};

/// A whole body.
struct UploadedBody {
  Bytes body;
  Booking booking;
  std::optional<uint32_t> content_format;  ///< Of the first block that has one.
  AccessToken token = {};                  ///< Of the first block that had one.
  bool names_token = false;                ///< That block itself has option 256.
};

class Uploads {
 public:
  /// `large` is for bodies of several blocks, `small` for those of one. All outlive this.
  Uploads(const Config& config, LedgerShare& large, LedgerShare& small, Counters& counters);

  /// None: accepted, and more blocks must come (2.31).
  Result<std::optional<UploadedBody>, Refusal> Add(TimePoint now, const UploadBlock& piece);
  /// The message of the previous block: this block shows that its 2.31 arrived. None if `piece`
  /// does not continue it.
  std::optional<message::RequestRef> Before(const UploadBlock& piece) const;
  /// When this upload may begin: at most `now`, or when the first upload in its way will have been
  /// silent for kUploadQuiet.
  TimePoint SlotAt(TimePoint now, SessionId session, uint64_t key) const;
  /// Drops the upload, to make room for others.
  void GiveUp(SessionId session, uint64_t key);
  void Rebook(SessionId session, const admission::Holder& to);
  void Forget(SessionId session);
  void Expire(TimePoint now);
  std::optional<TimePoint> NextDeadline() const;
  size_t size() const { return uploads_.size(); }

 private:
  struct Upload {
    SessionId session;
    uint64_t key;
    TimePoint measured;        ///< When its progress was last checked.
    size_t measured_size = 0;  ///< Its size then.
    TimePoint used;
    Bytes body;
    Booking booking;
    std::optional<uint32_t> content_format;
    message::RequestRef last;  ///< The message of the last block.
    AccessToken token;
    bool names_token = false;
  };
  using Entry = std::list<Upload>::iterator;

  std::optional<Refusal> Check(const UploadBlock& piece) const;
  static bool IsTooSlow(TimePoint now, Upload& upload);
  Result<std::optional<UploadedBody>, Refusal> AddFirst(TimePoint now, const UploadBlock& piece);
  Result<std::optional<UploadedBody>, Refusal> AddNext(TimePoint now, Entry upload,
                                                       const UploadBlock& piece);
  Result<std::optional<UploadedBody>, Refusal> Repeat(const Upload& upload,
                                                      const UploadBlock& piece);
  std::optional<Entry> Find(SessionId session, uint64_t key) const;
  void Erase(Entry upload);

  const size_t body_bytes_max_;
  const size_t per_session_max_;
  LedgerShare& large_;
  LedgerShare& small_;
  Counters& counters_;
  std::list<Upload> uploads_;  // the least recently used first
  std::unordered_map<SessionId, std::vector<Entry>> by_session_;
};

}  // namespace lowband::edge::request
