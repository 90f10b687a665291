// A session over DTLS against an mbedTLS server in memory, in virtual time.
#include <gtest/gtest.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "libs/client/session.h"
#include "libs/client/trust.h"
#include "libs/tls/key_log.h"
#include "tests/support/dtls_server.h"
#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

using std::chrono::seconds;

// A file that is gone when the test is.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text = "") {
    std::string name = testing::TempDir() + "lowband-XXXXXX";
    const int fd = mkstemp(name.data());
    EXPECT_GE(fd, 0);
    close(fd);
    path = name;
    std::ofstream(path) << text;
  }
  ~TemporaryFile() { unlink(path.c_str()); }
  std::string path;
};

class DtlsTest : public testing::Test {
 protected:
  static const TestIdentity& Identity() {
    static const TestIdentity identity({"edge.example", "192.0.2.7"});
    return identity;
  }

  void Serve(DtlsServer::Options options = {}) { server.emplace(Identity(), options); }
  void Connect(const Config& config) {
    session.emplace(config, *random);
    session->Connect(now);
    Shuttle();
  }
  /// Passes datagrams to and fro until both sides are silent.
  void Shuttle() {
    for (bool moved = true; moved;) {
      moved = false;
      while (const auto datagram = session->PollTransmit()) {
        moved = true;
        if (drop_to_server > 0) {
          --drop_to_server;
        } else {
          server->Receive(now, *datagram);
        }
      }
      while (!server->outgoing.empty()) {
        moved = true;
        const Bytes datagram = std::move(server->outgoing.front());
        server->outgoing.pop_front();
        if (drop_to_client > 0) {
          --drop_to_client;
        } else {
          session->Receive(now, datagram);
        }
      }
    }
  }
  void Pass(Duration duration) {
    const TimePoint until = now + duration;
    for (auto next = session->NextDeadline(); next && *next <= until;
         next = session->NextDeadline()) {
      now = std::max(now, *next);
      session->Advance(now);
      Shuttle();
    }
    now = until;
  }
  template <class T>
  std::optional<T> Expect() {
    auto event = session->PollEvent();
    if (event && std::holds_alternative<T>(*event)) return std::get<T>(std::move(*event));
    if (event && std::holds_alternative<Disconnected>(*event)) {
      ADD_FAILURE() << "disconnected: " << std::get<Disconnected>(*event).detail;
    } else {
      ADD_FAILURE() << "not the expected event";
    }
    return std::nullopt;
  }
  void ExpectRoundTrip() {
    const RequestId id = session->Send(now, Get("x"));
    Shuttle();
    ASSERT_FALSE(server->messages.empty());
    const Sent request(server->messages.front());
    server->messages.pop_front();
    server->Send(coap::MessageWriter(Type::kAcknowledgement, coap::kContent,
                                     request.view.message_id, request.view.token)
                     .Finish(AsBytes("hello")));
    Shuttle();
    const auto response = Expect<Response>();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->id, id);
    EXPECT_EQ(AsText(response->body), "hello");
  }
  static Config Verifying(const std::string& name) {
    const TemporaryFile file(Identity().certificate_pem);
    const auto trust = Trust::FromFile(file.path);
    EXPECT_TRUE(trust) << trust.error();
    Config config;
    config.trust = trust.value_or(nullptr);
    config.server_name = name;
    return config;
  }

  std::unique_ptr<Random> random = MakeSeededRandom(1);
  std::optional<DtlsServer> server;
  std::optional<Session> session;
  TimePoint now{std::chrono::hours(1)};
  unsigned drop_to_server = 0;
  unsigned drop_to_client = 0;
};

TEST_F(DtlsTest, HandshakeThenCookieAndPreferredSuite) {
  Serve();
  Connect({});
  EXPECT_EQ(server->hello_verify_requests, 1u);
  const auto connected = Expect<Connected>();
  ASSERT_TRUE(connected);
  EXPECT_EQ(connected->cipher_suite, "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256");
  EXPECT_FALSE(connected->connection_id);
  EXPECT_FALSE(connected->resumed);
  ExpectRoundTrip();
}

TEST_F(DtlsTest, RequestsBeforeTheHandshakeEndsThenSentAfterIt) {
  Serve();
  session.emplace(Config{}, *random);
  session->Connect(now);
  session->Send(now, Get("early"));
  Shuttle();
  EXPECT_TRUE(Expect<Connected>());
  ASSERT_EQ(server->messages.size(), 1u);
  EXPECT_EQ(AsText(*Sent(server->messages.front()).view.Find(OptionNumber::kUriPath)), "early");
}

