// From the first ClientHello to data both ways: what is agreed, and with whom.
#include <mbedtls/ssl_ciphersuites.h>

#include <tuple>
#include <utility>
#include <vector>

#include "libs/tls/record.h"
#include "services/edge/dtls/connection_id.h"
#include "services/edge/dtls/limits.h"
#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

const SocketAddress kClient = Address("198.51.100.7");
const SocketAddress kOther = Address("2001:db8::7");

TEST_F(ServerTest, HandshakeDoneThenDataFlowsBothWays) {
  DtlsPeer& peer = Connect(kClient);
  ASSERT_EQ(Opened().size(), 1u);
  EXPECT_EQ(seen[0].peer, kClient);
  EXPECT_EQ(server->session_count(), 1u);
  EXPECT_EQ(server->handshake_count(), 0u);
  peer.Send("up");
  Pump();
  EXPECT_EQ(Data(), std::vector<std::string>{"up"});
  EXPECT_TRUE(server->Send(Opened()[0], AsBytes("down")));
  Pump();
  EXPECT_EQ(peer.received, std::vector<std::string>{"down"});
  EXPECT_EQ(counters().records_accepted, 1u);
  EXPECT_EQ(counters().records_sent, 1u);
  EXPECT_EQ(Handshakes(HandshakeResult::kCompleted), 1u);
  EXPECT_EQ(Handshakes(HandshakeResult::kResumed), 0u);
}

TEST_F(ServerTest, TwoClientsThenEachHasItsOwnSession) {
  DtlsPeer& one = Connect(kClient);
  DtlsPeer& two = Connect(kOther);
  ASSERT_EQ(Opened().size(), 2u);
  EXPECT_NE(Opened()[0], Opened()[1]);
  server->Send(Opened()[0], AsBytes("one"));
  server->Send(Opened()[1], AsBytes("two"));
  Pump();
  EXPECT_EQ(one.received, std::vector<std::string>{"one"});
  EXPECT_EQ(two.received, std::vector<std::string>{"two"});
}

// The body of the handshake message of `type` that lies whole in `datagram`, or nothing.
ByteView MessageIn(ByteView datagram, uint8_t type) {
  constexpr size_t kHandshakeHeaderBytes = 12;
  while (const auto record = tls::TakeRecord(datagram, kConnectionIdBytes)) {
    if (record->type != tls::RecordType::kHandshake || record->epoch != 0) continue;
    ByteView messages = record->fragment;
    while (messages.size() > kHandshakeHeaderBytes) {
      const size_t size = static_cast<size_t>(messages[10]) << 8 | messages[11];
      if (messages[0] == type) return messages.subspan(kHandshakeHeaderBytes, size);
      messages = messages.subspan(kHandshakeHeaderBytes + size);
    }
  }
  return {};
}

// Hash and signature of the ServerKeyExchange in `datagram`, or 0 (RFC 8422 §5.4).
uint16_t SignatureIn(ByteView datagram) {
  constexpr uint8_t kServerKeyExchange = 12;
  const ByteView message = MessageIn(datagram, kServerKeyExchange);
  if (message.empty()) return 0;
  const size_t at = size_t{4} + message[3];  // behind the point
  return static_cast<uint16_t>(message[at] << 8 | message[at + 1]);
}

// RFC 5246 §7.4.1.3: an empty one says that the session cannot be resumed by it.
TEST_F(ServerTest, NoTicketsThenSessionIdOfServerHelloIsEmpty) {
  for (const bool tickets : {false, true}) {
    Restart({});
    Bytes hello;
    lose = [&](bool to_server, ByteView datagram) {
      constexpr uint8_t kServerHello = 2;
      const ByteView found = to_server ? ByteView() : MessageIn(datagram, kServerHello);
      if (!found.empty()) hello.assign(found.begin(), found.end());
      return false;
    };
    EXPECT_TRUE(Connect(kClient, {.tickets = tickets}).connected());
    constexpr size_t kSessionIdAt = 2 + 32;  // behind version and random
    ASSERT_GT(hello.size(), kSessionIdAt);
    EXPECT_EQ(hello[kSessionIdAt], 0);
  }
}

