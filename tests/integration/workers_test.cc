// The edge's workers over real sockets, with a translator that echoes: as many workers as asked,
// clients on threads, addresses that change.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
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
              const admission::Limits& limits = {.handshakes_per_prefix_rate = 0},
              std::unique_ptr<Random> credentials_random = MakeSystemRandom())
      : socket_("unix:" + directory_.Path("t.sock")),
        translator_(PlainServer(socket_), echo_),
        edge_(socket_, workers, steer, limits, std::move(credentials_random)) {}
  RunningEdge* operator->() { return &edge_; }

 private:
  TemporaryFolder directory_;
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

/// Random bytes that whoever asks waits for until they are let go: of the credentials, from which
/// a worker draws for each ticket.
class StuckRandom final : public Random {
 public:
  explicit StuckRandom(std::shared_future<void> gate, const std::atomic<bool>& stuck)
      : gate_(std::move(gate)), stuck_(stuck) {}
  void Fill(std::span<uint8_t> out) override {
    if (stuck_) gate_.wait();
    random_->Fill(out);
  }

 private:
  std::shared_future<void> gate_;
  const std::atomic<bool>& stuck_;
  std::unique_ptr<Random> random_ = MakeSystemRandom();
};

template <class Condition>
bool Eventually(Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

// What /healthz asks, so that whoever watches the process starts it anew.
TEST(Workers, OneHangsThenItIsNamedUntilItGoesOnAndTheOthersWork) {
  constexpr std::chrono::seconds kLimit{1};
  std::atomic<bool> stuck = false;
  std::promise<void> gate;
  EchoingEdge edge(2, true, {.handshakes_per_prefix_rate = 0},
                   std::make_unique<StuckRandom>(gate.get_future().share(), stuck));
  const auto hanging = [&] { return HangingWorker(edge->workers(), kLimit); };
  EXPECT_EQ(hanging(), "");
  stuck = true;
  auto client = std::async(std::launch::async, [&] { return edge->Connect(); });
  const bool named = Eventually([&] { return !hanging().empty(); });
  const std::string name = hanging();
  const size_t one = name == "worker 1 hangs" ? 1 : 0;
  EXPECT_TRUE(edge->workers()[1 - one]->Stats(std::chrono::seconds(20)));
  EXPECT_EQ(edge->workers()[one]->Stats(kLimit), std::nullopt);
  EXPECT_EQ(name, "worker " + std::to_string(one) + " hangs");
  stuck = false;
  gate.set_value();
  EXPECT_TRUE(named);
  EXPECT_TRUE(client.get());
  EXPECT_TRUE(Eventually([&] { return hanging().empty(); }));
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
