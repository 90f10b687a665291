// Our client library and the edge, where each keeps to what the other counts on.
#include "tests/lockstep/own_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

#include "libs/client/options.h"
#include "tests/support/message_text.h"

namespace lowband::edge::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

request::Answer Content(Bytes body) {
  request::Answer answer;
  answer.code = coap::kContent;
  answer.content_format = coap::kFormatCbor;
  answer.body = std::move(body);
  return answer;
}

// RFC 7252 §4.8.2: the edge knows a message by its ID for 247 s. Repeated later, the same PUT would
// be another one.
TEST(OwnClient, EveryAnswerLostForMinutesThenExecutedOnce) {
  client::Config config;
  config.ack_timeout = milliseconds(100);
  config.max_retransmit = 12;
  OwnClient client(config, {.loses = [](bool to_edge, ByteView) { return !to_edge; }},
                   [](const v1::Request&) { return Content({0xa0}); });
  EXPECT_FALSE(client.Exchange(ClientRequest(coap::kPut, "send", {0xa0})));
  client.Settle();
  EXPECT_EQ(client.executed().size(), 1u);
}

TEST(OwnClient, TwentyNineAnswersLostThenTheThirtiethIsTaken) {
  client::Config config;
  config.ack_timeout = milliseconds(100);
  config.ack_wait_max = seconds(4);
  config.max_retransmit = 40;
  size_t answers = 0;
  OwnClient client(
      config, {.loses = [&answers](bool to_edge, ByteView) { return !to_edge && ++answers < 30; }},
      [](const v1::Request&) { return Content({0xa0}); });
  EXPECT_TRUE(client.Exchange(ClientRequest(coap::kPut, "send", {0xa0})));
  EXPECT_EQ(client.executed().size(), 1u);
}

constexpr std::string_view kToken = "syt_c29tZW9uZQ_abcdefghijklmnopqrst_0abcde";

client::Request WithToken(client::Request request) {
  request.options.push_back(client::TextOption(coap::OptionNumber::kMatrixAccessToken, kToken));
  return request;
}

struct Cost {
  size_t messages = 0;
  size_t bytes = 0;
};

/// What `request` costs a client that has sent one with its token before.
Cost CostOf(client::Request request, bool sticky_options, Duration thinking = {}) {
  client::Config config;
  config.sticky_options = sticky_options;
  OwnClient client(config, {}, [](const v1::Request&) { return Content({0xa0}); });
  EXPECT_TRUE(client.Exchange(WithToken(ClientRequest(coap::kGet, "whoami"))));
  client.SetThinkingTime(thinking);
  const Cost before{client.sent(), client.bytes()};
  EXPECT_TRUE(client.Exchange(std::move(request)));
  client.Settle();
  EXPECT_EQ(client.executed().size(), 2u);
  EXPECT_EQ(client.executed().back().token(), kToken);
  return {client.sent() - before.messages, client.bytes() - before.bytes};
}

// 42 bytes of token and 3 of option for each of 20 blocks.
TEST(OwnClient, UploadOf20KilobytesThenItsBlocksDoNotRepeatTheToken) {
  const client::Request upload = WithToken(ClientRequest(coap::kPut, "data", Pattern(20'000)));
  const Cost before = CostOf(upload, false);
  const Cost after = CostOf(upload, true);
  std::printf("20 KB up: %zu bytes with the token in each block, %zu without\n", before.bytes,
              after.bytes);
  EXPECT_EQ(after.messages, before.messages);
  EXPECT_EQ(after.bytes, before.bytes - 20 * (42 + 3));
}

TEST(OwnClient, TypingThenItCostsLessWithoutAnswerAndLeastWhereTheHomeserverIsSlow) {
  client::Request typing = WithToken(ClientRequest(coap::kPut, "typing", {0xa0}));
  client::Request unanswered = typing;
  unanswered.no_response = true;
  for (const Duration thinking : {Duration(), Duration(seconds(3))}) {
    const Cost before = CostOf(typing, true, thinking);
    const Cost after = CostOf(unanswered, true, thinking);
    std::printf("typing, %.0f s: %zu bytes in %zu messages of ours, %zu in %zu without answer\n",
                std::chrono::duration<double>(thinking).count(), before.bytes, before.messages,
                after.bytes, after.messages);
    EXPECT_LT(after.bytes, before.bytes);
    EXPECT_EQ(after.messages, 1u);
  }
}

}  // namespace
}  // namespace lowband::edge::testing