// RFC 8422 §5.3, the other way round: cmake/mbedtls/only_certificate.patch says why.
TEST_F(ServerTest, GroupsWithoutTheCertificatesCurveThenConnects) {
  for (const KeyKind key : {KeyKind::kP256, KeyKind::kP384}) {
    credentials = std::move(
        *Credentials::Load(WriteIdentity(folder, *random, {.key = key}), MakeSeededRandom(2)));
    Restart({});
    EXPECT_TRUE(Connect(kClient, {.groups = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519}}).connected());
  }
}

TEST_F(ServerTest, KeyOnP384ThenSignsWithSha384WhereThatIsOffered) {
  for (const auto& [key, offered, expected] :
       {std::tuple{KeyKind::kP384, std::vector<uint16_t>{}, 0x0503},
        {KeyKind::kP384, {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256}, 0x0403},
        {KeyKind::kP256, {}, 0x0403}}) {
    credentials = std::move(
        *Credentials::Load(WriteIdentity(folder, *random, {.key = key}), MakeSeededRandom(2)));
    Restart({});
    uint16_t used = 0;
    lose = [&](bool to_server, ByteView datagram) {
      if (const uint16_t found = to_server ? 0 : SignatureIn(datagram)) used = found;
      return false;
    };
    Connect(kClient, {.signature_algorithms = offered});
    EXPECT_EQ(used, expected);
  }
}

TEST_F(ServerTest, EveryDatagramOfAHandshakeThenWithinTheLimit) {
  Config config;
  config.handshake_datagram_bytes_max = 400;
  Restart(config);
  Connect(kClient);
  EXPECT_LE(largest_datagram_sent, 400u);
  EXPECT_GT(largest_datagram_sent, 200u);
}

TEST_F(ServerTest, LargestApplicationDataThenSentWholeAndMoreThenRefused) {
  DtlsPeer& peer = Connect(kClient);
  const std::string large(kApplicationDataMax, 'x');
  EXPECT_TRUE(server->Send(Opened()[0], AsBytes(large)));
  Pump();
  ASSERT_EQ(peer.received.size(), 1u);
  EXPECT_EQ(peer.received[0], large);
  EXPECT_FALSE(server->Send(Opened()[0], AsBytes(large + "x")));
  EXPECT_EQ(counters().sends_failed, 1u);
  peer.Send(large);
  Pump();
  EXPECT_EQ(Data(), std::vector<std::string>{large});
}

TEST_F(ServerTest, OrderOfSuitesThenOursWhateverTheClients) {
  const int chacha = MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;
  const int gcm = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
  EXPECT_EQ(Connect(kClient, {.suites = {chacha, gcm}}).suite(),
            "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256");
  EXPECT_EQ(Connect(kOther, {.suites = {chacha}}).suite(),
            "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256");
}

