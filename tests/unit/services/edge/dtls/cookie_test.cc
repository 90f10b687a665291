// Before a cookie proved the address nothing is kept, and never is more sent than came.
#include "services/edge/dtls/cookie.h"

#include <utility>
#include <vector>

#include "libs/tls/record.h"
#include "services/edge/dtls/limits.h"
#include "services/edge/dtls/plaintext.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

const SocketAddress kClient = Address("198.51.100.7");
const SocketAddress kOther = Address("198.51.100.7", 4001);

// What the server answers to a datagram, when no client stands there.
class CookieTest : public ServerTest {
 protected:
  // The two ClientHellos of a client that was given a cookie.
  void Capture() {
    DtlsPeer peer(*random, {});
    peer.Advance(now);
    first = TakeFrom(peer);
    Inject(kClient, first);
    ASSERT_EQ(astray.size(), 1u);
    verify = astray[0].second;
    astray.clear();
    peer.Receive(now, verify);
    second = TakeFrom(peer);
  }
  Bytes first;
  Bytes verify;
  Bytes second;
};

TEST_F(CookieTest, FirstHelloThenSmallAnswerAndNoState) {
  Capture();
  EXPECT_EQ(verify.size(), kVerifyRequestBytes);
  EXPECT_LT(verify.size(), first.size());
  EXPECT_EQ(server->handshake_count(), 0u);
  EXPECT_EQ(counters().verify_requests_sent, 1u);
  EXPECT_EQ(counters().handshakes_started, 0u);
  EXPECT_EQ(server->NextDeadline(), std::nullopt);
}

TEST_F(CookieTest, SeveralHellosInADatagramThenOneAnswer) {
  Capture();
  Bytes datagram;
  for (int i = 0; i < 7; ++i) Append(datagram, first);
  Inject(kClient, datagram);
  EXPECT_EQ(astray.size(), 1u);
  EXPECT_EQ(Dropped(DropReason::kBadHello), 6u);
}

TEST_F(CookieTest, AgeThenToldToATick) {
  CookieJar jar(CookieSecret{});
  const Bytes random_value(32, 1);
  ClientHello hello;
  hello.random = random_value;
  for (const Duration start : {Duration(kCookieKeyLife * 1000), Duration(std::chrono::hours(50))}) {
    hello.cookie = {};
    const Cookie cookie = jar.Make(TimePoint(start), kClient, hello);
    hello.cookie = cookie;
    for (const Duration age : {Duration::zero(), kCookieTick, kCookieKeyLife - kCookieTick}) {
      EXPECT_EQ(jar.Check(TimePoint(start + age), kClient, hello), age);
    }
  }
}

TEST_F(CookieTest, GoodCookieThenHandshakeBegins) {
  Capture();
  Inject(kClient, second);
  EXPECT_EQ(server->handshake_count(), 1u);
  EXPECT_EQ(counters().cookies_refused, 0u);
}

