// The blocking connection over real sockets.
#include "libs/client/connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "tests/support/closed_port.h"
#include "tests/support/responder.h"
#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Answer Echo(const Asked& asked) {
  Answer answer;
  const std::string path = asked.path.empty() ? "" : asked.path.front();
  Append(answer.body, AsBytes(path + ":"));
  Append(answer.body, asked.body);
  return answer;
}

Config Plain() {
  Config config;
  config.secure = false;
  return config;
}

TEST(Connection, PlainUdpThenAnswered) {
  Responder server(Echo);
  auto connection = Connection::Open("127.0.0.1", server.port(), Plain());
  ASSERT_TRUE(connection) << connection.error();
  const auto response = (*connection)->Exchange(Put("x", "body"), seconds(10));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(AsText(response->body), "x:body");
}

TEST(Connection, BlocksBothWaysOverDtlsThenWhole) {
  const TestIdentity identity({"127.0.0.1"});
  Responder server(Echo, &identity);
  auto connection = Connection::Open("127.0.0.1", server.port(), Config{});
  ASSERT_TRUE(connection) << connection.error();
  const std::string body = Pattern(50'000);
  const auto response = (*connection)->Exchange(Put("x", body), seconds(20));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(AsText(response->body), "x:" + body);
}

TEST(Connection, NameWithAnAddressNobodyListensAtThenNextAddress) {
  // "localhost" is [::1] first on many machines; the responder has 127.0.0.1 only.
  Responder server(Echo);
  auto connection = Connection::Open("localhost", server.port(), Plain());
  ASSERT_TRUE(connection) << connection.error();
  const auto response = (*connection)->Exchange(Get("x"), seconds(10));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ((*connection)->server().Text(), "127.0.0.1:" + std::to_string(server.port()));
}

TEST(Connection, NobodyListensThenErrorAtOnceNamesTheAddress) {
  const ClosedPort closed;
  const uint16_t port = closed.port();
  const auto start = std::chrono::steady_clock::now();
  const auto connection = Connection::Open("127.0.0.1", port, Config{});
  ASSERT_FALSE(connection);
  EXPECT_NE(connection.error().find("127.0.0.1:" + std::to_string(port)), std::string::npos)
      << connection.error();
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  // Plain UDP has no handshake to fail; the first request does.
  auto plain = Connection::Open("127.0.0.1", port, Plain());
  ASSERT_TRUE(plain);
  const auto response = (*plain)->Exchange(Get("x"), seconds(10));
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().find("nothing listens"), std::string::npos) << response.error();
}

TEST(Connection, UnknownHostThenErrorNamesIt) {
  const auto connection = Connection::Open("no-such-host.invalid", 5684, Config{});
  ASSERT_FALSE(connection);
  EXPECT_NE(connection.error().find("no-such-host.invalid"), std::string::npos);
}

TEST(Connection, NoAnswerThenErrorAtTheTimeout) {
  Responder server(Echo);
  server.Ignore(1000);
  auto connection = Connection::Open("127.0.0.1", server.port(), Plain());
  ASSERT_TRUE(connection);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE((*connection)->Exchange(Get("x"), milliseconds(100)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(100));
}

TEST(Connection, LostDatagramThenRetransmitted) {
  Responder server(Echo);
  server.Ignore(1);
  Config config = Plain();
  config.ack_timeout = milliseconds(50);
  auto connection = Connection::Open("127.0.0.1", server.port(), config);
  ASSERT_TRUE(connection);
  const auto response = (*connection)->Exchange(Get("x"), seconds(10));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ((*connection)->session().traffic().retransmissions, 1u);
}

TEST(Connection, ReboundThenServerSeesAnotherAddress) {
  Responder server(Echo);
  auto connection = Connection::Open("127.0.0.1", server.port(), Plain());
  ASSERT_TRUE(connection);
  ASSERT_TRUE((*connection)->Exchange(Get("x"), seconds(10)));
  const uint16_t before = (*connection)->local_port();
  ASSERT_TRUE((*connection)->Rebind());
  EXPECT_NE((*connection)->local_port(), before);
  ASSERT_TRUE((*connection)->Exchange(Get("x"), seconds(10)));
  EXPECT_EQ(server.peers(), 2u);
}

TEST(Connection, OtherRequestsAnswersThenKeptForWait) {
  Responder server(Echo);
  auto connection = Connection::Open("127.0.0.1", server.port(), Plain());
  ASSERT_TRUE(connection);
  Session& session = (*connection)->session();
  const RequestId early = session.Send(std::chrono::steady_clock::now(), Get("early"));
  const auto late = (*connection)->Exchange(Get("late"), seconds(10));
  ASSERT_TRUE(late);
  EXPECT_EQ(AsText(late->body), "late:");
  const auto event = (*connection)->Wait(seconds(10));
  ASSERT_TRUE(event && std::holds_alternative<Response>(*event));
  EXPECT_EQ(std::get<Response>(*event).id, early);
}

TEST(Connection, ClosedThenRequestsFail) {
  Responder server(Echo);
  auto connection = Connection::Open("127.0.0.1", server.port(), Plain());
  ASSERT_TRUE(connection);
  (*connection)->Close();
  EXPECT_FALSE((*connection)->Exchange(Get("x"), seconds(10)));
}

// A descriptor that is readable from the start.
class Woken {
 public:
  Woken() {
    EXPECT_EQ(pipe2(fds_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(write(fds_[1], "x", 1), 1);
  }
  ~Woken() {
    close(fds_[0]);
    close(fds_[1]);
  }
  Woken(const Woken&) = delete;
  Woken& operator=(const Woken&) = delete;
  int fd() const { return fds_[0]; }

 private:
  std::array<int, 2> fds_{};
};

TEST(Connection, WokenThenWaitAndHandshakeEndAtOnce) {
  const Woken woken;
  const TestIdentity identity({"127.0.0.1"});
  Responder server(Echo, &identity);
  server.Ignore(1000);
  const auto interrupted = Connection::Open("127.0.0.1", server.port(), Config{}, woken.fd());
  ASSERT_FALSE(interrupted);
  EXPECT_NE(interrupted.error().find("interrupted"), std::string::npos);
  auto plain = Connection::Open("127.0.0.1", server.port(), Plain(), woken.fd());
  ASSERT_TRUE(plain) << plain.error();
  EXPECT_FALSE((*plain)->Wait(std::chrono::hours(1)));
}

TEST(Connection, RefusedByTheMachineThenDisconnectedOnce) {
  auto server = std::make_unique<Responder>(Echo);
  auto connection = Connection::Open("127.0.0.1", server->port(), Plain());
  ASSERT_TRUE(connection) << connection.error();
  server.reset();
  (*connection)->session().Send(std::chrono::steady_clock::now(), Get("x"));
  const auto event = (*connection)->Wait(seconds(10));
  ASSERT_TRUE(event);
  const auto* end = std::get_if<Disconnected>(&*event);
  ASSERT_NE(end, nullptr);
  EXPECT_NE(end->detail.find("nothing listens"), std::string::npos);
  EXPECT_FALSE((*connection)->Wait(milliseconds(1)));
}

}  // namespace
}  // namespace lowband::client