TEST_F(ServerTest, CcmAloneThenRefusedUnlessAllowed) {
  const int ccm8 = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8;
  DtlsPeer& refused = Dial(kClient, {.suites = {ccm8}});
  Pump();
  EXPECT_FALSE(refused.connected());
  EXPECT_EQ(refused.error(), MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
  EXPECT_EQ(Handshakes(HandshakeResult::kFailed), 1u);
  EXPECT_EQ(server->handshake_count(), 0u);
  peers.clear();

  Config config;
  config.allow_ccm8 = true;
  Restart(config);
  EXPECT_EQ(Connect(kClient, {.suites = {ccm8}}).suite(), "TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8");
}

TEST_F(ServerTest, RsaCertificateThenRsaSuite) {
  files = WriteIdentity(folder, *random, {.key = KeyKind::kRsa2048});
  credentials = std::move(*Credentials::Load(files, MakeSeededRandom(2)));
  Restart({});
  EXPECT_EQ(Connect(kClient).suite(), "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256");
}

TEST_F(ServerTest, P384CertificateThenConnects) {
  files = WriteIdentity(folder, *random, {.key = KeyKind::kP384});
  credentials = std::move(*Credentials::Load(files, MakeSeededRandom(2)));
  Restart({});
  EXPECT_EQ(Connect(kClient).suite(), "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256");
}

TEST_F(ServerTest, ChainNearlyAsLargeAsAllowedThenArrivesWhole) {
  files = WriteIdentity(folder, *random,
                        {.self_signed = false, .authorities = 2, .padding_bytes = 2300});
  credentials = std::move(*Credentials::Load(files, MakeSeededRandom(2)));
  Restart({});
  tls::Certificate authority;
  const std::string pem = ReadFileText(files.certificate);
  const std::string last = pem.substr(pem.rfind("-----BEGIN"));
  ASSERT_EQ(
      mbedtls_x509_crt_parse(authority.get(), reinterpret_cast<const unsigned char*>(last.c_str()),
                             last.size() + 1),
      0);
  DtlsPeer& peer = Connect(kClient, {.server_name = "192.0.2.1", .authority = authority.get()});
  EXPECT_TRUE(peer.connected());
  EXPECT_LE(largest_datagram_sent, Config().handshake_datagram_bytes_max);
}

TEST_F(ServerTest, ServerNameUnknownOrAnAddressThenAccepted) {
  EXPECT_TRUE(Connect(kClient, {.server_name = "203.0.113.99"}).connected());
  EXPECT_TRUE(Connect(kOther, {.server_name = "no.such.host.example"}).connected());
}

TEST_F(ServerTest, NoExtendedMasterSecretThenRefusedAtOnceUnlessAllowed) {
  DtlsPeer& refused = Dial(kClient, {.extended_master_secret = false});
  Pump();
  EXPECT_EQ(refused.error(), MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
  EXPECT_EQ(Handshakes(HandshakeResult::kNoExtendedMasterSecret), 1u);
  EXPECT_EQ(counters().handshakes_started, 0u);
  peers.clear();

  Config config;
  config.require_extended_master_secret = false;
  Restart(config);
  EXPECT_TRUE(Connect(kClient, {.extended_master_secret = false}).connected());
}

TEST_F(ServerTest, ConnectionIdOfferedThenUsedWhateverItsLength) {
  EXPECT_FALSE(Connect(kClient).connection_id_agreed());
  EXPECT_EQ(counters().connection_ids_used, 0u);
  uint16_t port = 5000;
  for (const size_t size : {0u, 1u, 8u, 32u}) {
    const SocketAddress from = Address("198.51.100.8", ++port);
    DtlsPeer& peer = Connect(from, {.connection_id = Bytes(size, 7)});
    EXPECT_TRUE(peer.connection_id_agreed()) << size;
    peer.Send("hello");
    ASSERT_FALSE(peer.outgoing.empty());
    EXPECT_EQ(peer.outgoing.front()[0], static_cast<uint8_t>(tls::RecordType::kConnectionId));
    Pump();
    server->Send(Opened().back(), AsBytes("answer"));
    Pump();
    EXPECT_EQ(peer.received, std::vector<std::string>{"answer"});
  }
  EXPECT_EQ(counters().connection_ids_used, 4u);
  EXPECT_EQ(Data().size(), 4u);
}

TEST_F(ServerTest, ConnectionIdThenNamesItsWorker) {
  for (const unsigned worker : {0u, 2u, 6u}) {
    peers.clear();
    Restart({}, {}, worker, 7);
    DtlsPeer& peer = Connect(kClient, {.connection_id = Bytes{}});
    peer.Send("x");
    EXPECT_EQ(OwnerOf(peer.outgoing.front(), 7), worker);
  }
}

TEST_F(ServerTest, StoppedThenNoNewSessionsButOldOnesLive) {
  DtlsPeer& peer = Connect(kClient);
  server->StopAccepting();
  DtlsPeer& late = Dial(kOther);
  Pump();
  EXPECT_FALSE(late.connected());
  EXPECT_EQ(Dropped(DropReason::kStopping), 1u);
  EXPECT_EQ(server->handshake_count(), 0u);
  peer.Send("still here");
  Pump();
  EXPECT_EQ(Data(), std::vector<std::string>{"still here"});
}

TEST_F(ServerTest, StoppedAmidAHandshakeThenItStillEnds) {
  DtlsPeer& peer = Dial(kClient);
  server->Receive(now, kClient, TakeFrom(peer));
  peer.Receive(now, server->PollTransmit()->datagram);
  server->Receive(now, kClient, TakeFrom(peer));
  ASSERT_EQ(server->handshake_count(), 1u);
  server->StopAccepting();
  Pump();
  EXPECT_TRUE(peer.connected());
}

}  // namespace
}  // namespace lowband::edge::dtls
