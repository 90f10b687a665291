#include "services/edge/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/edge/dtls/counters.h"
#include "services/edge/message/counters.h"
#include "tests/support/edge_world.h"

namespace lowband::edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Tries for up to 191 s. Beyond EXCHANGE_LIFETIME (247 s) its message would count as another one.
client::Config Patient() {
  client::Config config;
  config.ack_timeout = std::chrono::seconds(1);
  config.max_retransmit = 7;
  return config;
}

std::string Text(const Bytes& bytes) { return std::string(AsText(bytes)); }

TEST(Pipeline, SmallRequestThenTwoDatagramsAndOneExchange) {
  EdgeWorld world(1);
  const size_t phone = world.AddClient();
  world.Run(seconds(2));  // the handshake
  const size_t before = world.link().datagrams;
  const auto request = world.Send(phone, Get({"0"}));
  const auto* response = world.Await(phone, request);
  ASSERT_NE(response, nullptr);
  EXPECT_EQ(response->code, coap::kContent);
  EXPECT_EQ(Text(response->body), "\xa0");
  EXPECT_EQ(world.link().datagrams - before, 2U) << "the answer rides on the acknowledgement";
  ASSERT_EQ(world.requests.size(), 1U);
  EXPECT_EQ(world.requests[0].path(0), "0");
  EXPECT_EQ(world.requests[0].client_address(), "192.0.2.7");
}

TEST(Pipeline, SlowTranslatorThenEmptyAckAndSeparateAnswer) {
  EdgeWorld world(2);
  world.translator_delay = seconds(30);
  const size_t phone = world.AddClient();
  const auto request = world.Send(phone, Get({"7"}));
  const auto* response = world.Await(phone, request);
  ASSERT_NE(response, nullptr);
  EXPECT_EQ(response->code, coap::kContent);
  EXPECT_EQ(world.requests.size(), 1U);
  EXPECT_EQ(world.edge().messages().counters().answers_separate, 1U);
}

TEST(Pipeline, LargeBodiesBothWaysThenWholeAndWithinTheDatagramLimit) {
  EdgeWorld world(3);
  const std::string down(200'000, 'd');
  world.translate = [&](const v1::Request&) { return Content(down); };
  const size_t phone = world.AddClient();
  const auto request = world.Send(phone, Post({"r"}, Bytes(100'000, 'u')));
  const auto* response = world.Await(phone, request);
  ASSERT_NE(response, nullptr);
  EXPECT_EQ(Text(response->body), down);
  ASSERT_EQ(world.requests.size(), 1U);
  EXPECT_EQ(world.requests[0].body(), std::string(100'000, 'u'));
  EXPECT_LE(world.link().largest, 1280U);
}

TEST(Pipeline, ClientMovesWithAConnectionIdThenItsSessionGoesOn) {
  EdgeWorld world(4);
  const size_t phone = world.AddClient();
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  world.MoveClient(phone);
  const auto* response = world.Await(phone, world.Send(phone, Get({"0"})));
  ASSERT_NE(response, nullptr);
  EXPECT_EQ(world.edge().dtls().counters().peer_moves, 1U);
  EXPECT_EQ(world.edge().dtls().session_count(), 1U);
  world.Run(seconds(1));
  EXPECT_EQ(world.edge().dtls().counters().paths_proven, 1U) << "by a CoAP ping";
}

TEST(Pipeline, ClientMovesAndAsksForMuchThenItsAnswerTakesOneRoundTripMore) {
  EdgeWorld world(4);
  const std::string down(3000, 'd');
  world.translate = [&](const v1::Request&) { return Content(down); };
  const size_t phone = world.AddClient();
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  world.MoveClient(phone);
  const TimePoint asked = world.now();
  const auto* response = world.Await(phone, world.Send(phone, Get({"0"})));
  ASSERT_NE(response, nullptr);
  EXPECT_EQ(Text(response->body), down);
  EXPECT_EQ(world.edge().dtls().counters().sends_held, 1U);
  EXPECT_LT(world.now() - asked, seconds(1)) << "nothing had to be sent again";
}

TEST(Pipeline, ClientMovesAndIsNotHeardThenAnswersWaitAndGoBack) {
  EdgeWorld world(4);
  const size_t phone = world.AddClient();
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  world.MoveClient(phone);
  world.Send(phone, Get({"0"}));
  world.Run(milliseconds(15));  // The edge has it; its answer is on the way.
  world.link().weather.loss = 1;
  world.Run(seconds(40));
  EXPECT_EQ(world.edge().dtls().counters().paths_given_up, 1U);
  world.link().weather.loss = 0;
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"1"}))), nullptr);
  EXPECT_EQ(world.edge().dtls().counters().peer_moves, 2U);
}

// Nobody sends it again: it is not kept for that either.
TEST(Pipeline, PingToANewAddressMakesRoomThenItIsForgotten) {
  PipelineConfig config;
  config.message.confirmables_max = 1;
  EdgeWorld world(4, config);
  const size_t phone = world.AddClient();
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  world.translator_delay = seconds(3);
  const size_t other = world.AddClient({}, "198.51.100.1");
  const auto request = world.Send(other, Get({"0"}));
  world.Run(seconds(2));
  world.MoveClient(phone);
  world.Silence(phone, 1);
  world.Ping(phone);
  ASSERT_NE(world.Await(other, request), nullptr);
  EXPECT_EQ(world.edge().messages().counters().made_room_unproven, 1U);
  world.Run(seconds(285));
  EXPECT_EQ(world.edge().dtls().session_count(), 2U);
  EXPECT_EQ(world.edge().messages().session_count(), 0U);
}

TEST(Pipeline, TranslatorKilledThenSessionsStayAndEachRequestGetsOneAnswer) {
  EdgeWorld world(5);
  world.translator_delay = milliseconds(200);
  const size_t phone = world.AddClient();
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  const auto get = world.Send(phone, Get({"0"}));
  const auto post = world.Send(phone, Post({"G"}, {0xa0}));
  world.Run(milliseconds(50));
  world.KillTranslator();
  world.Run(milliseconds(500));
  world.ReviveTranslator();
  const auto* got = world.Await(phone, get);
  const auto* posted = world.Await(phone, post);
  ASSERT_NE(got, nullptr);
  ASSERT_NE(posted, nullptr);
  EXPECT_EQ(got->code, coap::kContent) << "safe to repeat";
  EXPECT_EQ(posted->code, coap::kGatewayTimeout) << "never repeated";
  EXPECT_EQ(world.edge().dtls().session_count(), 1U);
  EXPECT_TRUE(world.disconnects.empty());
  const auto again = world.Send(phone, Get({"0"}));
  ASSERT_NE(world.Await(phone, again), nullptr);
}

// N1 of the reliability rules: each request gets exactly one answer, whatever the network does,
// and reaches the translator exactly once.
TEST(Pipeline, BadNetworkThenEachRequestOnceAndOneAnswer) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    EdgeWorld world(seed);
    world.link().weather = {.loss = 0.2,
                            .duplication = 0.2,
                            .delay_min = milliseconds(5),
                            .delay_max = milliseconds(800)};
    world.translate = [](const v1::Request& request) { return Content(request.body()); };
    const size_t phone = world.AddClient(Patient());
    for (int i = 0; i < 10; ++i) {
      const std::string body = "message " + std::to_string(i);
      const auto request = world.Send(phone, Post({"9"}, Bytes(body.begin(), body.end())));
      const auto* response = world.Await(phone, request);
      ASSERT_NE(response, nullptr) << i;
      EXPECT_EQ(Text(response->body), body);
    }
    world.Run(minutes(5));
    ASSERT_EQ(world.requests.size(), 10U);
    for (const auto& [key, outcome] : world.outcomes) {
      EXPECT_EQ(outcome.responses.size() + outcome.failures, 1U);
    }
    EXPECT_TRUE(world.edge().idle());
  }
}

