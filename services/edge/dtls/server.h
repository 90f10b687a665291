// The DTLS stage: records in, application data out, and back. Sans-IO.
//
//                   ClientHello without a valid cookie -> HelloVerifyRequest (no state kept)
//   (no session) ──ClientHello with a valid cookie──▶ kHandshaking ──Finished──▶ kUnconfirmed ─┐
//        ▲                                          60 s │       data ┌──────────────────────┘
//        │                                   fatal alert │            ▼        Prove()
//        └───────────────────────────────────────────────┴──────── kUnproven ───────────▶ kProven
//                   time, close_notify, fatal alert, eviction, replacement, stop
//
// Sessions and handshakes have limits for all workers together (admission/ledger.h). At the limit,
// the network with the most makes room, unproven sessions first. If another worker has the session
// to end, this worker asks it to do so (PollRelief(), Relieve()).
//
// A datagram is matched to its session by Connection ID if it carries one (RFC 9146), else by
// source address. A session's address moves only when an authentic record, newer than all before,
// comes from a new address (RFC 9146 §6), and little is sent there before the owner confirms that
// the client has answered from there (unproven_path.h).
//
// Threading: one worker thread. Ownership: owns every session; drained views are valid until the
// next call. Limits: limits.h. Spec: RFC 6347, RFC 5246, RFC 9146, RFC 5077.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/base/packet_queue.h"
#include "libs/base/random.h"
#include "libs/base/result.h"
#include "libs/base/time.h"
#include "libs/base/timer_queue.h"
#include "services/edge/admission/admission.h"
#include "services/edge/dtls/client_hello.h"
#include "services/edge/dtls/config.h"
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/cookie.h"
#include "services/edge/dtls/counters.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/dtls/ended_hellos.h"
#include "services/edge/dtls/engine.h"
#include "services/edge/dtls/event.h"
#include "services/edge/dtls/hello_fragments.h"
#include "services/edge/dtls/limits.h"
#include "services/edge/dtls/session_id.h"
#include "services/edge/dtls/session_table.h"

namespace lowband::edge::dtls {

/// The stage of one worker.
class Server {
 public:
  /// `credentials` and `admission` are shared by all workers, `random` is this worker's; all three
  /// outlive the server. `worker` of `workers` is encoded into connection ids (connection_id.h).
  Server(const Config& config, Credentials& credentials, Random& random, unsigned worker,
         unsigned workers, admission::Admission& admission);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// One datagram from the network. Bad input is counted and dropped, never reported.
  void Receive(TimePoint now, const SocketAddress& from, ByteView datagram);
  /// Sends `data` (at most kApplicationDataMax bytes) in one record. False if the session is gone.
  bool Send(SessionId session, ByteView data);
  /// The client answered a message sent after PeerMoved. No effect if its address changed since.
  void ProvePath(SessionId session);
  /// The client is proven: the homeserver answered a request with the session's token, and did not
  /// refuse the token. No effect if the session is gone.
  void Prove(TimePoint now, SessionId session);
  /// A complete request came: this restarts an unproven session's time, unlike other data.
  void NoteRequest(TimePoint now, SessionId session);
  /// Another worker's PollRelief() named this worker: ends a holding, if room is still needed.
  void Relieve(TimePoint now, bool proven_in_use);
  /// Ends a session with close_notify. No effect if it is gone.
  void Close(SessionId session, CloseReason reason = CloseReason::kLocal);
  /// Takes no new handshakes from here on; sessions live on.
  void StopAccepting() { accepting_ = false; }
  /// Ends every session with close_notify.
  void CloseAll();
  /// Runs the timers that are due. Call it at NextDeadline() or later.
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();

  /// Open sessions: the unproven ones first, and within each group the longest silent first.
  std::vector<SessionId> QuietestFirst() const { return table_.QuietestFirst(); }
  /// The time of the session's last data, or of its opening; none if it is gone.
  std::optional<TimePoint> ActiveAt(SessionId session);

  /// Drained after every call above, until all are empty.
  std::optional<Event> PollEvent();
  std::optional<Relief> PollRelief();
  std::optional<Transmit> PollTransmit();

  const Counters& counters() const { return counters_; }
  size_t session_count() const { return table_.sessions(); }
  size_t handshake_count() const { return table_.handshakes(); }

