// Downloads by blocks: response bodies that are kept until their client has fetched them.
//
//   response over one block ──▶ kept ──follow-up──▶ served ──last block──▶ finished
//                                  │                    │                       │
//                                  └── 300 s unused ────┴───── 30 s unused ─────┴──▶ dropped
//
// The body of a notification stays until it is released, since its client may return after hours
// and must find the same body; for lack of room it goes after the other bodies of its network.
//
// A follow-up (Block2 with a number above 0) whose body is not kept is carried out as a new request
// only where that is safe: a GET without a version (ETag), by a client that follows the
// specification and compares the entity tags of the blocks. Otherwise the client would mix two
// answers, or a POST would be carried out twice. Its body is found by the first of these criteria
// that matches any body:
//   1. the CON block that it acknowledges, and the path;
//   2. the cache key (RFC 7252 §5.6): method, path, queries, Accept, Request-Tag (RFC 9175 §3.3),
//      and Content-Format and the body of a FETCH (RFC 8132 §2), which may both be left out;
//   3. as 2, where it leaves out queries, Accept or Request-Tag, as deployed clients do.
// If several bodies match, the token decides: the token of the last follow-up, or else of the
// request; then unfinished bodies come before finished ones. Among GETs with one cache key the
// latest is meant: RFC 7959 §2.4 allows no two at a time, and the entity tags tell them apart.
//
// Threading: one thread. Ownership: of the bodies. Limits: limits.h, Config, Rooms. Spec: RFC 7959
// §2.4, §2.6, §3.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "libs/coap/block.h"
#include "libs/coap/message.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/message/event.h"
#include "services/edge/request/body_form.h"
#include "services/edge/request/config.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/exchange.h"
#include "services/edge/request/kept_body.h"
#include "services/edge/request/ledger_share.h"
#include "services/edge/request/limits.h"
#include "services/edge/request/options.h"
#include "services/edge/request/response.h"

namespace lowband::edge::request {

/// A request for one block of a body that is kept.
struct BlockRequest {
  message::RequestRef ref;
  coap::Token token;
  BodyForm form;  ///< Of an error.
  coap::Block block;
};

struct Download {
  SessionId session;
  TransferKey key;
  coap::Token token;  ///< Of the request that it answers.
  ResponseHead head;
  KeptBody body;
  uint64_t observation = 0;  ///< The ObservationId; 0: not a notification's body.
  // By a window (windows.cc):
  ExchangeId source = 0;  ///< The exchange that brings the next piece; 0: none.
  bool unproven = false;  ///< `source` has not confirmed yet that it brings this body.
  unsigned restarts = 0;  ///< Repeated requests for the rest since the last served block.
  std::string digest;
  std::unique_ptr<v1::Request> request;
  std::vector<BlockRequest> awaited;  ///< Requests for blocks that are to come.
  // Kept by Downloads:
  uint64_t serial = 0;
  Booking booking;
  std::array<uint8_t, kEntityTagBytes> entity_tag{};
  message::SendId last_sent;               ///< The block sent last, when it went as CON.
  std::optional<coap::Token> fetch_token;  ///< Of the last follow-up.
  std::optional<uint16_t> fetch_id;        ///< Of the last follow-up that came outside an ACK.
  TimePoint used;
  bool finished = false;
  size_t sent_bytes = 0;     ///< Of the block sent last.
  size_t asked_offset = 0;   ///< Of the block asked for last.
  unsigned asked_again = 0;  ///< Repeated requests for that block.
};

/// The result of the search for a follow-up's body.
enum class Match : uint8_t {
  kNone,  ///< No body matches.
  kOne,
  kSeveral,  ///< Ambiguous.
};

/// The parts of a follow-up that identify its body.
struct FollowUp {
  SessionId session;
  TransferKey key;
  coap::Token token;
  message::SendId acknowledges;
};

class Downloads {
 public:
  using Entry = std::list<Download>::iterator;

