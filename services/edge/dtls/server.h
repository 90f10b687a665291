// The DTLS stage: records in, application data out, and back. Sans-IO.
//
//                   ClientHello without a valid cookie -> HelloVerifyRequest (no state kept)
//   (no session) ──ClientHello with a valid cookie──▶ kHandshaking ──Finished──▶ kUnheard ─┐
//        ▲                                          60 s │       data ┌──────────────────────┘
//        │                                   fatal alert │            ▼        Prove()
//        └───────────────────────────────────────────────┴──────── kUnproven ───────────▶ kProven
//                   time, close_notify, fatal alert, eviction, replacement, stop
//
// Sessions and handshakes of all workers share one table's room (admission/ledger.h). When there is
// none, somebody of the network that has most makes it, unproven sessions first. Where the other
// worker has that session, it is asked to end it (PollRelief(), Relieve()).
//
// A datagram is matched to its session by Connection ID when it carries one (RFC 9146), else by
// source address. The address of a session moves only after an authentic record, newer than all
// before it, came from the new one (RFC 9146 §6), and little is sent there before the owner says
// that the client has answered something from there (unproven_path.h).
//
// Threading: one worker thread. Ownership: owns every session; drained views are valid until the
// next call. Limits: limits.h. Spec: RFC 6347, RFC 5246, RFC 9146, RFC 5077.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/random.h"
#include "libs/base/time.h"
#include "services/edge/admission/admission.h"
#include "services/edge/dtls/config.h"
#include "services/edge/dtls/session_id.h"

namespace lowband::edge::dtls {

class Credentials;  // credentials.h: certificate, key, ticket and cookie keys, shared by workers
struct Counters;    // counters.h: what the stage counted, read by the worker for the metrics

/// A handshake ended well: the session can carry data both ways.
struct SessionOpened {
  SessionId session;
  SocketAddress peer;
  uint64_t lineage = 0;     ///< Channel::lineage(): whose it is, as far as tickets tell.
  size_t passed_bytes = 0;  ///< Data of this size has room in a datagram that reached the client.
};
/// The client's address changed (RFC 9146 §6). Unless it is `proven`, the owner sends something
/// that the client answers, and calls ProvePath() when it does.
struct PeerMoved {
  SessionId session;
  SocketAddress peer;
  bool proven = false;
};
/// One record's worth of application data: one CoAP message.
struct DataArrived {
  SessionId session;
  ByteView data;
  /// Of the record, epoch and number. What a client sent later has a higher one; the order of
  /// arrival says less.
  uint64_t sequence = 0;
};
enum class CloseReason : uint8_t {
  kPeerClosed,       ///< close_notify
  kPeerAlert,        ///< fatal alert
  kIdle,             ///< nothing heard for idle_timeout, or ever
  kUnproven,         ///< the homeserver did not get to know its client in unproven_timeout
  kReplaced,         ///< a new handshake from the same address succeeded
  kEvicted,          ///< table full, this was proven, and the least recently used
  kEvictedUnproven,  ///< table full, this was not proven, the oldest of the network that had most
  kLocal,            ///< Close() or Stop()
  kSuperseded,       ///< its client is silent, and has begun another one since
  kProtocolError,    ///< the engine gave the session up
};
/// An opened session ended; nothing more comes of it.
struct SessionClosed {
  SessionId session;
  CloseReason reason;
};
using Event = std::variant<SessionOpened, PeerMoved, DataArrived, SessionClosed>;

/// One datagram to send.
struct Transmit {
  SocketAddress peer;
  ByteView datagram;
};

/// Another worker has what shall make room for a newcomer of this one.
struct Relief {
  unsigned worker = 0;
  bool proven_in_use = false;  ///< No proven session can go: an unproven one has to.
  friend bool operator==(const Relief&, const Relief&) = default;
};

/// The stage of one worker.
class Server {
 public:
  /// `credentials` and `admission` are shared by all workers and outlive the server; `random` too,
  /// used by this worker alone. `worker` of `workers` is coded into connection ids (see
  /// connection_id.h).
  Server(const Config& config, Credentials& credentials, Random& random, unsigned worker,
         unsigned workers, admission::Admission& admission);
  ~Server();

  /// One datagram from the network. Bad input is counted and dropped, never reported.
  void Receive(TimePoint now, const SocketAddress& from, ByteView datagram);
  /// Sends `data` (at most kApplicationDataMax bytes) in one record. False if the session is gone.
  bool Send(TimePoint now, SessionId session, ByteView data);
  /// The client answered what was sent after PeerMoved. Nothing if its address has changed since.
  void ProvePath(TimePoint now, SessionId session);
  /// The homeserver knows the client: it answered a request with the session's token by other than
  /// a refusal of the token. Nothing if the session is gone.
  void Prove(TimePoint now, SessionId session);
  /// A whole request came: an unproven session's time begins anew, which data alone does not do.
  void NoteRequest(TimePoint now, SessionId session);
  /// Another worker's PollRelief() named this one: ends what is to make room, if it still is.
  void Relieve(TimePoint now, bool proven_in_use);
  /// Ends a session with close_notify; nothing if it is gone.
  void Close(TimePoint now, SessionId session, CloseReason reason = CloseReason::kLocal);
  /// Takes no new handshakes from here on; sessions live on.
  void StopAccepting();
  /// Ends every session with close_notify.
  void CloseAll(TimePoint now);
  /// Runs what is due. To be called at NextDeadline() or later.
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  /// Open sessions, the unproven ones first, then those first that were not heard for the longest
  /// time.
  std::vector<SessionId> QuietestFirst() const;
  /// When data came of it last, or it opened; none: it is gone.
  std::optional<TimePoint> HeardAt(SessionId session);

  /// Drained after every call above, until all are empty.
  std::optional<Event> PollEvent();
  std::optional<Relief> PollRelief();
  std::optional<Transmit> PollTransmit();

  const Counters& counters() const;
  size_t session_count() const;
  size_t handshake_count() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowband::edge::dtls
