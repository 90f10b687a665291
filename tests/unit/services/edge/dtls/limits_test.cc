// What keeps a flood out: half-open handshakes, rates by network, alerts to lost clients.
#include "services/edge/dtls/limits.h"

#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/plaintext.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SocketAddress Client(uint16_t number) {
  return Address("198.51." + std::to_string(number / 250) + "." + std::to_string(number % 250));
}

class LimitsTest : public ServerTest {
 protected:
  // Handshakes begin, but the server's flights are lost.
  void LoseFlights() {
    lose = [](bool to_server, ByteView datagram) { return !to_server && datagram.size() > 60; };
  }
};

TEST_F(LimitsTest, TooManyHalfOpenThenTheOldestMakesRoomAndTheRestHaveTheirTime) {
  Restart({}, {.handshakes = 3});
  LoseFlights();
  for (uint16_t i = 0; i < 4; ++i) Dial(Client(i));
  Pump();
  EXPECT_EQ(server->handshake_count(), 3u);
  EXPECT_EQ(Handshakes(HandshakeResult::kMadeRoom), 1u);
  EXPECT_EQ(Handshakes(HandshakeResult::kHalfOpenLimit), 0u);
  peers.clear();
  // However many there are: they may be on slow links, and go when there is need.
  Pass(seconds(59));
  EXPECT_EQ(server->handshake_count(), 3u);
  Pass(seconds(1));
  EXPECT_EQ(server->handshake_count(), 0u);
  EXPECT_EQ(Handshakes(HandshakeResult::kTimedOut), 3u);
  lose = nullptr;
  EXPECT_TRUE(Connect(Client(9)).connected());
}

TEST_F(LimitsTest, EveryWayAHandshakeEndsThenItsPlaceIsFree) {
  Restart({}, {.handshakes = 1, .handshakes_per_prefix_rate = 0});
  for (uint16_t round = 0; round < 3; ++round) {
    LoseFlights();
    Dial(Client(1));  // begun, then begun again
    Pump();
    Dial(Client(1));
    Pump();
    EXPECT_EQ(Handshakes(HandshakeResult::kRestarted), round + 1u);
    ASSERT_EQ(server->handshake_count(), 1u);
    // ended by the client's alert
    Inject(Client(1), Bytes{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40});
    EXPECT_EQ(server->handshake_count(), 0u);
    lose = nullptr;
    DtlsPeer& refused =  // no common suite
        Dial(Client(2), {.suites = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM}});
    Pump();
    EXPECT_NE(refused.error(), 0);
    EXPECT_TRUE(Connect(Client(3)).connected());
    EXPECT_EQ(server->handshake_count(), 0u);
    peers.clear();
  }
  EXPECT_EQ(Handshakes(HandshakeResult::kHalfOpenLimit), 0u);
}

TEST_F(LimitsTest, ManyHandshakesOfOneNetworkThenLimitedAndOthersNot) {
  Restart({}, {.handshakes_per_prefix_rate = 5, .handshakes_per_prefix_burst = 20});
  lose = [](bool to_server, ByteView datagram) { return !to_server && datagram.size() > 60; };
  for (uint16_t port = 1; port <= 25; ++port) Dial(Address("192.0.2.1", port));
  Pump();
  EXPECT_EQ(server->handshake_count(), 20u);
  EXPECT_EQ(Handshakes(HandshakeResult::kPrefixLimit), 5u);
  Dial(Address("192.0.2.2"));
  Pump();
  EXPECT_EQ(server->handshake_count(), 21u);
}

Bytes Record(uint8_t type, uint8_t epoch, size_t size = 20) {
  Bytes out = {type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 7, 0, static_cast<uint8_t>(size)};
  Append(out, Bytes(size, 0x55));
  return out;
}

TEST_F(LimitsTest, DataOfALostSessionThenOneSmallAlert) {
  Inject(Client(1), Record(23, 1));
  ASSERT_EQ(astray.size(), 1u);
  EXPECT_EQ(astray[0].first, Client(1));
  EXPECT_EQ(astray[0].second, (Bytes{21, 0xfe, 0xfd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 2, 80}));
  Inject(Client(1), Record(23, 1));
  now += seconds(9);
  Inject(Client(1), Record(23, 1));
  EXPECT_EQ(astray.size(), 1u);
  EXPECT_EQ(counters().stale_alerts_withheld, 2u);
  now += seconds(1);
  Inject(Client(1), Record(23, 1));
  EXPECT_EQ(astray.size(), 2u);
  EXPECT_EQ(counters().stale_alerts_sent, 2u);
}

