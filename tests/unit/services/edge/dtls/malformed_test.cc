// Whatever anyone sends: dropped and counted, and nobody else is hurt.
#include <algorithm>

#include "services/edge/dtls/limits.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

const SocketAddress kClient = Address("198.51.100.7");
const SocketAddress kStranger = Address("203.0.113.5");

class MalformedTest : public ServerTest {};

TEST_F(MalformedTest, GarbageThenCountedByCause) {
  Inject(kStranger, {});
  Inject(kStranger, Bytes{1});
  Inject(kStranger, Bytes(2000, 0xff));
  EXPECT_EQ(Dropped(DropReason::kMalformed), 3u);
  // A ClientHello of one byte.
  Inject(kStranger, Bytes{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1});
  EXPECT_EQ(Dropped(DropReason::kBadHello), 1u);
  EXPECT_TRUE(astray.empty());
}

TEST_F(MalformedTest, RecordLongerThanTheBufferThenDropped) {
  DtlsPeer& peer = Connect(kClient);
  Bytes large = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0x1f, 0x40};
  Append(large, Bytes(8000, 1));
  Inject(kClient, large);
  EXPECT_EQ(Dropped(DropReason::kNotAccepted), 1u);
  peer.Send("alive");
  Pump();
  EXPECT_EQ(Data(), std::vector<std::string>{"alive"});
}

TEST_F(MalformedTest, MutatedHandshakeThenNeverMoreThanAHandshakeLost) {
  // Every datagram of a client, with a byte changed here and there.
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const auto dice = MakeSeededRandom(seed);
    const SocketAddress from = Address("198.51.100.7", static_cast<uint16_t>(1000 + seed));
    Restart({}, {.handshakes_per_prefix_rate = 0});
    DtlsPeer peer(*random, {.connection_id = seed % 2 == 0 ? std::optional(Bytes{}) : std::nullopt,
                            .tickets = true});
    peer.Advance(now);
    for (int turn = 0; turn < 12 && !peer.outgoing.empty(); ++turn) {
      Bytes datagram = TakeFrom(peer);
      if (dice->Below(3) == 0) datagram[dice->Below(datagram.size())] ^= 1 << dice->Below(8);
      if (dice->Below(20) == 0) datagram.resize(dice->Below(datagram.size()));
      server->Receive(now, from, datagram);
      while (auto transmit = server->PollTransmit()) peer.Receive(now, transmit->datagram);
      while (server->PollEvent()) {
      }
    }
    now += Config().handshake_timeout;
    server->Advance(now);
    ASSERT_EQ(server->handshake_count(), 0u) << seed;
  }
}

TEST_F(MalformedTest, NoiseAmongRealTrafficThenAllOfItArrives) {
  DtlsPeer& peer = Connect(kClient);
  const auto dice = MakeSeededRandom(7);
  for (int i = 0; i < 500; ++i) {
    Bytes noise = RecordWith(peer, "noise");
    noise[dice->Below(noise.size())] ^= static_cast<uint8_t>(1 + dice->Below(255));
    Inject(kClient, noise);
    peer.Send("real");
    Pump();
  }
  EXPECT_EQ(std::ranges::count(Data(), "real"), 500);
  EXPECT_EQ(std::ranges::count(Data(), "noise"), 0);
  EXPECT_EQ(server->session_count(), 1u);
}

TEST_F(MalformedTest, OneDatagramWithGoodAndBadRecordsThenTheGoodOnesCount) {
  DtlsPeer& peer = Connect(kClient);
  Bytes datagram = RecordWith(peer, "one");
  Bytes bad = RecordWith(peer, "two");
  bad.back() ^= 1;
  Append(datagram, bad);
  Append(datagram, RecordWith(peer, "three"));
  Inject(kClient, datagram);
  EXPECT_EQ(Data(), (std::vector<std::string>{"one", "three"}));
}

}  // namespace
}  // namespace lowband::edge::dtls