TEST_F(DtlsTest, OneMessageThenOneDatagramOfGcmExpansion) {
  Serve();
  Connect({});
  Expect<Connected>();
  const uint64_t before = session->traffic().bytes_sent;
  session->Send(now, Get("x"));
  Shuttle();
  ASSERT_EQ(server->messages.size(), 1u);
  EXPECT_EQ(session->traffic().bytes_sent - before, server->messages.front().size() + 37);
}

TEST_F(DtlsTest, LongMessageThenStillOneDatagram) {
  Serve();
  Connect({});
  Expect<Connected>();
  Request request = Put("x", Pattern(1024));
  request.options.push_back({OptionNumber::kMatrixAccessToken, Bytes(1000, 't')});
  session->Send(now, request);
  Shuttle();
  ASSERT_EQ(server->messages.size(), 1u);
  EXPECT_GT(server->messages.front().size(), 2000u);
}

TEST_F(DtlsTest, EachFlightLostOnceThenHandshakeCompletesAfterRetransmission) {
  for (unsigned lost = 0; lost < 6; ++lost) {
    Serve();
    session.emplace(Config{}, *random);
    session->Connect(now);
    // The n-th datagram of either side is lost.
    unsigned seen = 0;
    const TimePoint start = now;
    while (session->NextDeadline() && !server->ready) {
      while (const auto datagram = session->PollTransmit()) {
        if (seen++ != lost) server->Receive(now, *datagram);
      }
      while (!server->outgoing.empty()) {
        const Bytes datagram = std::move(server->outgoing.front());
        server->outgoing.pop_front();
        if (seen++ != lost) session->Receive(now, datagram);
      }
      if (session->traffic().datagrams_sent > 20) break;
      if (const auto next = session->NextDeadline(); next && *next < start + seconds(20)) {
        now = std::max(now, *next);
        session->Advance(now);
      }
    }
    Shuttle();
    const auto connected = Expect<Connected>();
    ASSERT_TRUE(connected) << "with datagram " << lost << " lost";
    ExpectRoundTrip();
  }
}

TEST_F(DtlsTest, SilentServerThenDisconnectedWithinTheLimit) {
  Serve();
  drop_to_server = 1000;
  Connect({});
  const RequestId id = session->Send(now, Get("x"));
  Pass(kHandshakeTimeoutDefault);
  const auto failed = Expect<RequestFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->id, id);
  EXPECT_EQ(failed->failure, Failure::kClosed);
  const auto end = Expect<Disconnected>();
  ASSERT_TRUE(end);
  EXPECT_NE(end->detail.find("handshake"), std::string::npos) << end->detail;
  EXPECT_FALSE(session->NextDeadline());
}

TEST_F(DtlsTest, OfferedConnectionIdThenUsedTowardsTheServer) {
  DtlsServer::Options options;
  options.connection_id = Bytes{1, 2, 3, 4, 5, 6, 7, 8};
  Serve(options);
  Connect({});
  const auto connected = Expect<Connected>();
  ASSERT_TRUE(connected);
  EXPECT_TRUE(connected->connection_id);
  session->Send(now, Get("x"));
  const auto record = session->PollTransmit();
  ASSERT_TRUE(record);
  EXPECT_EQ((*record)[0], 25);  // tls12_cid, RFC 9146 §4
  EXPECT_EQ(ToHex(record->subspan(11, 8)), "0102030405060708");
  server->Receive(now, *record);
  EXPECT_EQ(server->messages.size(), 1u);
}

TEST_F(DtlsTest, ConnectionIdNotOfferedThenPlainRecords) {
  DtlsServer::Options options;
  options.connection_id = Bytes{1, 2, 3, 4, 5, 6, 7, 8};
  Serve(options);
  Config config;
  config.connection_id.reset();
  Connect(config);
  const auto connected = Expect<Connected>();
  ASSERT_TRUE(connected);
  EXPECT_FALSE(connected->connection_id);
  session->Send(now, Get("x"));
  EXPECT_EQ((*session->PollTransmit())[0], 23);
}