// A client with a connection id, whose edge is another process now.
class LostIdTest : public LimitsTest {
 protected:
  // The process of now has the same files, but nothing else of the one before.
  void Crash() {
    server.reset();
    credentials = std::move(*Credentials::Load(files, MakeSeededRandom(77)));
    Restart({}, {}, 1, 3);
  }
  // An id of `credentials`, in a record that nobody can read any more.
  Bytes RecordOf(ConnectionId id) {
    Bytes out = {25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 7};
    Append(out, id);
    Append(out, Bytes{0, 20});
    Append(out, Bytes(20, 0x55));
    return out;
  }
};

TEST_F(LostIdTest, RecordWithAnIdOfAnEarlierProcessThenOneSmallAlert) {
  DtlsPeer& peer = Connect(Client(1), {.connection_id = Bytes{}});
  const Bytes record = RecordWith(peer, "are you there?");
  ASSERT_EQ(record[0], 25);
  peers.clear();
  Crash();
  Inject(Client(1), record);
  ASSERT_EQ(astray.size(), 1u);
  EXPECT_EQ(astray[0].first, Client(1));
  EXPECT_EQ(astray[0].second, (Bytes{21, 0xfe, 0xfd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 2, 80}));
  EXPECT_LT(astray[0].second.size(), record.size());
  EXPECT_EQ(Dropped(DropReason::kUnknownId), 1u);
  Inject(Client(1), record);
  EXPECT_EQ(astray.size(), 1u);
  EXPECT_EQ(counters().stale_alerts_withheld, 1u);
  // To whoever sent it, wherever that is.
  Inject(Client(2), record);
  ASSERT_EQ(astray.size(), 2u);
  EXPECT_EQ(astray[1].first, Client(2));
}

TEST_F(LostIdTest, NoiseOrAnIdOfAnotherKeyThenSilence) {
  ConnectionIds strangers(ConnectionIdSecret{1, 2, 3});
  for (int i = 0; i < 100; ++i) {
    Inject(Client(1), RecordOf(strangers.Make(*random, 0, 1)));
    ConnectionId noise;
    random->Fill(noise);
    Inject(Client(1), RecordOf(noise));
  }
  EXPECT_TRUE(astray.empty());
  EXPECT_EQ(Dropped(DropReason::kUnknownId), 200u);
}

TEST_F(LostIdTest, ClientHasANewSessionThenALateRecordOfTheOldOneGetsNoAlert) {
  const Bytes record = RecordWith(Connect(Client(1), {.connection_id = Bytes{}}), "late");
  Crash();
  DtlsPeer& fresh = Connect(Client(1), {.connection_id = Bytes{}});
  Inject(Client(1), record);
  EXPECT_EQ(counters().stale_alerts_sent, 0u);
  fresh.Send("fine");
  Pump();
  EXPECT_EQ(Data().back(), "fine");
}

TEST(ConnectionIds, MadeWithASecretThenKnownByItAndTheWorkerIsInTheFirstByte) {
  const auto random = MakeSeededRandom(3);
  ConnectionIds ids(ConnectionIdSecret{1});
  ConnectionIds same(ConnectionIdSecret{1});
  for (unsigned worker = 0; worker < 7; ++worker) {
    ConnectionId id = ids.Make(*random, worker, 7);
    EXPECT_EQ(id[0] % 7, worker);
    EXPECT_TRUE(same.IsOurs(id));
    for (size_t byte = 0; byte < id.size(); ++byte) {
      ConnectionId changed = id;
      changed[byte] ^= 1;
      EXPECT_FALSE(same.IsOurs(changed)) << byte;
    }
  }
}

