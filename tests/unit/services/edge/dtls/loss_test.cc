// Handshakes over links that lose, repeat and reorder, in virtual time.
#include <algorithm>

#include "services/edge/dtls/limits.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SocketAddress kClient = Address("198.51.100.7");

class LossTest : public ServerTest {};

TEST_F(LossTest, AnyOneDatagramLostThenStillConnects) {
  // How many there are when none is lost.
  size_t total = 0;
  lose = [&](bool, ByteView) { return ++total, false; };
  Connect(kClient, {.tickets = true});
  ASSERT_GT(total, 5u);
  for (size_t lost = 1; lost <= total; ++lost) {
    peers.clear();
    Restart({});
    size_t count = 0;
    lose = [&](bool, ByteView) { return ++count == lost; };
    DtlsPeer& peer = Dial(kClient, {.tickets = true});
    Pump();
    Pass(seconds(8));
    ASSERT_TRUE(peer.connected()) << lost;
    peer.Send("data");
    Pump();
    ASSERT_EQ(Data().back(), "data");
    ASSERT_EQ(server->handshake_count(), 0u);
    seen.clear();
  }
}

TEST_F(LossTest, ServersFlightLostThenSentAgainAfterThreeSecondsThenSix) {
  std::vector<TimePoint> sent;
  lose = [&](bool to_server, ByteView datagram) {
    if (to_server) return datagram[0] == 22 && now > TimePoint(std::chrono::hours(1000));
    if (datagram.size() <= 60) return false;
    if (sent.empty() || sent.back() != now) sent.push_back(now);
    return true;
  };
  Dial(kClient);
  Pump();
  Pass(milliseconds(59'900));
  ASSERT_EQ(sent.size(), 5u);
  EXPECT_EQ(sent[1] - sent[0], seconds(3));
  EXPECT_EQ(sent[2] - sent[1], seconds(6));
  EXPECT_EQ(sent[3] - sent[2], seconds(12));
  EXPECT_EQ(sent[4] - sent[3], seconds(24));
  EXPECT_EQ(server->handshake_count(), 1u);
  Pass(milliseconds(100));
  EXPECT_EQ(server->handshake_count(), 0u);
  EXPECT_EQ(server->NextDeadline(), std::nullopt);
}

TEST_F(LossTest, LastFlightLostThenRepeatedOnDemandAfterTheHandshake) {
  bool holding = false;
  lose = [&](bool to_server, ByteView) {
    // From the client's Finished on, the server's answer is lost.
    if (to_server && server->session_count() == 0) return false;
    return holding;
  };
  DtlsPeer& peer = Dial(kClient);
  while (server->session_count() == 0 && !peer.outgoing.empty()) {
    const Bytes datagram = TakeFrom(peer);
    server->Receive(now, kClient, datagram);
    if (server->session_count() == 1) break;
    while (auto transmit = server->PollTransmit()) peer.Receive(now, transmit->datagram);
  }
  ASSERT_EQ(server->session_count(), 1u);
  holding = true;
  Pump();
  holding = false;
  EXPECT_FALSE(peer.connected());
  Pass(seconds(2));  // the client repeats its flight
  EXPECT_TRUE(peer.connected());
  EXPECT_EQ(Opened().size(), 1u);
}

// RFC 6347 §4.1.1.1: what is not answered goes in datagrams that every path takes. On the server's
// own timer the engine sees to that; this client asks again long before.
TEST_F(LossTest, PathThatDropsWhatIsNotSmallThenTheThirdRepeatIsSmall) {
  credentials = std::move(*Credentials::Load(
      WriteIdentity(folder, *random,
                    {.self_signed = false, .authorities = 1, .padding_bytes = 1200}),
      MakeSeededRandom(2)));
  Restart({});
  lose = [&](bool, ByteView datagram) { return datagram.size() > 572; };
  const TimePoint begin = now;
  DtlsPeer& peer = Dial(kClient, {.mtu = 500, .repeats_each = seconds(1)});
  Pump();
  Pass(seconds(30));
  EXPECT_TRUE(peer.connected());
  EXPECT_EQ(Opened().size(), 1u);
  EXPECT_LE(seen.front().passed_bytes, 508u);
  EXPECT_LE(now - begin, seconds(30));
}

// A second handshake for the same hello would send another flight to a client that may have a part
// of the first, and it would find the signature wrong.
TEST_F(LossTest, HelloOfAHandshakeThatWasForgottenThenAnAlertAndNoSecondOne) {
  DtlsPeer& peer = Dial(kClient, {.repeats_each = seconds(90)});
  server->Receive(now, kClient, TakeFrom(peer));
  const auto verify = server->PollTransmit();
  ASSERT_TRUE(verify);
  peer.Receive(now, verify->datagram);
  lose = [](bool to_server, ByteView) { return !to_server; };
  Pump();
  ASSERT_EQ(server->handshake_count(), 1u);
  Pass(seconds(89));
  ASSERT_EQ(server->handshake_count(), 0u);
  lose = nullptr;
  Pass(seconds(2));
  EXPECT_EQ(counters().handshakes_started, 1u);
  EXPECT_EQ(Dropped(DropReason::kStaleHello), 1u);
  EXPECT_EQ(peer.error(), MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
}

TEST_F(LossTest, LateCopyOfAnEarlierHelloThenTheHandshakeUnderWayGoesOn) {
  const auto up = [&](DtlsPeer& peer) {
    Bytes datagram = std::move(peer.outgoing.front());
    peer.outgoing.pop_front();
    server->Receive(now, kClient, datagram);
    return datagram;
  };
  const auto down = [&](DtlsPeer* peer) {
    while (auto transmit = server->PollTransmit()) {
      if (peer != nullptr) peer->Receive(now, transmit->datagram);
    }
  };
  const auto begin = [&](DtlsPeer& peer) {
    peer.Advance(now);
    up(peer);
    down(&peer);
    return up(peer);
  };
  DtlsPeer first(*random, {});
  const Bytes earlier = begin(first);
  down(nullptr);
  // The client begins anew from the same port.
  DtlsPeer second(*random, {});
  begin(second);
  ASSERT_EQ(counters().handshakes_started, 2u);
  server->Receive(now, kClient, earlier);
  EXPECT_EQ(counters().handshakes_started, 2u);
  for (int flights = 0; flights < 3; ++flights) {
    down(&second);
    while (!second.outgoing.empty()) up(second);
  }
  EXPECT_TRUE(second.connected());
}

// One client over a bad link, until it is connected or gives up; it dials anew when its handshake
// fails, as deployed clients do.
class BadLink {
 public:
  BadLink(uint64_t seed, double loss) : random_(MakeSeededRandom(seed)), loss_(loss) {}
  bool Lost() { return random_->Unit() < loss_; }
  bool Doubled() { return random_->Unit() < 0.1; }
  Duration Delay() { return milliseconds(20 + random_->Below(300)); }  // reorders

 private:
  std::unique_ptr<Random> random_;
  double loss_;
};

struct InFlight {
  TimePoint at;
  bool to_server;
  Bytes datagram;
};

class PropertyTest : public ServerTest, public testing::WithParamInterface<double> {
 protected:
  void Put(BadLink& link, bool to_server, ByteView datagram) {
    if (link.Lost()) return;
    for (int copies = link.Doubled() ? 2 : 1; copies > 0; --copies) {
      wire.push_back({now + link.Delay(), to_server, Bytes(datagram.begin(), datagram.end())});
    }
  }
  void Collect(BadLink& link, DtlsPeer& peer) {
    while (!peer.outgoing.empty()) Put(link, true, TakeFrom(peer));
    while (auto event = server->PollEvent()) {
      if (std::holds_alternative<DataArrived>(*event)) ++data;
      if (std::holds_alternative<SessionOpened>(*event)) ++opened;
    }
    while (auto transmit = server->PollTransmit()) {
      EXPECT_LE(transmit->datagram.size(), Config().handshake_datagram_bytes_max);
      Put(link, false, transmit->datagram);
    }
  }
  // The next thing that happens; false if nothing will.
  bool Step(BadLink& link, DtlsPeer& peer) {
    Collect(link, peer);
    std::optional<TimePoint> next = Earlier(server->NextDeadline(), peer.deadline());
    const auto first = std::ranges::min_element(wire, {}, &InFlight::at);
    if (first != wire.end()) next = Earlier(next, first->at);
    if (!next) return false;
    now = std::max(now, *next);
    if (first != wire.end() && first->at <= now) {
      const InFlight arriving = std::move(*first);
      wire.erase(first);
      if (arriving.to_server) {
        server->Receive(now, kClient, arriving.datagram);
      } else {
        peer.Receive(now, arriving.datagram);
      }
    }
    if (peer.deadline() && *peer.deadline() <= now) peer.Advance(now);
    server->Advance(now);
    return true;
  }
  std::vector<InFlight> wire;
  size_t data = 0;
  size_t opened = 0;
};

TEST_P(PropertyTest, BadLinkThenConnectsInTimeAndNothingIsLeftBehind) {
  constexpr uint64_t kSeeds = 60;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Restart({});
    wire.clear();
    data = opened = 0;
    BadLink link(seed, GetParam());
    const bool with_id = seed % 2 == 0;
    const TimePoint start = now;
    const auto dial = [&] {
      auto peer = std::make_unique<DtlsPeer>(
          *random,
          DtlsPeer::Options{.connection_id = with_id ? std::optional(Bytes{1, 2}) : std::nullopt,
                            .tickets = seed % 3 == 0});
      peer->Advance(now);
      return peer;
    };
    auto peer = dial();
    // Once a second the client says something, until one of it arrives.
    for (TimePoint tick = now; data == 0; tick += seconds(1)) {
      ASSERT_LT(now - start, std::chrono::minutes(20));
      if (peer->error() != 0) peer = dial();
      if (peer->connected()) peer->Send("data");
      wire.push_back({tick + seconds(1), true, {}});  // what moves time on when nothing else does
      while (now < tick + seconds(1) && peer->error() == 0 && Step(link, *peer)) {
      }
    }
    EXPECT_GE(opened, 1u);
    // Whatever half-open handshakes are left are gone after their time.
    now += Config().handshake_timeout;
    server->Advance(now);
    EXPECT_EQ(server->handshake_count(), 0u);
    EXPECT_LE(server->session_count(), opened);
    uint64_t ended = 0;
    for (const uint64_t count : counters().handshakes) ended += count;
    EXPECT_GE(ended, counters().handshakes_started);
  }
}

INSTANTIATE_TEST_SUITE_P(Loss, PropertyTest, testing::Values(0.0, 0.1, 0.3, 0.5));

}  // namespace
}  // namespace lowband::edge::dtls