  /// `large` and `small` are for bodies above and up to kSmallDownloadBytes. They and `counters`
  /// outlive this; `random` is used now only.
  Downloads(const Config& config, LedgerShare& large, LedgerShare& small, Random& random,
            Counters& counters);

  /// Keeps a body, booked for `holder`. None, and `body` unchanged: no room.
  std::optional<Entry> Add(TimePoint now, const admission::Holder& holder, Download& body);
  /// As Add(), for a body that was sent whole: its client may yet need it by blocks. Nothing makes
  /// room for it.
  std::optional<Entry> Keep(TimePoint now, const admission::Holder& holder, Download& body);
  /// The body of which `response` is a block or the whole.
  std::optional<Entry> FindSent(SessionId session, const coap::MessageView& response) const;
  struct Found {
    Match match = Match::kNone;
    Entry download{};  ///< kOne.
  };
  Found Find(const FollowUp& follow_up) const;
  /// The body of the notification of this observation; none if there was no room to keep it.
  std::optional<Entry> FindNotification(SessionId session, uint64_t observation) const;
  /// Its client has the body, or does not want it.
  void Release(SessionId session, uint64_t observation);
  /// A block was sent, as CON if `sent` is not 0.
  void Served(TimePoint now, Entry download, message::SendId sent, bool last);
  /// A block was not acknowledged: its client may return much later, and gets it again.
  void Undelivered(TimePoint now, SessionId session, message::SendId sent);
  /// The client rejected the block.
  void Reject(SessionId session, message::SendId sent);
  /// Drops the body, to make room for others.
  void GiveUp(SessionId session, uint64_t serial);
  void Rebook(SessionId session, const admission::Holder& to);
  void Forget(SessionId session);
  void Expire(TimePoint now);
  std::optional<TimePoint> NextDeadline() const;
  size_t size() const { return unfinished_.size() + finished_.size() + notifications_.size(); }

  /// The body whose pieces this exchange brings.
  std::optional<Entry> FindSource(ExchangeId source) const;
  /// The exchange that brings the next pieces of the body; 0: none.
  void SetSource(Entry download, ExchangeId source);
  size_t sources() const { return by_source_.size(); }
  /// A request for a block that is still to come.
  void Await(TimePoint now, Entry download, BlockRequest asked);
  void Erase(Entry download);
  /// Left by dropped bodies: exchanges that are no longer needed, and unanswered requests for
  /// blocks.
  struct Leftovers {
    std::vector<ExchangeId> sources;
    std::vector<BlockRequest> awaited;
  };
  Leftovers TakeLeftovers() { return std::exchange(leftovers_, {}); }

 private:
  Entry Insert(TimePoint now, Download& body);
  void MakeRoomInSession(const Download& body);
  /// The bodies of its session that count to the same share.
  std::vector<Entry> AlikeOf(const Download& body) const;
  bool HasRoom(const std::vector<Entry>& alike, const Download& body) const;
  void DropEarlierOf(const Download& body);
  Entry LeastRecentlyUsed(const std::vector<Entry>& own) const;
  std::list<Download>& ListOf(const Download& body);

  const size_t per_session_max_;
  const size_t small_per_session_max_;
  LedgerShare& large_;
  LedgerShare& small_;
  Counters& counters_;
  uint64_t last_serial_ = 0;
  uint32_t transfers_;  ///< From a random start, so that tags of two processes differ.
  // The least recently used first.
  std::list<Download> unfinished_;
  std::list<Download> finished_;
  std::list<Download> notifications_;
  std::unordered_map<SessionId, std::vector<Entry>> by_session_;
  std::unordered_map<ExchangeId, Entry> by_source_;
  Leftovers leftovers_;
};

/// The block of `body` that a client asks for, in blocks of at most `szx_max`; none if it lies
/// beyond the end.
std::optional<coap::Block> BlockOf(size_t body_bytes, const coap::Block& asked, uint8_t szx_max);
}  // namespace lowband::edge::request
