#include "tests/support/udp_relay.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "libs/client/udp_socket.h"

namespace lowband::test {
namespace {

using client::UdpSocket;

/// A socket bound to a free loopback port that knows who wrote to it.
class Server {
 public:
  Server() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage raw{};
    socklen_t size = SocketAddress::FromLiteral("127.0.0.1", 0)->ToSockaddr(AF_INET, raw);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&raw), size), 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&raw), &size);
    address = SocketAddress::FromSockaddr(raw);
  }
  ~Server() { close(fd_); }

  std::optional<std::string> Read(int wait_ms) {
    pollfd entry{fd_, POLLIN, 0};
    if (poll(&entry, 1, wait_ms) != 1) return std::nullopt;
    char buffer[2000];
    sockaddr_storage raw{};
    socklen_t size = sizeof(raw);
    const ssize_t got =
        recvfrom(fd_, buffer, sizeof(buffer), 0, reinterpret_cast<sockaddr*>(&raw), &size);
    if (got < 0) return std::nullopt;
    peer = SocketAddress::FromSockaddr(raw);
    return std::string(buffer, static_cast<size_t>(got));
  }
  void WriteBack(std::string_view text) {
    sockaddr_storage raw{};
    const socklen_t size = peer.ToSockaddr(AF_INET, raw);
    sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&raw), size);
  }

  SocketAddress address;
  SocketAddress peer;

 private:
  int fd_;
};

constexpr int kSoonMs = 5000;  // how long to wait for what must come
constexpr int kLateMs = 50;    // how long to wait for what must not

class UdpRelayTest : public testing::Test {
 protected:
  void Start(const RelayFaults& faults = {}, uint64_t seed = 1) {
    auto started = UdpRelay::Start(server.address, faults, seed);
    ASSERT_TRUE(started) << started.error();
    relay = std::move(*started);
  }
  UdpSocket Client() {
    auto socket = UdpSocket::Open(*SocketAddress::FromLiteral("127.0.0.1", relay->port()));
    EXPECT_TRUE(socket);
    return std::move(*socket);
  }
  static std::optional<std::string> Read(UdpSocket& socket, int wait_ms) {
    pollfd entry{socket.fd(), POLLIN, 0};
    if (poll(&entry, 1, wait_ms) != 1) return std::nullopt;
    Bytes buffer(2000);
    ByteView datagram;
    if (socket.Receive(buffer, datagram) != UdpSocket::Status::kOk) return std::nullopt;
    return std::string(AsText(datagram));
  }

  Server server;
  std::unique_ptr<UdpRelay> relay;
};

TEST_F(UdpRelayTest, NoFaultsThenBothWaysPassUnchanged) {
  Start();
  UdpSocket client = Client();
  client.Send(AsBytes("up"));
  EXPECT_EQ(server.Read(kSoonMs), "up");
  server.WriteBack("down");
  EXPECT_EQ(Read(client, kSoonMs), "down");
}

TEST_F(UdpRelayTest, TwoClientsThenTwoUpstreamPorts) {
  Start();
  UdpSocket one = Client();
  UdpSocket two = Client();
  one.Send(AsBytes("1"));
  ASSERT_TRUE(server.Read(kSoonMs));
  const SocketAddress first = server.peer;
  two.Send(AsBytes("2"));
  ASSERT_TRUE(server.Read(kSoonMs));
  EXPECT_NE(first, server.peer);
  server.WriteBack("to two");
  EXPECT_EQ(Read(two, kSoonMs), "to two");
  EXPECT_FALSE(Read(one, kLateMs));
}

TEST_F(UdpRelayTest, EverythingLostThenNothingPasses) {
  Start({.loss = 1});
  UdpSocket client = Client();
  client.Send(AsBytes("up"));
  EXPECT_FALSE(server.Read(kLateMs));
  EXPECT_EQ(relay->counters().lost, 1u);
  EXPECT_EQ(relay->counters().forwarded, 0u);
}

TEST_F(UdpRelayTest, SomeLostThenAboutThatShare) {
  Start({.loss = 0.2});
  UdpSocket client = Client();
  unsigned arrived = 0;
  for (int i = 0; i < 1000; ++i) {
    client.Send(AsBytes("x"));
    // In step, so that no socket buffer overflows.
    while (relay->counters().received <= static_cast<uint64_t>(i)) std::this_thread::yield();
    while (server.Read(0)) ++arrived;
  }
  while (server.Read(kLateMs)) ++arrived;
  const RelayCounters counters = relay->counters();
  EXPECT_EQ(counters.lost + arrived, 1000u);
  EXPECT_GT(counters.lost, 120u);
  EXPECT_LT(counters.lost, 280u);
}

TEST_F(UdpRelayTest, EverythingDuplicatedThenTwoOfEach) {
  Start({.duplicate = 1});
  UdpSocket client = Client();
  client.Send(AsBytes("up"));
  EXPECT_EQ(server.Read(kSoonMs), "up");
  EXPECT_EQ(server.Read(kSoonMs), "up");
  EXPECT_FALSE(server.Read(kLateMs));
}

TEST_F(UdpRelayTest, SomeReorderedThenAllArriveInAnotherOrder) {
  Start({.reorder = 0.3, .reorder_delay = std::chrono::milliseconds(20)});
  UdpSocket client = Client();
  std::vector<std::string> sent, got;
  for (int i = 0; i < 100; ++i) {
    sent.push_back(std::to_string(i));
    client.Send(AsBytes(sent.back()));
  }
  while (auto text = server.Read(got.size() < sent.size() ? kSoonMs : kLateMs)) {
    got.push_back(*text);
  }
  EXPECT_NE(got, sent);
  EXPECT_EQ(std::set<std::string>(got.begin(), got.end()).size(), sent.size());
  EXPECT_EQ(got.size(), sent.size());
  EXPECT_GT(relay->counters().reordered, 0u);
}

TEST_F(UdpRelayTest, DelayThenNotBefore) {
  Start({.delay_min = std::chrono::milliseconds(40), .delay_max = std::chrono::milliseconds(60)});
  UdpSocket client = Client();
  const auto start = std::chrono::steady_clock::now();
  client.Send(AsBytes("up"));
  EXPECT_EQ(server.Read(kSoonMs), "up");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(40));
}

TEST_F(UdpRelayTest, ReboundThenServerSeesAnotherPortAndOldOneIsDead) {
  Start();
  UdpSocket client = Client();
  client.Send(AsBytes("1"));
  ASSERT_TRUE(server.Read(kSoonMs));
  const SocketAddress before = server.peer;
  relay->Rebind();
  SocketAddress after = before;
  for (int i = 0; i < 100 && after == before; ++i) {
    client.Send(AsBytes("2"));
    ASSERT_TRUE(server.Read(kSoonMs));
    after = server.peer;
  }
  EXPECT_NE(before, after);
  server.WriteBack("new");
  EXPECT_EQ(Read(client, kSoonMs), "new");
  server.peer = before;
  server.WriteBack("old");
  EXPECT_FALSE(Read(client, kLateMs));
}

TEST_F(UdpRelayTest, FaultsChangedThenInForceAtOnce) {
  Start({.loss = 1});
  UdpSocket client = Client();
  client.Send(AsBytes("lost"));
  while (relay->counters().received < 1) std::this_thread::yield();
  relay->SetFaults({});
  client.Send(AsBytes("kept"));
  EXPECT_EQ(server.Read(kSoonMs), "kept");
}

}  // namespace
}  // namespace lowband::test
