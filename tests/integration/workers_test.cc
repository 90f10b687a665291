// The edge's workers over real sockets, with a translator that echoes: as many workers as asked,
// clients on threads, addresses that change.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/running_edge.h"

namespace lowband::edge {
namespace {

constexpr size_t kClients = 12;
constexpr size_t kRequestsEach = 20;

/// Workers before a translator that echoes.
class EchoingEdge {
 public:
  EchoingEdge(unsigned workers, bool steer,
              const admission::Limits& limits = {.handshakes_per_prefix_rate = 0})
      : socket_("unix:" + directory_.Path("t.sock")),
        translator_(PlainServer(socket_), echo_),
        edge_(socket_, workers, steer, limits) {}
  RunningEdge* operator->() { return &edge_; }

 private:
  TemporaryDirectory directory_;
  std::string socket_;
  EchoHandler echo_;
  translator::ingress::Server translator_;
  RunningEdge edge_;
};

client::Request EchoRequest(const std::string& body) {
  client::Request request;
  request.method = coap::kPost;
  request.options.push_back({coap::OptionNumber::kUriPath, Bytes{'0'}});
  request.options.push_back({coap::OptionNumber::kContentFormat, Bytes{coap::kFormatCbor}});
  request.body.assign(body.begin(), body.end());
  return request;
}

// One client's life: half of its requests, a new address, the other half.
size_t Live(EchoingEdge& edge, size_t index) {
  auto connection = edge->Connect();
  if (!connection) {
    ADD_FAILURE() << connection.error();
    return 0;
  }
  size_t answered = 0;
  for (size_t i = 0; i < kRequestsEach; ++i) {
    if (i == kRequestsEach / 2) {
      const auto moved = (*connection)->Rebind();
      if (!moved) ADD_FAILURE() << moved.error();
    }
    const std::string body = "client " + std::to_string(index) + " request " + std::to_string(i);
    const auto response = (*connection)->Exchange(EchoRequest(body), std::chrono::seconds(40));
    if (!response) {
      ADD_FAILURE() << response.error();
      return answered;
    }
    EXPECT_EQ(AsText(response->body), body);
    ++answered;
  }
  return answered;
}

struct Shape {
  unsigned workers;
  bool steer;
};

class WorkersTest : public testing::TestWithParam<Shape> {};

TEST_P(WorkersTest, ClientsMoveThenEverySessionGoesOn) {
  EchoingEdge edge(GetParam().workers, GetParam().steer);
  std::atomic<size_t> answered{0};
  std::vector<std::thread> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] { answered += Live(edge, i); });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, kClients * kRequestsEach);
  EXPECT_EQ(edge->Sum([](const WorkerStats& s) { return s.dtls.peer_moves; }), kClients);
  EXPECT_EQ(edge->Sum([](const WorkerStats& s) { return s.dtls.connection_ids_used; }), kClients);
  EXPECT_EQ(edge->Sum([](const WorkerStats& s) { return s.message.requests_con; }),
            kClients * kRequestsEach);
  EXPECT_EQ(edge->Sum([](const WorkerStats& s) { return s.forward_drops; }), 0U);
  const uint64_t forwarded = edge->Sum([](const WorkerStats& s) { return s.forwarded; });
  if (GetParam().steer || GetParam().workers == 1) {
    EXPECT_EQ(forwarded, 0U) << "the kernel's filter finds the worker";
  }
}

INSTANTIATE_TEST_SUITE_P(Counts, WorkersTest,
                         testing::Values(Shape{1, false}, Shape{2, true}, Shape{8, true},
                                         Shape{8, false}),
                         [](const auto& tested) {
                           return std::to_string(tested.param.workers) +
                                  (tested.param.steer ? "Steered" : "HandedOver");
                         });

TEST(Workers, ClientWithoutConnectionIdMovesThenItsSessionIsLostAndANewOneWorks) {
  EchoingEdge edge(2, true);
  client::Config config;
  config.connection_id = std::nullopt;
  config.ack_timeout = std::chrono::milliseconds(500);
  config.max_retransmit = 1;
  auto connection = edge->Connect(config);
  ASSERT_TRUE(connection) << connection.error();
  ASSERT_TRUE((*connection)->Exchange(EchoRequest("a"), std::chrono::seconds(20)));
  ASSERT_TRUE((*connection)->Rebind());
  EXPECT_FALSE((*connection)->Exchange(EchoRequest("b"), std::chrono::seconds(20)));
  EXPECT_GE(edge->Sum([](const WorkerStats& s) { return s.dtls.stale_alerts_sent; }), 1U);
  auto again = edge->Connect();
  ASSERT_TRUE(again) << again.error();
  const auto response = (*again)->Exchange(EchoRequest("c"), std::chrono::seconds(20));
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(AsText(response->body), "c");
}

// Those who make room are at any worker, and it is asked through its mailbox.
TEST(Workers, MoreClientsThanRoomThenTheOldestGoAtWhicheverWorkerTheyAre) {
  constexpr size_t kRoom = 8;
  EchoingEdge edge(4, true, {.sessions = kRoom, .handshakes_per_prefix_rate = 0});
  std::vector<std::unique_ptr<client::Connection>> connections;
  for (size_t i = 0; i < 4 * kRoom; ++i) {
    auto connection = edge->Connect();
    ASSERT_TRUE(connection) << connection.error();
    const auto response = (*connection)->Exchange(EchoRequest("a"), std::chrono::seconds(20));
    ASSERT_TRUE(response) << response.error();
    connections.push_back(std::move(*connection));
    // Each worker answers this after the mail that came before; who was asked may ask another.
    (void)edge->Sum([](const WorkerStats& s) { return s.sessions; });
    EXPECT_LE(edge->Sum([](const WorkerStats& s) { return s.sessions; }), kRoom);
  }
  const auto evicted = [](const WorkerStats& s) {
    return s.dtls.closed[static_cast<size_t>(dtls::CloseReason::kEvictedUnproven)];
  };
  EXPECT_EQ(edge->Sum(evicted), 3 * kRoom);
  EXPECT_GT(edge->Sum([](const WorkerStats& s) { return s.dtls.reliefs_given; }), 0U);
}

TEST(Workers, StopThenClientsHearCloseNotify) {
  EchoingEdge edge(2, true);
  auto connection = edge->Connect();
  ASSERT_TRUE(connection) << connection.error();
  ASSERT_TRUE((*connection)->Exchange(EchoRequest("a"), std::chrono::seconds(20)));
  edge->Stop();
  const auto event = (*connection)->Wait(std::chrono::seconds(20));
  ASSERT_TRUE(event);
  EXPECT_TRUE(std::holds_alternative<client::Disconnected>(*event));
}

TEST(UdpSocket, PortOfAnotherSocketThenErrorNamesIt) {
  const auto first = datagram::UdpSocket::OpenGroup(*ParseBindAddress("127.0.0.1:0"), 2);
  ASSERT_TRUE(first) << first.error();
  const std::string address = first->front()->local_address().Text();
  const auto second = datagram::UdpSocket::OpenGroup(*ParseBindAddress(address), 2);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find(address), std::string::npos);
  EXPECT_NE(second.error().find("in use"), std::string::npos);
}

}  // namespace
}  // namespace lowband::edge
