// A client whose address changes (RFC 9146 §6): followed when its newest record says so, and only
// then.
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/limits.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

const SocketAddress kHome = Address("198.51.100.7");
const SocketAddress kAway = Address("203.0.113.9", 9);
const SocketAddress kThird = Address("2001:db8::3");

class RoamingTest : public ServerTest {
 protected:
  RoamingTest() : peer(&Connect(kHome, {.connection_id = Bytes{}})) {}
  SessionId session() { return Opened().at(0); }
  // Where the server would send to now.
  SocketAddress Destination() {
    EXPECT_TRUE(server->Send(session(), AsBytes("?")));
    const auto transmit = server->PollTransmit();
    return transmit ? transmit->peer : SocketAddress();
  }
  DtlsPeer* peer;
};

TEST_F(RoamingTest, NewestRecordFromElsewhereThenAnswersFollow) {
  peer = &Rebind(kHome, kAway);
  peer->Send("from away");
  Pump();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[1].kind, Seen::Kind::kMoved);  // before the data, so that its answer follows
  EXPECT_EQ(seen[1].peer, kAway);
  EXPECT_EQ(seen[2].data, "from away");
  EXPECT_EQ(Destination(), kAway);
  EXPECT_EQ(counters().peer_moves, 1u);
}

TEST_F(RoamingTest, RecordSentOnFromAVictimsAddressThenAtMostThreeTimesItsBytesGoThere) {
  const Bytes record = RecordWith(*peer, "a request");
  Inject(kAway, record);
  for (int i = 0; i < 100; ++i) server->Send(session(), Bytes(1000, 'x'));
  for (int i = 0; i < 100; ++i) server->Send(session(), AsBytes("?"));
  Pump();
  size_t sent = 0;
  for (const auto& [to, datagram] : astray) {
    EXPECT_EQ(to, kAway);
    sent += datagram.size();
  }
  EXPECT_GT(sent, 0u);
  EXPECT_LE(sent, 3 * record.size());
  EXPECT_GT(counters().held_dropped, 0u);
}

TEST_F(RoamingTest, LargeAnswerThenSentWhenTheNewAddressIsProven) {
  peer = &Rebind(kHome, kAway);
  peer->Send("a request");
  Pump();
  const std::string answer(1000, 'a');
  EXPECT_TRUE(server->Send(session(), AsBytes(answer)));
  Pump();
  EXPECT_TRUE(peer->received.empty());
  peer->Send("the answer to a ping");
  Pump();
  server->ProvePath(session());
  Pump();
  EXPECT_EQ(peer->received, std::vector<std::string>{answer});
  EXPECT_EQ(counters().paths_proven, 1u);
  EXPECT_TRUE(server->Send(session(), AsBytes(answer)));
  Pump();
  EXPECT_EQ(peer->received.size(), 2u) << "from now on as ever";
}

TEST_F(RoamingTest, NewestRecordFromHomeAgainThenAllGoesThereAtOnce) {
  Inject(kAway, RecordWith(*peer, "sent on by somebody"));
  const std::string answer(1000, 'a');
  EXPECT_TRUE(server->Send(session(), AsBytes(answer)));
  peer->Send("from home");
  Pump();
  EXPECT_EQ(peer->received, std::vector<std::string>{answer});
  EXPECT_TRUE(seen.back().kind == Seen::Kind::kData);
  EXPECT_EQ(Destination(), kHome);
  EXPECT_EQ(counters().paths_given_up, 1u);
}

TEST_F(RoamingTest, ProofThatCameFromHomeThenNone) {
  Inject(kAway, RecordWith(*peer, "sent on by somebody"));
  Inject(kHome, RecordWith(*peer, "from home"));
  server->ProvePath(session());
  EXPECT_EQ(counters().paths_proven, 0u);
}

TEST_F(RoamingTest, NeverProvenThenTheOldAddressAgain) {
  Inject(kAway, RecordWith(*peer, "sent on by somebody"));
  const std::string answer(1000, 'a');
  EXPECT_TRUE(server->Send(session(), AsBytes(answer)));
  Pass(kPathProofTime);
  Pump();
  EXPECT_EQ(peer->received, std::vector<std::string>{answer});
  EXPECT_EQ(Destination(), kHome);
}

TEST_F(RoamingTest, SessionEndsWhileItsAddressIsUnprovenThenNothingIsLeft) {
  Inject(kAway, RecordWith(*peer, "sent on by somebody"));
  server->Close(session());
  Pass(kPathProofTime + std::chrono::seconds(1));
  EXPECT_EQ(server->NextDeadline(), std::nullopt);
}

TEST_F(RoamingTest, NoConnectionIdThenTheSessionIsNotFound) {
  DtlsPeer& plain = Connect(kThird);
  Inject(kAway, RecordWith(plain, "lost"));
  EXPECT_TRUE(Data().empty());
  EXPECT_EQ(Dropped(DropReason::kUnknownSession), 1u);
}