TEST_F(LimitsTest, ResumptionsThenCostAnEighthOfAHandshake) {
  Restart({}, {.handshakes_per_prefix_rate = 1, .handshakes_per_prefix_burst = 2});
  const auto ticket = Connect(Client(0), {.tickets = true}).SaveSession();
  for (uint16_t port = 1; port <= 8; ++port) {
    Connect(Address("198.51.0.0", port), {.tickets = true, .resume = ticket});
  }
  EXPECT_EQ(Handshakes(HandshakeResult::kResumed), 8u);
  Dial(Address("198.51.0.0", 9), {.tickets = true, .resume = ticket});
  Pump();
  EXPECT_EQ(Handshakes(HandshakeResult::kPrefixLimit), 1u);
  EXPECT_EQ(counters().tickets_refused, 0u);
}

TEST_F(LimitsTest, GarbageForATicketThenCostsAWholeHandshake) {
  const auto ticket = Connect(Client(0), {.tickets = true}).SaveSession();
  server.reset();
  credentials = std::move(*Credentials::Load(files, MakeSeededRandom(77)));
  Restart({}, {.handshakes_per_prefix_rate = 1, .handshakes_per_prefix_burst = 2});
  for (uint16_t port = 1; port <= 9; ++port) {
    Dial(Address("198.51.0.0", port), {.tickets = true, .resume = ticket});
    Pump();
  }
  EXPECT_EQ(Handshakes(HandshakeResult::kCompleted), 2u);
  EXPECT_EQ(counters().tickets_refused, 2u);
  EXPECT_EQ(Handshakes(HandshakeResult::kPrefixLimit), 7u);
}

TEST_F(LimitsTest, AnythingElseFromAStrangerThenSilence) {
  Inject(Client(1), Record(23, 0));     // data in the clear
  Inject(Client(1), Record(23, 1, 1));  // smaller than an alert
  Inject(Client(1), Record(22, 1));     // of a handshake
  Inject(Client(1), Record(22, 0));
  Inject(Client(1), Record(21, 1));  // an alert: never answered by another
  Inject(Client(1), Record(20, 0));
  Inject(Client(1), Record(25, 1));  // with a connection id
  Inject(Client(1), Record(99, 1));
  Inject(Client(1), Bytes(40, 0));
  EXPECT_TRUE(astray.empty());
}

TEST_F(LimitsTest, SwitchedOffThenSilence) {
  Config config;
  config.stale_alert = false;
  Restart(config);
  Inject(Client(1), Record(23, 1));
  EXPECT_TRUE(astray.empty());
  EXPECT_EQ(Dropped(DropReason::kUnknownSession), 1u);
}

TEST_F(LimitsTest, ManyRecordsInADatagramThenTheRestIsDropped) {
  Bytes datagram;
  for (size_t i = 0; i < kRecordsPerDatagramMax + 1; ++i) Append(datagram, Record(22, 1, 1));
  Inject(Client(1), datagram);
  EXPECT_EQ(Dropped(DropReason::kTooManyRecords), 1u);
  EXPECT_EQ(Dropped(DropReason::kUnknownSession), kRecordsPerDatagramMax);
}

TEST(Config, BadValuesThenTheFieldIsNamed) {
  const auto problem = [](auto change) {
    Config config;
    change(config);
    return config.Validate();
  };
  EXPECT_EQ(Config().Validate(), "");
  const auto names = [](const std::string& text, const std::string& field) {
    return text.starts_with("dtls." + field + " ");
  };
  EXPECT_TRUE(names(problem([](Config& c) { c.handshake_datagram_bytes_max = 100; }),
                    "handshake_datagram_bytes_max"));
  EXPECT_TRUE(names(problem([](Config& c) { c.handshake_timeout = {}; }), "handshake_timeout"));
  EXPECT_TRUE(names(problem([](Config& c) { c.unconfirmed_timeout = {}; }), "unconfirmed_timeout"));
  EXPECT_TRUE(names(problem([](Config& c) { c.unconfirmed_timeout_when_full = {}; }),
                    "unconfirmed_timeout_when_full"));
  EXPECT_TRUE(names(problem([](Config& c) { c.unproven_timeout = {}; }), "unproven_timeout"));
  EXPECT_TRUE(names(problem([](Config& c) { c.unproven_timeout_when_roomy = {}; }),
                    "unproven_timeout_when_roomy"));
  EXPECT_TRUE(names(problem([](Config& c) { c.idle_timeout = {}; }), "idle_timeout"));
  EXPECT_TRUE(
      names(problem([](Config& c) { c.idle_timeout_when_full = {}; }), "idle_timeout_when_full"));
}

}  // namespace
}  // namespace lowband::edge::dtls