TEST_F(DtlsTest, OwnConnectionIdThenServersRecordsCarryIt) {
  DtlsServer::Options options;
  options.connection_id = Bytes{9};
  Serve(options);
  Config config;
  config.connection_id = Bytes{0xaa, 0xbb};
  Connect(config);
  ASSERT_TRUE(Expect<Connected>());
  server->Send(coap::EmptyMessage(Type::kConfirmable, 5));
  ASSERT_EQ(server->outgoing.size(), 1u);
  EXPECT_EQ(server->outgoing.front()[0], 25);
  EXPECT_EQ(ToHex(ByteView(server->outgoing.front()).subspan(11, 2)), "aabb");
  Shuttle();
  ASSERT_EQ(server->messages.size(), 1u);  // the RST to that ping
  EXPECT_EQ(Sent(server->messages.front()).view.type, Type::kReset);
}

TEST_F(DtlsTest, SavedTicketThenResumedWithFewerBytes) {
  Serve();
  Connect({});
  ASSERT_TRUE(Expect<Connected>());
  ExpectRoundTrip();
  const uint64_t full = session->traffic().bytes_received;
  Config config;
  config.resume = session->SaveTicket();
  ASSERT_FALSE(config.resume.empty());
  server->Reset();
  Connect(config);
  const auto connected = Expect<Connected>();
  ASSERT_TRUE(connected);
  EXPECT_TRUE(connected->resumed);
  ExpectRoundTrip();
  EXPECT_LT(session->traffic().bytes_received, full);
  EXPECT_FALSE(session->SaveTicket().empty());
}

TEST_F(DtlsTest, TicketOfAnotherServerThenFullHandshake) {
  Serve();
  Connect({});
  ASSERT_TRUE(Expect<Connected>());
  Config config;
  config.resume = session->SaveTicket();
  Serve();  // with other ticket keys
  Connect(config);
  const auto connected = Expect<Connected>();
  ASSERT_TRUE(connected);
  EXPECT_FALSE(connected->resumed);
  ExpectRoundTrip();
}

TEST_F(DtlsTest, NoTicketGivenThenNothingToSave) {
  DtlsServer::Options options;
  options.tickets = false;
  Serve(options);
  Connect({});
  ASSERT_TRUE(Expect<Connected>());
  EXPECT_TRUE(session->SaveTicket().empty());
}

TEST_F(DtlsTest, GarbageTicketThenDisconnectedWithReason) {
  Serve();
  Config config;
  config.resume = Bytes(40, 0x55);
  Connect(config);
  if (auto event = session->PollEvent(); std::holds_alternative<Disconnected>(*event)) {
    EXPECT_NE(std::get<Disconnected>(*event).detail.find("ticket"), std::string::npos);
  } else {
    // mbedTLS took it for one of another version: then the handshake is full.
    ASSERT_TRUE(std::holds_alternative<Connected>(*event));
    EXPECT_FALSE(std::get<Connected>(*event).resumed);
  }
}

TEST_F(DtlsTest, RightNameThenVerified) {
  Serve();
  Connect(Verifying("edge.example"));
  EXPECT_TRUE(Expect<Connected>());
}

TEST_F(DtlsTest, RightAddressThenVerified) {
  Serve();
  Connect(Verifying("192.0.2.7"));
  EXPECT_TRUE(Expect<Connected>());
}

TEST_F(DtlsTest, WrongNameOrAddressThenRefused) {
  for (const char* name : {"other.example", "192.0.2.8"}) {
    Serve();
    Connect(Verifying(name));
    const auto end = Expect<Disconnected>();
    ASSERT_TRUE(end) << name;
    EXPECT_NE(end->detail.find("certificate"), std::string::npos) << end->detail;
    EXPECT_EQ(end->detail.find('\n'), std::string::npos);
    EXPECT_FALSE(server->ready);
  }
}

TEST_F(DtlsTest, UnknownAuthorityThenRefused) {
  Serve();
  Config config = Verifying("edge.example");
  const TemporaryFile other(TestIdentity({"edge.example"}).certificate_pem);
  config.trust = *Trust::FromFile(other.path);
  Connect(config);
  const auto end = Expect<Disconnected>();
  ASSERT_TRUE(end);
  EXPECT_NE(end->detail.find("certificate"), std::string::npos) << end->detail;
}

TEST_F(DtlsTest, CloseNotifyFromTheServerThenDisconnected) {
  Serve();
  Connect({});
  ASSERT_TRUE(Expect<Connected>());
  const RequestId id = session->Send(now, Get("x"));
  Shuttle();
  server->CloseNotify();
  Shuttle();
  const auto failed = Expect<RequestFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->id, id);
  EXPECT_EQ(failed->failure, Failure::kClosed);
  EXPECT_TRUE(Expect<Disconnected>());
}

