// Sessions that clients left behind: of one that dialled anew, and is not there any more.
#include <gtest/gtest.h>

#include "services/edge/dtls/counters.h"
#include "tests/support/edge_world.h"

namespace lowband::edge {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

client::Request WithToken(client::Request request, const std::string& token) {
  const ByteView bytes = AsBytes(token);
  request.options.push_back(
      {coap::OptionNumber::kMatrixAccessToken, Bytes(bytes.begin(), bytes.end())});
  return request;
}

/// A client that has shown its token.
size_t Dial(EdgeWorld& world, const std::string& token) {
  const size_t client = world.AddClient();
  const auto* response = world.Await(client, world.Send(client, WithToken(Get({"0"}), token)));
  EXPECT_NE(response, nullptr);
  return client;
}

TEST(Ghosts, ThirtyDialsOfOneClientThenOneSession) {
  for (const unsigned workers : {1U, 3U}) {
    EdgeWorld world(1, {}, {.workers = workers});
    const auto sessions = [&] {
      size_t sum = 0;
      for (unsigned i = 0; i < workers; ++i) sum += world.edge(i).dtls().session_count();
      return sum;
    };
    for (int i = 0; i < 30; ++i) {
      const size_t client = Dial(world, "tok");
      if (i < 29) world.Silence(client);
      world.Run(seconds(10));
    }
    EXPECT_EQ(sessions(), 30U);
    world.Run(minutes(30));
    EXPECT_EQ(sessions(), 1U);
    uint64_t superseded = 0;
    for (unsigned i = 0; i < workers; ++i) {
      superseded += world.edge(i).dtls().counters().closed[static_cast<size_t>(
          dtls::CloseReason::kSuperseded)];
    }
    EXPECT_EQ(superseded, 29U);
  }
}

TEST(Ghosts, TwoLiveClientsOfOneTokenThenBothStay) {
  EdgeWorld world(2, {}, {.workers = 2});
  const size_t phone = Dial(world, "tok");
  const size_t tool = Dial(world, "tok");
  world.Run(minutes(60));
  EXPECT_TRUE(world.disconnects.empty());
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  ASSERT_NE(world.Await(tool, world.Send(tool, Get({"0"}))), nullptr);
  EXPECT_TRUE(world.disconnects.empty());
}

// Tokens of a device may change each few minutes; its tickets tell that it is the same.
TEST(Ghosts, DialsByTicketWithOtherTokensThenOneSession) {
  EdgeWorld world(3, {}, {.workers = 2});
  client::Config config;
  size_t last = 0;
  for (int i = 0; i < 5; ++i) {
    const std::string token = "token " + std::to_string(i);
    const size_t client = world.AddClient(config);
    ASSERT_NE(world.Await(client, world.Send(client, WithToken(Get({"0"}), token))), nullptr);
    config.resume = world.SaveTicket(client);
    if (i < 4) world.Silence(client);
    last = client;
    world.Run(seconds(10));
  }
  const size_t another = Dial(world, "token of another");
  world.Silence(another);
  const auto sessions = [&] {
    return world.edge(0).dtls().session_count() + world.edge(1).dtls().session_count();
  };
  EXPECT_EQ(sessions(), 6U);
  world.Run(minutes(30));
  EXPECT_EQ(sessions(), 2U);
  ASSERT_NE(world.Await(last, world.Send(last, Get({"0"}))), nullptr);
}

}  // namespace
}  // namespace lowband::edge
