// How sessions end: by either side, by time, for want of room, by a newer one.
#include <algorithm>

#include "services/edge/dtls/limits.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const SocketAddress kClient = Address("198.51.100.7");

SocketAddress Client(uint16_t number) { return Address("198.51.100.7", 5000 + number); }

class SessionEndTest : public ServerTest {
 protected:
  // A client that has sent a first record, and whom the homeserver knows.
  DtlsPeer& ConnectAndSpeak(const SocketAddress& from, DtlsPeer::Options options = {}) {
    DtlsPeer& peer = Connect(from, std::move(options));
    peer.Send("hello");
    Pump();
    server->Prove(now, Opened().back());
    return peer;
  }
};

TEST_F(SessionEndTest, ClosedByUsThenBothSidesToldOnce) {
  DtlsPeer& peer = ConnectAndSpeak(kClient);
  server->Close(Opened()[0]);
  EXPECT_FALSE(server->Send(Opened()[0], AsBytes("x")));
  Pump();
  EXPECT_EQ(peer.error(), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  EXPECT_EQ(Closed(), (std::vector<CloseReason>{CloseReason::kLocal}));
  EXPECT_EQ(server->session_count(), 0u);
  EXPECT_EQ(counters().closed[static_cast<size_t>(CloseReason::kLocal)], 1u);
  server->Close(Opened()[0]);  // twice does nothing
  EXPECT_EQ(counters().closed[static_cast<size_t>(CloseReason::kLocal)], 1u);
}

TEST_F(SessionEndTest, AllClosedThenEveryClientToldAndHandshakesGone) {
  DtlsPeer& one = ConnectAndSpeak(Client(1));
  DtlsPeer& two = Connect(Client(2), {.connection_id = Bytes{}});
  lose = [](bool to_server, ByteView datagram) { return !to_server && datagram.size() > 60; };
  Dial(Client(3));
  Pump();
  ASSERT_EQ(server->handshake_count(), 1u);
  lose = nullptr;
  server->CloseAll();
  Pump();
  EXPECT_EQ(one.error(), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  EXPECT_EQ(two.error(), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  EXPECT_EQ(Closed(), (std::vector<CloseReason>{CloseReason::kLocal, CloseReason::kLocal}));
  EXPECT_EQ(server->session_count() + server->handshake_count(), 0u);
  EXPECT_EQ(server->NextDeadline(), std::nullopt);
}

TEST_F(SessionEndTest, ClosedByTheClientThenAnswered) {
  DtlsPeer& peer = ConnectAndSpeak(kClient);
  peer.Close();
  Pump();
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kPeerClosed});
  EXPECT_EQ(peer.error(), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  EXPECT_EQ(server->session_count(), 0u);
}

TEST_F(SessionEndTest, FatalAlertThenOver) {
  DtlsPeer& peer = ConnectAndSpeak(kClient);
  peer.Alert();
  Pump();
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kPeerAlert});
  EXPECT_EQ(server->session_count(), 0u);
}

TEST_F(SessionEndTest, PlaintextAlertsThenIgnored) {
  DtlsPeer& peer = ConnectAndSpeak(kClient);
  for (const uint8_t level : {1, 2}) {
    for (const uint8_t epoch : {0, 1}) {
      Inject(kClient, Bytes{21, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 1, level, 0, 2, level, 0});
    }
  }
  EXPECT_TRUE(Closed().empty());
  peer.Send("still here");
  Pump();
  EXPECT_EQ(Data().back(), "still here");
}

TEST_F(SessionEndTest, NothingHeardAfterTheHandshakeThenDroppedAfterTheLastRepeatOfARequest) {
  DtlsPeer& peer = Connect(kClient);
  Pass(seconds(44));
  EXPECT_EQ(server->session_count(), 1u);
  Pass(seconds(1));
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kIdle});
  EXPECT_EQ(peer.error(), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
}

TEST_F(SessionEndTest, NothingHeardInANearlyFullTableThenDroppedSoon) {
  Restart({}, {.sessions = 2});
  ConnectAndSpeak(Client(0));
  Connect(Client(1));
  Pass(seconds(14));
  EXPECT_EQ(server->session_count(), 2u);
  Pass(seconds(1));
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kIdle});
  EXPECT_EQ(server->session_count(), 1u);
}

TEST_F(SessionEndTest, IdleThenEndsAfterItsTimeCountedFromTheLastRecord) {
  DtlsPeer& peer = ConnectAndSpeak(kClient);
  Pass(hours(23));
  EXPECT_EQ(server->session_count(), 1u);
  peer.Send("again");
  Pump();
  Pass(hours(23));
  EXPECT_EQ(server->session_count(), 1u);
  Pass(hours(1));
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kIdle});
  EXPECT_EQ(server->NextDeadline(), std::nullopt);
}

TEST_F(SessionEndTest, ForgedRecordsThenDoNotKeepASessionAlive) {
  DtlsPeer& peer = ConnectAndSpeak(kClient);
  Bytes forged = RecordWith(peer, "x");
  forged.back() ^= 1;
  Pass(hours(23));
  Inject(kClient, forged);
  Pass(hours(1));
  EXPECT_EQ(server->session_count(), 0u);
}

