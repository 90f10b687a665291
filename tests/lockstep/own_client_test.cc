// Our client library and the edge, where each keeps to what the other counts on.
#include "tests/lockstep/own_client.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/lockstep/message_text.h"

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

}  // namespace
}  // namespace lowband::edge::testing
