// The inside of Server (server.h).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "libs/base/packet_queue.h"
#include "libs/base/result.h"
#include "libs/base/timer_queue.h"
#include "services/edge/admission/admission.h"
#include "services/edge/dtls/client_hello.h"
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/cookie.h"
#include "services/edge/dtls/counters.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/dtls/ended_hellos.h"
#include "services/edge/dtls/engine.h"
#include "services/edge/dtls/hello_fragments.h"
#include "services/edge/dtls/limits.h"
#include "services/edge/dtls/record.h"
#include "services/edge/dtls/server.h"
#include "services/edge/dtls/session_table.h"

namespace lowband::edge::dtls {

class Server::Impl {
 public:
  Impl(const Config& config, Credentials& credentials, Random& random, unsigned worker,
       unsigned workers, admission::Admission& admission);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // server.h; in server.cc.
  bool Send(SessionId id, ByteView data);
  void ProvePath(SessionId id);
  void Close(SessionId id, CloseReason reason);
  void StopAccepting() { accepting_ = false; }
  void CloseAll();
  std::vector<SessionId> QuietestFirst() const { return table_.QuietestFirst(); }
  std::optional<TimePoint> HeardAt(SessionId id);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Event> PollEvent();
  std::optional<Transmit> PollTransmit();
  const Counters& counters() const { return counters_; }
  size_t session_count() const { return table_.sessions(); }
  size_t handshake_count() const { return table_.handshakes(); }

  // In room.cc.
  void Prove(TimePoint now, SessionId id);
  void NoteRequest(TimePoint now, SessionId id);
  void Relieve(TimePoint now, bool proven_in_use);
  std::optional<Relief> PollRelief();

  // In receive.cc.
  void Receive(TimePoint now, const SocketAddress& from, ByteView datagram);

 private:
  // In receive.cc: records to sessions.
  void Route(TimePoint now, const SocketAddress& from, const Record& record);
  Session* SessionFor(const SocketAddress& from, const Record& record);
  void Deliver(TimePoint now, const SocketAddress& from, const Record& record, Session& session);
  void Accept(TimePoint now, const SocketAddress& from, const Record& record, Session& session,
              ByteView data);
  void Follow(TimePoint now, const SocketAddress& from, Session& session);
  void ReturnHome(TimePoint now, Session& session);
  void SendHeld(Session& session, const std::vector<Bytes>& held);
  void Unknown(TimePoint now, const SocketAddress& from, const Record& record);

  // In hello.cc: from the first ClientHello to the open session.
  void Hello(TimePoint now, const SocketAddress& from, const Record& record);
  void HelloFragment(TimePoint now, const SocketAddress& from, const Record& record);
  void VerifiedHello(TimePoint now, const SocketAddress& from, const Record& record,
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

  // In room.cc: who has a place, and who makes one.
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
  Duration UnheardTimeout() const;
  Duration UnprovenTimeout() const;
  Duration IdleTimeout() const;
  void EndSession(Session& session, CloseReason reason, bool notify);
  /// A flight that comes again is no sign of a client that waits: its session is past that.
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
  std::optional<ConnectionIds> connection_ids_;  // Always; made anew with the identity.
  EndedHellos ended_hellos_;
  HelloFragments hello_fragments_;
  Outbox outbox_;  // Outlives the channels of the table.
  PacketQueue<Event> events_;
  std::vector<Relief> reliefs_;  // One to a worker and kind, at most.
  std::shared_ptr<Engine> engine_;
  uint64_t engine_revision_ = 0;
  SessionTable table_;
  TimerQueue<SessionId> flights_;  // Of handshakes: when to send the last flight again.
  TimerQueue<SessionId> paths_;    // Of sessions at an unproven address: when to give it up.
  std::array<uint8_t, kRecordPlaintextMax> plaintext_;
};

}  // namespace lowband::edge::dtls
