// The client against libcoap's own server (Debian's libcoap3-bin), so that both ends do not share
// one reading of the RFCs.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "libs/client/connection.h"
#include "libs/client/options.h"
#include "libs/client/trust.h"
#include "tests/support/dtls_server.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/udp_relay.h"

namespace lowband::client {
namespace {

using coap::OptionNumber;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tools::Background;

constexpr Duration kLong = seconds(40);

bool IsFree(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage raw{};
  const socklen_t size = SocketAddress::FromLiteral("127.0.0.1", port)->ToSockaddr(AF_INET, raw);
  const bool free = bind(fd, reinterpret_cast<sockaddr*>(&raw), size) == 0;
  close(fd);
  return free;
}

// The server takes a port for UDP and the one above for DTLS.
uint16_t FreePair() {
  const auto random = MakeSystemRandom();
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto port = static_cast<uint16_t>(20'000 + random->Below(10'000));
    if (IsFree(port) && IsFree(static_cast<uint16_t>(port + 1))) return port;
  }
  ADD_FAILURE() << "no two free ports";
  return 0;
}

std::string Text(const Response& response) { return std::string(AsText(response.body)); }

Request Make(coap::Code method, std::string_view path, const std::string& body = "") {
  Request request;
  request.method = method;
  request.options.push_back(TextOption(OptionNumber::kUriPath, path));
  if (!body.empty()) {
    request.options.push_back(UintOption(OptionNumber::kContentFormat, coap::kFormatText));
  }
  request.body.assign(body.begin(), body.end());
  return request;
}

std::string Pattern(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text.push_back(static_cast<char>('a' + (i / 11 + i) % 26));
  return text;
}

class LibcoapTest : public testing::Test {
 protected:
  void SetUp() override {
    certificate_ = folder_.Write("cert.pem", identity_.certificate_pem);
    const std::string key = folder_.Write("key.pem", identity_.key_pem);
    // Another program may take the ports between the look and the start.
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = FreePair();
      server_ = std::make_unique<Background>(std::vector<std::string>{
          "coap-server-openssl", "-A", "127.0.0.1", "-p", std::to_string(port_), "-c", certificate_,
          "-j", key, "-n", "-d", "20"});
      if (Answers()) return;
    }
    FAIL() << "coap-server-openssl (Debian package libcoap3-bin) does not answer";
  }

  bool Answers() {
    const auto deadline = std::chrono::steady_clock::now() + kLong;
    while (std::chrono::steady_clock::now() < deadline && server_->running()) {
      auto connection = Connection::Open("127.0.0.1", port_, Plain());
      if (connection && (*connection)->Exchange(Make(coap::kGet, "time"), milliseconds(300))) {
        return true;
      }
      std::this_thread::yield();  // refused: it does not listen yet
    }
    return false;
  }

  static Config Plain() {
    Config config;
    config.secure = false;
    return config;
  }
  Config Secure() const {
    Config config;
    config.trust = *Trust::FromFile(certificate_);
    config.server_name = "127.0.0.1";
    return config;
  }
  std::unique_ptr<Connection> Connect(const Config& config) {
    const auto port = static_cast<uint16_t>(config.secure ? port_ + 1 : port_);
    auto connection = Connection::Open("127.0.0.1", port, config);
    EXPECT_TRUE(connection) << connection.error();
    return connection ? std::move(*connection) : nullptr;
  }
  static void ExpectCode(const Result<Response, std::string>& response, coap::Code code) {
    ASSERT_TRUE(response) << response.error();
    EXPECT_EQ(response->code.Text(), code.Text());
  }
  /// Puts a body and gets it back.
  static void ExpectStored(Connection& connection, const std::string& name,
                           const std::string& body) {
    ExpectCode(connection.Exchange(Make(coap::kPut, name, body), kLong), coap::kCreated);
    const auto response = connection.Exchange(Make(coap::kGet, name), kLong);
    ASSERT_TRUE(response) << response.error();
    EXPECT_EQ(Text(*response), body);
  }

  const TestIdentity identity_{{"127.0.0.1"}};
  TemporaryFolder folder_;
  std::string certificate_;
  uint16_t port_ = 0;
  std::unique_ptr<Background> server_;
};