TEST_F(CookieTest, EveryBitOfACookieForgedThenRefused) {
  Capture();
  ByteView rest = second;
  const auto hello = ParseClientHello(tls::TakeRecord(rest, kConnectionIdBytes)->fragment);
  ASSERT_TRUE(hello);
  const auto at = static_cast<size_t>(hello->cookie.data() - second.data());
  for (size_t bit = 0; bit < 8 * kCookieBytes; ++bit) {
    Bytes forged = second;
    forged[at + bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    Inject(kClient, forged);
    ASSERT_EQ(server->handshake_count(), 0u) << bit;
  }
  EXPECT_EQ(counters().cookies_refused, 8 * kCookieBytes);
}

TEST_F(CookieTest, OtherAddressOrPortThenRefused) {
  Capture();
  Inject(kOther, second);
  Inject(Address("198.51.100.8"), second);
  EXPECT_EQ(server->handshake_count(), 0u);
  EXPECT_EQ(counters().cookies_refused, 2u);
}

TEST_F(CookieTest, OtherParametersThenRefused) {
  Capture();
  Bytes changed = second;
  changed[tls::kRecordHeaderBytes + 12 + 2 + 5] ^= 1;  // in the client's random value
  Inject(kClient, changed);
  EXPECT_EQ(server->handshake_count(), 0u);
}

TEST_F(CookieTest, WithinItsLifeThenGoodAndLaterRefused) {
  Capture();
  now += kCookieKeyLife;  // one key further: the one before is still accepted
  Inject(kClient, second);
  EXPECT_EQ(server->handshake_count(), 1u);
  Restart({});
  now += kCookieKeyLife;
  Inject(kClient, second);
  EXPECT_EQ(server->handshake_count(), 0u);
  EXPECT_EQ(counters().cookies_refused, 1u);
}

TEST_F(CookieTest, ExpiredCookieThenClientGetsAnotherAndConnects) {
  DtlsPeer& peer = Dial(kClient);
  server->Receive(now, kClient, TakeFrom(peer));
  const auto transmit = server->PollTransmit();
  ASSERT_TRUE(transmit);
  peer.Receive(now, transmit->datagram);
  now += 3 * kCookieKeyLife;
  Pump();
  EXPECT_TRUE(peer.connected());
  EXPECT_GE(counters().cookies_refused, 1u);
}

TEST_F(CookieTest, CookieOfOneWorkerThenGoodAtAnother) {
  Capture();
  Restart({}, {}, 3, 4);
  Inject(kClient, second);
  EXPECT_EQ(server->handshake_count(), 1u);
}

TEST_F(CookieTest, ResumptionThenNeedsACookieToo) {
  DtlsPeer& peer = Connect(kClient, {.tickets = true});
  const auto session = peer.SaveSession();
  const uint64_t before = counters().verify_requests_sent;
  Connect(kOther, {.tickets = true, .resume = session});
  EXPECT_EQ(counters().verify_requests_sent, before + 1);
  EXPECT_EQ(Handshakes(HandshakeResult::kResumed), 1u);
}

// RFC 6347 §4.2.3. Each ClientHello of this client needs several datagrams.
TEST_F(CookieTest, FragmentedHellosThenCookieAndHandshake) {
  DtlsPeer& peer = Connect(kClient, {.mtu = 100});
  EXPECT_TRUE(peer.connected());
  EXPECT_EQ(counters().verify_requests_sent, 1u);
  EXPECT_EQ(Dropped(DropReason::kFragmentedHello), 0u);
}

TEST_F(CookieTest, FragmentLostThenTheNextFlightIsWhole) {
  bool lost = false;
  lose = [&lost](bool to_server, ByteView) { return to_server && !std::exchange(lost, true); };
  DtlsPeer& peer = Dial(kClient, {.mtu = 100});
  Pump();
  EXPECT_FALSE(peer.connected());
  Pass(std::chrono::seconds(10));
  EXPECT_TRUE(peer.connected());
  EXPECT_GE(Dropped(DropReason::kFragmentedHello), 1u) << "what came without its beginning";
}

TEST_F(CookieTest, FragmentsInOneDatagramThenOneAnswer) {
  DtlsPeer peer(*random, {.mtu = 100});
  peer.Advance(now);
  ASSERT_GT(peer.outgoing.size(), 1u);
  Bytes all;
  while (!peer.outgoing.empty()) Append(all, TakeFrom(peer));
  const Bytes once = all;
  for (int i = 0; i < 3; ++i) Append(all, once);
  Inject(kClient, all);
  EXPECT_EQ(astray.size(), 1u);
}

TEST_F(CookieTest, FragmentsOfManyAddressesThenTheOldestGo) {
  DtlsPeer peer(*random, {.mtu = 100});
  peer.Advance(now);
  std::vector<Bytes> fragments;
  while (!peer.outgoing.empty()) fragments.push_back(TakeFrom(peer));
  Inject(kClient, fragments[0]);
  for (size_t i = 0; i < kHelloFragmentsMax; ++i) {
    Inject(Address("192.0.2.9", static_cast<uint16_t>(1000 + i)), fragments[0]);
  }
  for (size_t i = 1; i < fragments.size(); ++i) Inject(kClient, fragments[i]);
  EXPECT_TRUE(astray.empty()) << "its beginning had to make room";
  for (const Bytes& fragment : fragments) Inject(kClient, fragment);
  EXPECT_EQ(astray.size(), 1u);
}

TEST_F(CookieTest, FragmentsThatDoNotFitThenDropped) {
  DtlsPeer peer(*random, {.mtu = 100});
  peer.Advance(now);
  std::vector<Bytes> fragments;
  while (!peer.outgoing.empty()) fragments.push_back(TakeFrom(peer));
  const size_t length_at = tls::kRecordHeaderBytes + 1;
  Bytes large = fragments[0];
  large[length_at + 1] = 0x20;  // 8 KiB in all
  Inject(kClient, large);
  Bytes another = fragments[1];
  another[tls::kRecordHeaderBytes + 5] ^= 1;  // of another message
  Inject(kClient, fragments[0]);
  Inject(kClient, another);
  EXPECT_EQ(Dropped(DropReason::kFragmentedHello), 2u);
  now += kHelloFragmentsLife + std::chrono::seconds(1);
  Inject(kClient, fragments[1]);
  EXPECT_EQ(Dropped(DropReason::kFragmentedHello), 3u) << "too late";
  EXPECT_TRUE(astray.empty());
  EXPECT_EQ(server->handshake_count(), 0u);
}

TEST_F(CookieTest, VerifyRequestThenFollowsTheHellosNumbers) {
  Capture();
  Bytes numbered = first;
  numbered[10] = 9;                           // record sequence number
  numbered[tls::kRecordHeaderBytes + 5] = 3;  // message sequence number
  Inject(kClient, numbered);
  ASSERT_EQ(astray.size(), 1u);
  EXPECT_EQ(astray[0].second[10], 9);
  EXPECT_EQ(astray[0].second[tls::kRecordHeaderBytes + 5], 3);
}

TEST(CookieJar, KeyNumberWrapsInItsByteThenOldCookiesStayRefused) {
  CookieSecret secret{};
  CookieJar jar(secret);
  const Bytes random(32, 1);
  const Bytes suites = {0xc0, 0x2b};
  const Bytes compression = {0};
  ClientHello hello;
  hello.random = random;
  hello.cipher_suites = suites;
  hello.compression_methods = compression;
  const TimePoint start(kCookieKeyLife * 1000);
  const Cookie cookie = jar.Make(start, kClient, hello);
  hello.cookie = cookie;
  EXPECT_TRUE(jar.Check(start, kClient, hello));
  EXPECT_FALSE(jar.Check(start + 256 * kCookieKeyLife, kClient, hello));
  EXPECT_FALSE(jar.Check(start - kCookieKeyLife, kClient, hello));
}

}  // namespace
}  // namespace lowband::edge::dtls
