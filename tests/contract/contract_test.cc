// The stubs of the translator against the real one. Every answer of a lockstep script, and of an
// EdgeWorld, is checked as it is given (SaysMoreThanReal); here is the check of that check, and the
// same conversations with the real mapping in the stub's place.
#include <gtest/gtest.h>

#include "libs/client/options.h"
#include "libs/coap/code.h"
#include "services/edge/request/counters.h"
#include "services/edge/request/limits.h"
#include "tests/support/edge_world.h"
#include "tests/support/real_translator.h"

namespace lowband::edge {
namespace {

using lowband::testing::HomeserverThatAccepts;
using lowband::testing::RealTranslator;
using lowband::testing::SaysMoreThanReal;
using lowband::testing::WindowedUnlikeReal;
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

TEST(Contract, StubsOfAnswersByAWindowAreFoundToo) {
  v1::Request request = Ask("tok");
  request.set_answer_window(8192);
  v1::Answer head = Say(coap::kContent);
  head.mutable_windowed()->set_bytes(20'000);
  head.set_body(std::string(8192, 'x'));
  head.set_more(true);
  EXPECT_EQ(WindowedUnlikeReal(request, head), "");
  head.set_body(std::string(8191, 'x'));
  EXPECT_NE(WindowedUnlikeReal(request, head), "") << "less than there is room for";
  head.mutable_windowed()->set_bytes(8192);
  EXPECT_NE(WindowedUnlikeReal(request, head), "") << "as small as the window";
  request.clear_answer_window();
  EXPECT_NE(WindowedUnlikeReal(request, head), "") << "nobody asked for it";
}

const std::vector<std::string> kJoinedRooms = {"_matrix", "client", "r0", "joined_rooms"};

client::Request WithToken(client::Request request, std::string_view token) {
  request.options.push_back(client::TextOption(coap::OptionNumber::kMatrixAccessToken, token));
  return request;
}

// Whoever makes a token up must not pass for a client that the homeserver knows: where that needs
// none it answers whatever the token is.
TEST(Contract, MadeUpTokenThenOnlyARouteThatNeedsOneMakesItsClientKnown) {
  EdgeWorld world(15);
  world.translate = RealTranslator([](const translator::mapping::HttpRequest& request) {
    const bool open =
        request.target.starts_with("/_matrix/client/versions") ||
        request.target.ends_with("/login") || request.target.starts_with("/.well-known/") ||
        request.target.ends_with("/publicRooms") || request.target.ends_with("/displayname");
    return open ? lowband::testing::JsonResponse(200, "{}") : HomeserverThatAccepts("tok")(request);
  });
  const auto proven = [&] { return world.edge().requests().counters().sessions_proven; };
  const size_t stranger = world.AddClient();
  const auto ask = [&](client::Request request, std::string_view token) {
    const size_t client = token == "tok" ? world.AddClient() : stranger;
    const auto* response = world.Await(client, world.Send(client, WithToken(request, token)));
    return response == nullptr ? coap::Code{} : response->code;
  };
  for (const std::vector<std::string>& path :
       std::vector<std::vector<std::string>>{{"0"},
                                             {"_matrix", "client", "versions"},
                                             {"1"},
                                             {"S"},
                                             {"U", "@a:x"},
                                             {".well-known", "matrix", "client"}}) {
    EXPECT_EQ(ask(Get(path), "made-up"), coap::kContent) << path[0];
    EXPECT_EQ(proven(), 0U) << path[0];
  }
  EXPECT_EQ(ask(Post({"1"}, Bytes(1, 0xa0)), "made-up"), coap::kContent);
  EXPECT_EQ(ask(Get(kJoinedRooms), "made-up"), coap::kUnauthorized);
  EXPECT_EQ(proven(), 0U);
  EXPECT_EQ(ask(Get({"0"}), "tok"), coap::kContent);
  EXPECT_EQ(proven(), 0U) << "it says nothing of a good one either";
  EXPECT_EQ(ask(Get(kJoinedRooms), "tok"), coap::kContent);
  EXPECT_EQ(proven(), 1U);
}

// The real mapping, the translator's own queue and the edge's stages, all the way to our client.
TEST(Contract, LargeAnswerThenItArrivesWholeByAWindowAndNothingIsHeldAfterIt) {
  const std::string padding(1'000'000, 'p');
  EdgeWorld world(13);
  world.translate = RealTranslator([&](const translator::mapping::HttpRequest&) {
    return lowband::testing::JsonResponse(200, R"({"padding":")" + padding + "\"}");
  });
  const size_t phone = world.AddClient();
  const auto id = world.Send(phone, Get({"_matrix", "client", "r0", "capabilities"}));
  world.Run(std::chrono::minutes(1), [&] { return world.held() > 0; });
  EXPECT_EQ(world.held(), 1U);
  EXPECT_EQ(world.edge().requests().usage().download_bytes, request::kAnswerWindowDefault);
  const auto* response = world.Await(phone, id);
  ASSERT_NE(response, nullptr);
  EXPECT_GT(response->body.size(), padding.size());
  EXPECT_EQ(world.held(), 0U);
}

TEST(Contract, TranslatorDiesInTheMiddleOfALargeAnswerThenAnotherGivesTheRest) {
  EdgeWorld world(14);
  world.link().weather.delay_min = world.link().weather.delay_max = std::chrono::milliseconds(20);
  world.translate = RealTranslator([&](const translator::mapping::HttpRequest&) {
    return lowband::testing::JsonResponse(200,
                                          R"({"padding":")" + std::string(300'000, 'p') + "\"}");
  });
  const size_t phone = world.AddClient();
  const auto id = world.Send(phone, Get({"_matrix", "client", "r0", "capabilities"}));
  for (int i = 0; i < 3; ++i) {
    world.Run(seconds(2));
    world.KillTranslator();
    world.ReviveTranslator();
  }
  const auto* response = world.Await(phone, id);
  ASSERT_NE(response, nullptr);
  EXPECT_EQ(response->code, coap::kContent);
  EXPECT_GT(response->body.size(), 300'000U);
  EXPECT_EQ(world.edge().requests().counters().windows_asked_again, 3U);
  EXPECT_EQ(world.held(), 0U);
}

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