TEST_F(SessionEndTest, NearlyFullTableThenIdleSessionsEndSooner) {
  Restart({}, {.sessions = 10});
  for (uint16_t i = 0; i < 10; ++i) ConnectAndSpeak(Client(i));
  Pass(minutes(29));
  EXPECT_EQ(server->session_count(), 10u);
  Pass(minutes(1));
  // One ends, and the table is no longer nearly full.
  EXPECT_EQ(server->session_count(), 9u);
  Pass(hours(1));
  EXPECT_EQ(server->session_count(), 9u);
}

TEST_F(SessionEndTest, FullTableThenTheLeastRecentlyUsedMakesRoom) {
  Restart({}, {.sessions = 3});
  for (uint16_t i = 0; i < 3; ++i) ConnectAndSpeak(Client(i));
  Pass(seconds(1));
  peers[Client(0)]->Send("in use");
  Pump();
  Pass(seconds(60));
  ConnectAndSpeak(Client(3));
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kEvicted});
  EXPECT_EQ(peers[Client(1)]->error(), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
  EXPECT_EQ(server->session_count(), 3u);
  peers[Client(0)]->Send("still served");
  Pump();
  EXPECT_EQ(Data().back(), "still served");
}

TEST_F(SessionEndTest, FullTableOfSessionsInUseThenNewOnesAreRefused) {
  Restart({}, {.sessions = 2});
  ConnectAndSpeak(Client(0));
  ConnectAndSpeak(Client(1));
  DtlsPeer& late = Dial(Client(2));
  Pump();
  EXPECT_FALSE(late.connected());
  EXPECT_EQ(Handshakes(HandshakeResult::kTableFull), 1u);
  EXPECT_TRUE(Closed().empty());
  Pass(seconds(60));  // the others fall silent
  EXPECT_TRUE(Connect(Client(2)).connected());
}

TEST_F(SessionEndTest, FullTableThenThoseWhoNeverSpokeGoFirst) {
  Restart({}, {.sessions = 2});
  ConnectAndSpeak(Client(0));
  Pass(seconds(61));
  Connect(Client(1));
  Pass(seconds(6));
  Connect(Client(2));
  ASSERT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kEvictedUnproven});
  EXPECT_EQ(seen[seen.size() - 2].session, Opened()[1]);
}

TEST_F(SessionEndTest, TableFilledDuringTheHandshakeThenRefusedAtItsEnd) {
  Restart({}, {.sessions = 1});
  bool hold = true;
  lose = [&](bool to_server, ByteView datagram) {
    return hold && !to_server && datagram.size() > 60;
  };
  DtlsPeer& slow = Dial(Client(0));
  Pump();
  ASSERT_EQ(server->handshake_count(), 1u);
  hold = false;
  ConnectAndSpeak(Client(1));
  Pass(seconds(1));  // the flight is sent again
  EXPECT_FALSE(slow.error() == 0);
  EXPECT_EQ(Handshakes(HandshakeResult::kTableFull), 1u);
  EXPECT_EQ(server->session_count(), 1u);
}

TEST_F(SessionEndTest, RestartedClientThenOldSessionServesUntilTheNewOneOpens) {
  DtlsPeer& old = ConnectAndSpeak(kClient);
  const Bytes late = RecordWith(old, "late");
  const auto kept = std::move(peers[kClient]);
  DtlsPeer& fresh = Dial(kClient);
  // The server's flight is lost once: the handshake hangs half-way.
  lose = [](bool to_server, ByteView datagram) { return !to_server && datagram.size() > 60; };
  Pump();
  lose = nullptr;
  EXPECT_EQ(server->handshake_count(), 1u);
  EXPECT_EQ(server->session_count(), 1u);
  Inject(kClient, late);
  EXPECT_EQ(Data().back(), "late");
  EXPECT_TRUE(Closed().empty());
  Pass(seconds(1));
  EXPECT_TRUE(fresh.connected());
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kReplaced});
  EXPECT_EQ(server->session_count(), 1u);
  EXPECT_NE(Opened()[0], Opened()[1]);
  fresh.Send("fresh");
  Pump();
  EXPECT_EQ(Data().back(), "fresh");
}

TEST_F(SessionEndTest, HandshakeGivenUpThenOldSessionLivesOn) {
  DtlsPeer& old = ConnectAndSpeak(kClient);
  const auto kept = std::move(peers[kClient]);
  Dial(kClient);
  lose = [](bool to_server, ByteView datagram) { return !to_server && datagram.size() > 60; };
  Pump();
  peers.erase(kClient);
  lose = nullptr;
  Pass(seconds(60));
  EXPECT_EQ(server->handshake_count(), 0u);
  EXPECT_EQ(Handshakes(HandshakeResult::kTimedOut), 1u);
  EXPECT_TRUE(Closed().empty());
  Inject(kClient, RecordWith(old, "alive"));
  EXPECT_EQ(Data().back(), "alive");
}

TEST_F(SessionEndTest, CopyOfTheOldHelloAfterTheHandshakeThenIgnored) {
  Bytes hello;
  lose = [&](bool to_server, ByteView datagram) {
    if (to_server && datagram[0] == 22 && datagram[13] == 1)
      hello.assign(datagram.begin(), datagram.end());
    return false;
  };
  DtlsPeer& peer = ConnectAndSpeak(kClient);
  Inject(kClient, hello);
  EXPECT_EQ(Dropped(DropReason::kStaleHello), 1u);
  EXPECT_EQ(server->handshake_count(), 0u);
  peer.Send("fine");
  Pump();
  EXPECT_EQ(Data().back(), "fine");
}

}  // namespace
}  // namespace lowband::edge::dtls
