// The inside of Server (server.h).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "libs/base/packet_queue.h"
#include "libs/base/timer_queue.h"
#include "services/edge/dtls/client_hello.h"
#include "services/edge/dtls/cookie.h"
#include "services/edge/dtls/counters.h"
#include "services/edge/dtls/credentials.h"
#include "services/edge/dtls/ended_hellos.h"
#include "services/edge/dtls/engine.h"
#include "services/edge/dtls/hello_fragments.h"
#include "services/edge/dtls/limits.h"
#include "services/edge/dtls/prefix_limiter.h"
#include "services/edge/dtls/record.h"
#include "services/edge/dtls/server.h"
#include "services/edge/dtls/session_table.h"
#include "services/edge/dtls/stale_alerts.h"

namespace lowband::edge::dtls {

class Server::Impl {
 public:
  Impl(const Config& config, Credentials& credentials, Random& random, unsigned worker,
       unsigned workers, admission::Admission& admission);

  // server.h; in server.cc.
  bool Send(SessionId id, ByteView data);
  void ProvePath(SessionId id);
  void Close(SessionId id);
  void StopAccepting() { accepting_ = false; }
  void CloseAll();
  std::vector<SessionId> QuietestFirst() const { return table_.QuietestFirst(); }
  bool HeardSince(TimePoint time, SessionId id);
  void Advance(TimePoint now);
  std::optional<TimePoint> NextDeadline();
  std::optional<Event> PollEvent();
  std::optional<Transmit> PollTransmit();
  const Counters& counters() const { return counters_; }
  size_t session_count() const { return table_.sessions(); }
  size_t handshake_count() const { return table_.handshakes(); }

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
  std::optional<HandshakeResult> Refusal(TimePoint now, const SocketAddress& from);
  Session* BeginHandshake(TimePoint now, const SocketAddress& from, const ClientHello& hello,
                          const tls::LinkSample& link);
  void HandshakeStep(TimePoint now, Session& session, Progress progress);
  void Opened(TimePoint now, Session& session);
  void EndHandshake(Session& session, HandshakeResult result);
  bool MakeRoom(TimePoint now, bool evict);
  std::shared_ptr<Engine> CurrentEngine();

  // In server.cc.
  void ExpireHandshakes(TimePoint now);
  void ExpireSessions(TimePoint now);
  Duration HandshakeTimeout() const;
  Duration UnheardTimeout() const;
  Duration IdleTimeout() const;
  void EndSession(Session& session, CloseReason reason, bool notify);
  void Drop(DropReason reason) { ++counters_.dropped[static_cast<size_t>(reason)]; }
  void Count(HandshakeResult result) { ++counters_.handshakes[static_cast<size_t>(result)]; }

  const Config config_;
  const size_t sessions_max_;    // This worker's share.
  const size_t handshakes_max_;  // This worker's share.
  const unsigned worker_;
  const unsigned workers_;
  Credentials& credentials_;
  Random& random_;

  bool accepting_ = true;
  Counters counters_;
  CookieJar cookies_;
  PrefixLimiter prefixes_;
  EndedHellos ended_hellos_;
  StaleAlerts stale_alerts_;
  HelloFragments hello_fragments_;
  Outbox outbox_;  // Outlives the channels of the table.
  PacketQueue<Event> events_;
  std::shared_ptr<Engine> engine_;
  uint64_t engine_revision_ = 0;
  SessionTable table_;
  TimerQueue<SessionId> flights_;  // Of handshakes: when to send the last flight again.
  TimerQueue<SessionId> paths_;    // Of sessions at an unproven address: when to give it up.
  std::array<uint8_t, kRecordPlaintextMax> plaintext_;
};

}  // namespace lowband::edge::dtls
