// What keeps a flood out: half-open handshakes, rates by network, alerts to lost clients.
#include "services/edge/dtls/limits.h"

#include "services/edge/dtls/plaintext.h"
#include "services/edge/dtls/prefix_limiter.h"
#include "services/edge/dtls/stale_alerts.h"
#include "tests/unit/edge_dtls/server_fixture.h"

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

TEST_F(LimitsTest, TooManyHalfOpenThenRefusedUntilTheyExpire) {
  Restart({}, {.handshakes = 3});
  LoseFlights();
  for (uint16_t i = 0; i < 4; ++i) Dial(Client(i));
  Pump();
  EXPECT_EQ(server->handshake_count(), 3u);
  EXPECT_EQ(Handshakes(HandshakeResult::kHalfOpenLimit), 1u);
  peers.clear();
  Pass(seconds(9));
  EXPECT_EQ(server->handshake_count(), 3u);
  // While over half of the places are taken, they are given up soon; the rest may be slow links.
  Pass(seconds(1));
  EXPECT_EQ(server->handshake_count(), 1u);
  Pass(seconds(49));
  EXPECT_EQ(server->handshake_count(), 1u);
  Pass(seconds(1));
  EXPECT_EQ(server->handshake_count(), 0u);
  EXPECT_EQ(Handshakes(HandshakeResult::kTimedOut), 3u);
  lose = nullptr;
  EXPECT_TRUE(Connect(Client(9)).connected());
}