 private:
  // In receive.cc: records to sessions.
  void Route(TimePoint now, const SocketAddress& from, const tls::Record& record);
  Session* SessionFor(const SocketAddress& from, const tls::Record& record);
  void Deliver(TimePoint now, const SocketAddress& from, const tls::Record& record,
               Session& session);
  void Accept(TimePoint now, const SocketAddress& from, const tls::Record& record, Session& session,
              ByteView data);
  void Follow(TimePoint now, const SocketAddress& from, Session& session);
  void ReturnHome(TimePoint now, Session& session);
  void SendHeld(Session& session, const std::vector<Bytes>& held);
  void Unknown(TimePoint now, const SocketAddress& from, const tls::Record& record);

  // In hello.cc: from the first ClientHello to the open session.
  void Hello(TimePoint now, const SocketAddress& from, const tls::Record& record);
  void HelloFragment(TimePoint now, const SocketAddress& from, const tls::Record& record);
  void VerifiedHello(TimePoint now, const SocketAddress& from, const tls::Record& record,
                     const ClientHello& hello, const tls::LinkSample& link);
  bool Repeated(TimePoint now, Session& session);
  void SettleTicket(TimePoint now, const SocketAddress& from, SessionId id);
  std::optional<HandshakeResult> Refusal(TimePoint now, const SocketAddress& from,
                                         const ClientHello& hello);
  Result<Session*, HandshakeResult> BeginHandshake(TimePoint now, const SocketAddress& from,
                                                   const ClientHello& hello,
                                                   const tls::LinkSample& link);
  void HandshakeStep(TimePoint now, Session& session, Progress progress);
  void Opened(TimePoint now, Session& session);
  void EndHandshake(Session& session, HandshakeResult result);
  std::shared_ptr<Engine> CurrentEngine();

  // In room.cc: places for sessions and handshakes, and eviction.
  using Ledger = admission::Ledger;
  using Standing = admission::Standing;
  using Victim = admission::Victim;
  bool CouldOpen(TimePoint now);
  bool MakeRoom(TimePoint now, Ledger& ledger);
  bool Evict(TimePoint now, const Ledger& ledger, const Victim& victim);
  Session* ProvenToEnd(TimePoint now, const Victim& victim);
  void Ask(const Relief& relief);
  bool Book(Ledger& ledger, const Session& session);
  void Rehome(Session& session, admission::Network network);
  void Discard(Session& session);
  admission::Holder HolderOf(const Session& session) const;

  // In server.cc.
  void ExpireHandshakes(TimePoint now);
  void ExpireSessions(TimePoint now);
  size_t SessionsOfAll() const;
  Duration UnconfirmedTimeout() const;
  Duration UnprovenTimeout() const;
  Duration IdleTimeout() const;
  void EndSession(Session& session, CloseReason reason, bool notify);
  /// The client has sent data, so a repeated flight does not mean that it still waits for ours.
  static bool HasSpoken(Stage stage) {
    return stage == Stage::kUnproven || stage == Stage::kProven;
  }
  void Drop(DropReason reason) { ++counters_.dropped[static_cast<size_t>(reason)]; }
  void Count(HandshakeResult result) { ++counters_.handshakes[static_cast<size_t>(result)]; }

  const Config config_;
  const unsigned worker_;
  const unsigned workers_;
  Credentials& credentials_;
  Random& random_;
  admission::Admission& admission_;

  bool accepting_ = true;
  Counters counters_;
  CookieJar cookies_;
  std::optional<ConnectionIds> connection_ids_;  // Never empty; replaced with the identity.
  EndedHellos ended_hellos_;
  HelloFragments hello_fragments_;
  Outbox outbox_;  // Outlives the channels of the table.
  PacketQueue<Event> events_;
  std::vector<Relief> reliefs_;  // At most one per worker and kind.
  std::shared_ptr<Engine> engine_;
  uint64_t engine_revision_ = 0;
  SessionTable table_;
  TimerQueue<SessionId> flights_;  // Of handshakes: the next retransmission.
  TimerQueue<SessionId> paths_;    // Of sessions at an unproven address: the return to the old one.
  std::array<uint8_t, kRecordPlaintextMax> plaintext_;
};

}  // namespace lowband::edge::dtls
