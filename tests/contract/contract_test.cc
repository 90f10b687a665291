// The stubs of the translator against the real one. Every answer of a lockstep script, and of an
// EdgeWorld, is checked as it is given (SaysMoreThanReal); here is the check of that check, and the
// same conversations with the real mapping in the stub's place.
#include <gtest/gtest.h>

#include "libs/client/options.h"
#include "libs/coap/code.h"
#include "services/edge/request/counters.h"
#include "tests/contract/real_translator.h"
#include "tests/unit/edge/edge_world.h"

namespace lowband::edge {
namespace {

using lowband::testing::HomeserverThatAccepts;
using lowband::testing::RealTranslator;
using lowband::testing::SaysMoreThanReal;
using std::chrono::seconds;

v1::Request Ask(std::string token, bool observe = false) {
  v1::Request request;
  request.set_method(v1::GET);
  request.add_path("a");
  request.set_token(std::move(token));
  request.set_key_table(1);
  if (observe) (void)request.mutable_observe();
  return request;
}

v1::Answer Say(coap::Code code) {
  v1::Answer answer;
  answer.set_code(code.value);
  return answer;
}

TEST(Contract, StubThatSaysMoreThanTheRealPartIsFound) {
  v1::Answer refused = Say(coap::kUnauthorized);
  refused.set_token_refused(true);
  EXPECT_EQ(SaysMoreThanReal(Ask("tok"), refused), "");
  EXPECT_NE(SaysMoreThanReal(Ask(""), refused), "") << "there was no token to refuse";
  v1::Answer missing = Say(coap::kUnauthorized);
  missing.set_token_missing(true);
  EXPECT_EQ(SaysMoreThanReal(Ask(""), missing), "");
  EXPECT_NE(SaysMoreThanReal(Ask("tok"), missing), "") << "there was one";
  v1::Answer both = refused;
  both.set_token_missing(true);
  EXPECT_NE(SaysMoreThanReal(Ask("tok"), both), "");
  missing.set_code(coap::kForbidden.value);
  EXPECT_NE(SaysMoreThanReal(Ask(""), missing), "") << "never with another code";
}

TEST(Contract, StubsOfPollsAreFoundToo) {
  v1::Answer ended = Say(coap::kForbidden);
  ended.mutable_poll()->set_outcome(v1::Poll::ENDED);
  EXPECT_NE(SaysMoreThanReal(Ask("tok", true), ended, true), "")
      << "only its token ends an observation";
  EXPECT_NE(SaysMoreThanReal(Ask("tok", true), Say(coap::kContent), true), "")
      << "no word of the poll";
  v1::Answer changed = Say(coap::kContent);
  changed.mutable_poll()->set_outcome(v1::Poll::CHANGED);
  EXPECT_NE(SaysMoreThanReal(Ask("tok", true), changed, true), "") << "never without a cursor";
  changed.mutable_poll()->set_cursor("c");
  EXPECT_EQ(SaysMoreThanReal(Ask("tok", true), changed, true), "");
  EXPECT_NE(SaysMoreThanReal(Ask("tok"), changed), "") << "nobody observes";
}

client::Request WithToken(client::Request request, std::string_view token) {
  request.options.push_back(client::TextOption(coap::OptionNumber::kMatrixAccessToken, token));
  return request;
}

const std::vector<std::string> kJoinedRooms = {"_matrix", "client", "r0", "joined_rooms"};

// Only the datagram with the token is lost: nobody is logged out.
TEST(Contract, LostFirstDatagramThenRequestsBehindItWait) {
  EdgeWorld world(11);
  world.translate = RealTranslator(HomeserverThatAccepts("tok"));
  client::Config config;
  config.ack_timeout = seconds(6);  // about what deployed clients wait
  const size_t phone = world.AddClient(config);
  world.Run(seconds(2));
  world.link().weather.loss = 1;
  const auto first = world.Send(phone, WithToken(Get(kJoinedRooms), "tok"));
  world.Run(std::chrono::milliseconds(100));
  world.link().weather.loss = 0;
  const auto get = world.Send(phone, Get(kJoinedRooms));
  const auto post =
      world.Send(phone, Post({"_matrix", "client", "r0", "createRoom"}, Bytes(1, 0xa0)));
  for (const auto request : {get, post, first}) {
    const auto* response = world.Await(phone, request);
    ASSERT_NE(response, nullptr);
    EXPECT_EQ(response->code, coap::kContent);
  }
  EXPECT_EQ(world.edge().requests().counters().exchanges_retried, 2U);
}

TEST(Contract, RefusedTokenThenEachRequestHearsTheHomeserversWordOnIt) {
  EdgeWorld world(12);
  world.translate = RealTranslator(HomeserverThatAccepts("new"));
  const size_t phone = world.AddClient();
  const auto first = world.Send(phone, WithToken(Get(kJoinedRooms), "old"));
  const auto* refused = world.Await(phone, first);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->code, coap::kUnauthorized);
  const Bytes word = refused->body;
  for (int i = 0; i < 2; ++i) {
    const auto* again = world.Await(phone, world.Send(phone, Get(kJoinedRooms)));
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->code, coap::kUnauthorized);
    EXPECT_EQ(again->body, word) << "M_UNKNOWN_TOKEN with soft_logout, not M_MISSING_TOKEN";
  }
  const auto fresh = world.Send(phone, WithToken(Get(kJoinedRooms), "new"));
  EXPECT_EQ(world.Await(phone, fresh)->code, coap::kContent);
  EXPECT_EQ(world.Await(phone, world.Send(phone, Get(kJoinedRooms)))->code, coap::kContent);
}

}  // namespace
}  // namespace lowband::edge