TEST_F(LimitsTest, EveryWayAHandshakeEndsThenItsPlaceIsFree) {
  Config config;
  config.handshakes_per_prefix_rate = 0;
  Restart(config, {.handshakes = 1});
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

TEST_F(LimitsTest, SharesOfWorkersThenAddUpToTheLimit) {
  Config config;
  config.handshakes_per_prefix_rate = 0;
  Restart(config, {.handshakes = 8}, 0, 4);
  LoseFlights();
  for (uint16_t i = 0; i < 5; ++i) Dial(Client(i));
  Pump();
  EXPECT_EQ(server->handshake_count(), 2u);
}

TEST_F(LimitsTest, ManyHandshakesOfOneNetworkThenLimitedAndOthersNot) {
  lose = [](bool to_server, ByteView datagram) { return !to_server && datagram.size() > 60; };
  for (uint16_t port = 1; port <= 25; ++port) Dial(Address("192.0.2.1", port));
  Pump();
  EXPECT_EQ(server->handshake_count(), 20u);
  EXPECT_EQ(Handshakes(HandshakeResult::kPrefixLimit), 5u);
  Dial(Address("192.0.2.2"));
  Pump();
  EXPECT_EQ(server->handshake_count(), 21u);
}

TEST(PrefixLimiter, RateAndBurstThenKept) {
  PrefixLimiter limiter({5, 20});
  TimePoint now(seconds(100));
  const SocketAddress peer = Address("192.0.2.1");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(limiter.Take(now, peer));
  EXPECT_FALSE(limiter.Take(now, peer));
  EXPECT_FALSE(limiter.Take(now + milliseconds(199), peer));
  EXPECT_TRUE(limiter.Take(now + milliseconds(200), peer));
  EXPECT_FALSE(limiter.Take(now + milliseconds(200), peer));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(limiter.Take(now + seconds(10), peer)) << i;
  EXPECT_FALSE(limiter.Take(now + seconds(10), peer));
}

TEST(PrefixLimiter, PrefixesThenOfTheRightLength) {
  PrefixLimiter limiter({1, 1});
  const TimePoint now(seconds(100));
  EXPECT_TRUE(limiter.Take(now, Address("2001:db8:0:ff00::1")));
  EXPECT_FALSE(limiter.Take(now, Address("2001:db8:0:ffff:1::2", 9)));  // the same /56
  EXPECT_TRUE(limiter.Take(now, Address("2001:db8:0:fe00::1")));
  EXPECT_TRUE(limiter.Take(now, Address("192.0.2.1")));
  EXPECT_FALSE(limiter.Take(now, Address("192.0.2.1", 9)));
  EXPECT_TRUE(limiter.Take(now, Address("192.0.2.3")));
}

TEST(PrefixLimiter, MorePrefixesThanItHoldsThenTheLongestUnusedIsForgotten) {
  PrefixLimiter limiter({1, 1});
  const TimePoint now(seconds(100));
  const auto address = [](size_t i) {
    return Address("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                   std::to_string(i & 255));
  };
  for (size_t i = 0; i < kPrefixesMax; ++i) EXPECT_TRUE(limiter.Take(now, address(i)));
  EXPECT_FALSE(limiter.Take(now, address(0)));  // which makes it the latest used
  EXPECT_TRUE(limiter.Take(now, address(kPrefixesMax)));
  EXPECT_EQ(limiter.size(), kPrefixesMax);
  EXPECT_FALSE(limiter.Take(now, address(0)));
  EXPECT_TRUE(limiter.Take(now, address(1)));
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

// Of a network of its own each, like clients all over the world.
SocketAddress Elsewhere(size_t i) {
  return Address("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                 std::to_string(i & 255));
}

TEST(StaleAlerts, OneNetworkThenItUsesUpItsOwnShareOnly) {
  StaleAlerts alerts(100'000, 1);
  const TimePoint start(seconds(100));
  size_t sent = 0;
  for (uint16_t port = 1; port < 10'000; ++port) {
    sent += alerts.Take(start, Address("198.51.100.7", port)) ? 1 : 0;
  }
  EXPECT_EQ(sent, kStaleAlertsOfAPrefixAtOnce);
  EXPECT_TRUE(alerts.Take(start, Elsewhere(1)));
}

TEST(StaleAlerts, EverybodyAtOnceThenAllAreToldWithinAMinute) {
  constexpr size_t kClients = 60'000;
  StaleAlerts alerts(kClients, 1);
  std::vector<bool> told(kClients);
  size_t left = kClients;
  for (int second = 0; second < 61; ++second) {
    for (size_t i = 0; i < kClients; ++i) {
      if (told[i] || !alerts.Take(TimePoint(seconds(100 + second)), Elsewhere(i))) continue;
      told[i] = true;
      --left;
    }
  }
  EXPECT_EQ(left, 0u);
}

TEST(StaleAlerts, SmallTableThenAHundredASecondSharedByTheWorkers) {
  StaleAlerts alerts(10, 4);
  size_t sent = 0;
  for (size_t i = 0; i < 100; ++i) sent += alerts.Take(TimePoint(seconds(5)), Elsewhere(i)) ? 1 : 0;
  EXPECT_EQ(sent, 25u);
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
  EXPECT_TRUE(names(problem([](Config& c) { c.handshakes_per_prefix_burst = 0; }),
                    "handshakes_per_prefix_burst"));
  EXPECT_TRUE(names(problem([](Config& c) { c.handshake_datagram_bytes_max = 100; }),
                    "handshake_datagram_bytes_max"));
  EXPECT_TRUE(names(problem([](Config& c) { c.handshake_timeout = {}; }), "handshake_timeout"));
  EXPECT_TRUE(names(problem([](Config& c) { c.unheard_timeout = {}; }), "unheard_timeout"));
  EXPECT_TRUE(names(problem([](Config& c) { c.unheard_timeout_when_full = {}; }),
                    "unheard_timeout_when_full"));
  EXPECT_TRUE(names(problem([](Config& c) { c.handshake_timeout_when_many = {}; }),
                    "handshake_timeout_when_many"));
  EXPECT_TRUE(names(problem([](Config& c) { c.idle_timeout = {}; }), "idle_timeout"));
  EXPECT_TRUE(
      names(problem([](Config& c) { c.idle_timeout_when_full = {}; }), "idle_timeout_when_full"));
}

}  // namespace
}  // namespace lowband::edge::dtls