TEST(Pipeline, DrainThenQuietSessionsAndPollsEndAndBusyOnesAreServedToTheEnd) {
  EdgeWorld world(7);
  world.translator_delay = seconds(8);
  const size_t quiet = world.AddClient();
  const size_t polling = world.AddClient();
  const size_t busy = world.AddClient();
  ASSERT_NE(world.Await(quiet, world.Send(quiet, Get({"0"}))), nullptr);
  world.Send(polling, Get({"sync"}));
  world.Run(seconds(6));
  const auto slow = world.Send(busy, Post({"join"}, Bytes{0xa0}));
  world.Run(seconds(1));
  world.edge().StartDrain(world.now(), seconds(30));
  world.Run(seconds(1));
  EXPECT_EQ(world.disconnects.size(), 2U);
  EXPECT_EQ(world.edge().dtls().session_count(), 1U);
  const auto later = world.Send(busy, Get({"1"}));
  const auto* first = world.Await(busy, slow);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->code, coap::kContent);
  const auto* second = world.Await(busy, later);
  ASSERT_NE(second, nullptr) << "a draining edge serves the sessions that it has";
  EXPECT_EQ(second->code, coap::kContent);
  EXPECT_FALSE(world.edge().idle());
  world.Run(seconds(15));
  EXPECT_TRUE(world.edge().idle());
  EXPECT_EQ(world.disconnects.size(), 3U);
}

TEST(Pipeline, DrainOfOneThatTalksAllTheTimeThenEndedBetweenTwoRequests) {
  EdgeWorld world(8);
  const size_t phone = world.AddClient();
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  const TimePoint begin = world.now();
  world.edge().StartDrain(begin, seconds(10));
  while (world.disconnects.empty() && world.now() < begin + seconds(10)) {
    ASSERT_NE(world.Await(phone, world.Send(phone, Get({"1"}))), nullptr);
    world.Run(seconds(1), [&] { return !world.disconnects.empty(); });
  }
  EXPECT_GE(world.now() - begin, seconds(5));
  EXPECT_LT(world.now() - begin, seconds(8));
}

TEST(Pipeline, CloseAllThenClientsHearIt) {
  EdgeWorld world(6);
  const size_t phone = world.AddClient();
  ASSERT_NE(world.Await(phone, world.Send(phone, Get({"0"}))), nullptr);
  world.edge().CloseAll(world.now());
  world.Run(seconds(1));
  EXPECT_EQ(world.disconnects.size(), 1U);
  EXPECT_EQ(world.edge().dtls().session_count(), 0U);
}

}  // namespace
}  // namespace lowband::edge