TEST_F(DtlsTest, ClosedThenServerIsTold) {
  Serve();
  Connect({});
  ASSERT_TRUE(Expect<Connected>());
  session->Close(now);
  Shuttle();
  EXPECT_EQ(server->last_error, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
}

TEST_F(DtlsTest, ForgedDatagramsThenIgnored) {
  Serve();
  Connect({});
  ASSERT_TRUE(Expect<Connected>());
  const auto noise = MakeSeededRandom(3);
  for (int i = 0; i < 500; ++i) {
    Bytes datagram(noise->Below(200));
    noise->Fill(datagram);
    // Half of them with the head of a record of this epoch, or of a plaintext fatal alert.
    if (i % 2 == 0 && datagram.size() >= 15) {
      const uint8_t type = i % 4 == 0 ? 21 : 23;
      const Bytes head = {type, 0xfe, 0xfd, 0, static_cast<uint8_t>(i % 4 != 0)};
      std::ranges::copy(head, datagram.begin());
    }
    session->Receive(now, datagram);
    const auto event = session->PollEvent();
    ASSERT_FALSE(event) << "datagram " << i << ": " << ToHex(datagram) << ": "
                        << std::get<Disconnected>(*event).detail;
  }
  session->Receive(now, {});
  // A record of an epoch that is over, with the beginning of another behind it.
  session->Receive(now, Bytes{21, 0xfe, 0xfd, 0, 0, 1, 1, 1, 1, 1, 1, 0, 2, 2, 80, 21, 0xfe});
  EXPECT_FALSE(session->PollEvent());
  ExpectRoundTrip();
}

TEST_F(DtlsTest, Ccm8OnlyServerThenOnlyWithPermission) {
  static constexpr int kSuites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0};
  DtlsServer::Options options;
  options.suites = kSuites;
  Serve(options);
  Connect({});
  EXPECT_TRUE(Expect<Disconnected>());
  Serve(options);
  Config config;
  config.allow_ccm8 = true;
  Connect(config);
  const auto connected = Expect<Connected>();
  ASSERT_TRUE(connected);
  EXPECT_EQ(connected->cipher_suite, "TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8");
}

TEST_F(DtlsTest, KeyLogThenOneLineOfTheMasterSecret) {
  const TemporaryFile file;
  const auto log = tls::KeyLog::Open(file.path);
  ASSERT_TRUE(log);
  Serve();
  Config config;
  config.key_log = log->get();
  Connect(config);
  ASSERT_TRUE(Expect<Connected>());
  std::ifstream in(file.path);
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  EXPECT_EQ(line.rfind("CLIENT_RANDOM ", 0), 0u);
  EXPECT_EQ(line.size(), 14 + 64 + 1 + 96);
}

TEST_F(DtlsTest, TraceThenEveryDatagramWithItsMessage) {
  Serve();
  struct Seen {
    bool sent;
    size_t datagram;
    Bytes message;
  };
  std::vector<Seen> seen;
  Config config;
  config.trace = [&seen](const DatagramTrace& trace) {
    seen.push_back(
        {trace.sent, trace.datagram.size(), Bytes(trace.message.begin(), trace.message.end())});
  };
  Connect(config);
  ASSERT_TRUE(Expect<Connected>());
  const size_t handshake = seen.size();
  EXPECT_EQ(handshake, session->traffic().datagrams_sent + session->traffic().datagrams_received);
  for (const Seen& one : seen) EXPECT_TRUE(one.message.empty());
  ExpectRoundTrip();
  ASSERT_EQ(seen.size(), handshake + 2);
  EXPECT_TRUE(seen[handshake].sent);
  EXPECT_EQ(Sent(seen[handshake].message).view.code, coap::kGet);
  EXPECT_FALSE(seen[handshake + 1].sent);
  EXPECT_EQ(Sent(seen[handshake + 1].message).payload(), "hello");
}

TEST(Trust, FileWithoutCertificatesThenErrorNamesIt) {
  const TemporaryFile empty;
  const auto none = Trust::FromFile(empty.path);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().find(empty.path), std::string::npos);
  const auto missing = Trust::FromFile("/nonexistent.pem");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("/nonexistent.pem"), std::string::npos);
  const TemporaryFile nonsense("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_FALSE(Trust::FromFile(nonsense.path));
}

}  // namespace
}  // namespace lowband::client