TEST_F(RoamingTest, DelayedRecordFromElsewhereThenHeardButNotFollowed) {
  const Bytes delayed = RecordWith(*peer, "first");
  peer->Send("second");
  Pump();
  Inject(kAway, delayed);
  EXPECT_EQ(Data(), (std::vector<std::string>{"second", "first"}));
  EXPECT_EQ(Moves(), 0u);
  EXPECT_EQ(Destination(), kHome);
}

TEST_F(RoamingTest, ReplayFromElsewhereThenIgnored) {
  const Bytes record = RecordWith(*peer, "once");
  Inject(kHome, record);
  Inject(kAway, record);
  EXPECT_EQ(Data().size(), 1u);
  EXPECT_EQ(Moves(), 0u);
  EXPECT_EQ(Dropped(DropReason::kNotAccepted), 1u);
}

TEST_F(RoamingTest, ForgedRecordsThenNothingHappens) {
  Bytes record = RecordWith(*peer, "true");
  for (size_t i = 0; i < record.size(); ++i) {
    Bytes forged = record;
    forged[i] ^= 0x40;
    Inject(kAway, forged);
  }
  EXPECT_EQ(Moves(), 0u);
  EXPECT_TRUE(Data().empty());
  Inject(kHome, record);
  EXPECT_EQ(Data(), std::vector<std::string>{"true"});
}

TEST_F(RoamingTest, TwoMovesAtOnceThenTheSecondWaits) {
  Inject(kAway, RecordWith(*peer, "a"));
  Inject(kThird, RecordWith(*peer, "b"));
  EXPECT_EQ(Data(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Destination(), kAway);
  EXPECT_EQ(counters().peer_moves_deferred, 1u);
  now += kMoveInterval;
  Inject(kThird, RecordWith(*peer, "c"));
  EXPECT_EQ(Destination(), kThird);
  EXPECT_EQ(counters().peer_moves, 2u);
}

TEST_F(RoamingTest, OntoAnotherClientsAddressThenThatOneIsStillServed) {
  DtlsPeer& resident = Connect(kAway);
  Inject(kAway, RecordWith(*peer, "guest"));
  resident.Send("resident");
  Pump();
  EXPECT_EQ(Data(), (std::vector<std::string>{"guest", "resident"}));
  server->Send(Opened()[1], AsBytes("to the resident"));
  Pump();
  EXPECT_EQ(resident.received, std::vector<std::string>{"to the resident"});
}

TEST_F(RoamingTest, HomeAddressTakenOverThenTheSessionLivesOn) {
  // The client sleeps; its NAT gives the address to another one.
  auto sleeping = std::move(peers.extract(kHome).mapped());
  DtlsPeer& other = Connect(kHome);
  EXPECT_TRUE(Closed().empty());
  EXPECT_EQ(server->session_count(), 2u);
  other.Send("other");
  Pump();
  Inject(kAway, RecordWith(*sleeping, "awake"));
  EXPECT_EQ(Data(), (std::vector<std::string>{"other", "awake"}));
  EXPECT_EQ(Destination(), kAway);
}

TEST_F(RoamingTest, RecordWithoutTheIdFromItsAddressThenNotAccepted) {
  const Bytes plain = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 3, 1, 2, 3};
  Inject(kHome, plain);
  EXPECT_EQ(Dropped(DropReason::kNotAccepted), 1u);
  EXPECT_EQ(counters().stale_alerts_sent, 0u);
}

TEST_F(RoamingTest, UnknownIdThenSilence) {
  Bytes record = RecordWith(*peer, "x");
  record[tls::kConnectionIdOffset + 3] ^= 1;
  Inject(kAway, record);
  EXPECT_EQ(Dropped(DropReason::kUnknownId), 1u);
  EXPECT_TRUE(astray.empty());
}

TEST_F(RoamingTest, CloseFromElsewhereThenAccepted) {
  peer->Close();
  Inject(kAway, TakeFrom(*peer));
  EXPECT_EQ(Closed(), std::vector<CloseReason>{CloseReason::kPeerClosed});
  EXPECT_EQ(server->session_count(), 0u);
}

TEST_F(RoamingTest, RebindingEveryTenSecondsThenEveryRequestIsAnswered) {
  server->Prove(now, session());
  SocketAddress from = kHome;
  for (uint16_t i = 0; i < 200; ++i) {
    const SocketAddress to = Address("203.0.113.9", static_cast<uint16_t>(10'000 + i));
    peer = &Rebind(from, to);
    from = to;
    peer->Send("ping");
    Pump();
    server->Send(session(), AsBytes("pong"));
    Pump();
    ASSERT_EQ(peer->received.size(), i + 1u);
    Pass(std::chrono::seconds(10));
  }
  EXPECT_EQ(counters().peer_moves, 200u);
  EXPECT_EQ(server->session_count(), 1u);
}

}  // namespace
}  // namespace lowband::edge::dtls