TEST_F(LibcoapTest, SmallRequestsThenAnswered) {
  const auto connection = Connect(Plain());
  ExpectCode(connection->Exchange(Make(coap::kGet, "time"), kLong), coap::kContent);
  ExpectCode(connection->Exchange(Make(coap::kGet, "nothing"), kLong), coap::kNotFound);
  Request unconfirmed = Make(coap::kGet, "time");
  unconfirmed.confirmable = false;
  ExpectCode(connection->Exchange(unconfirmed, kLong), coap::kContent);
}

TEST_F(LibcoapTest, SeparateAnswerThenOneResponse) {
  const auto connection = Connect(Plain());
  Request slow = Make(coap::kGet, "async");
  slow.options.push_back(TextOption(OptionNumber::kUriQuery, "1"));
  const auto response = connection->Exchange(slow, kLong);
  ExpectCode(response, coap::kContent);
  EXPECT_EQ(Text(*response), "done");
  // Ours: the request and the acknowledgement of the answer.
  EXPECT_EQ(connection->session().traffic().datagrams_sent, 2u);
}

TEST_F(LibcoapTest, LargeBodiesThenBlocksBothWays) {
  const auto plain = Connect(Plain());
  ExpectStored(*plain, "large", Pattern(20'000));
  Config small = Plain();
  small.block_szx = 2;
  const auto in_small_blocks = Connect(small);
  ExpectStored(*in_small_blocks, "small", Pattern(1'000));
}

TEST_F(LibcoapTest, OverDtlsThenVerifiedAndWhole) {
  const auto connection = Connect(Secure());
  EXPECT_EQ(connection->connected().cipher_suite, "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256");
  ExpectCode(connection->Exchange(Make(coap::kGet, "time"), kLong), coap::kContent);
  ExpectStored(*connection, "secure", Pattern(20'000));
}

TEST_F(LibcoapTest, TicketThenResumed) {
  Config config = Secure();
  {
    const auto first = Connect(config);
    ExpectCode(first->Exchange(Make(coap::kGet, "time"), kLong), coap::kContent);
    config.resume = first->session().SaveTicket();
  }
  ASSERT_FALSE(config.resume.empty());
  const auto second = Connect(config);
  EXPECT_TRUE(second->connected().resumed);
  ExpectCode(second->Exchange(Make(coap::kGet, "time"), kLong), coap::kContent);
}

TEST_F(LibcoapTest, PingThenPong) {
  const auto connection = Connect(Secure());
  connection->session().Ping(std::chrono::steady_clock::now());
  const auto event = connection->Wait(kLong);
  ASSERT_TRUE(event && std::holds_alternative<Pong>(*event));
  EXPECT_TRUE(std::get<Pong>(*event).answered);
}

TEST_F(LibcoapTest, ManyAtOnceThenAllAnswered) {
  const auto connection = Connect(Secure());
  constexpr int kCount = 50;
  for (int i = 0; i < kCount; ++i) {
    connection->session().Send(std::chrono::steady_clock::now(), Make(coap::kGet, "time"));
  }
  for (int i = 0; i < kCount; ++i) {
    const auto event = connection->Wait(kLong);
    ASSERT_TRUE(event && std::holds_alternative<Response>(*event));
  }
}

// Downloads only: this server does not deduplicate, and takes the last block of an upload that
// comes again for the first one of another.
TEST_F(LibcoapTest, BadNetworkThenAnswersStillWhole) {
  test::RelayFaults faults;
  faults.loss = faults.duplicate = faults.reorder = 0.1;
  const auto server = *SocketAddress::FromLiteral("127.0.0.1", static_cast<uint16_t>(port_ + 1));
  auto relay = test::UdpRelay::Start(server, faults, 1);
  ASSERT_TRUE(relay) << relay.error();
  Config config = Secure();
  config.ack_timeout = milliseconds(100);
  config.max_retransmit = 8;
  auto connection = Connection::Open("127.0.0.1", (*relay)->port(), config);
  ASSERT_TRUE(connection) << connection.error();
  const std::string body = Pattern(3'000);
  ExpectStored(*Connect(Plain()), "bad", body);
  for (int i = 0; i < 5; ++i) {
    const auto response = (*connection)->Exchange(Make(coap::kGet, "bad"), kLong);
    ASSERT_TRUE(response) << response.error();
    EXPECT_EQ(Text(*response), body);
  }
  EXPECT_GT((*relay)->counters().lost, 0u);
  EXPECT_GT((*connection)->session().traffic().retransmissions, 0u);
}

}  // namespace
}  // namespace lowband::client
