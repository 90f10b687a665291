// Paths that take only small datagrams and say nothing of it: our client beside the edge, over a
// link that drops all messages above 560 bytes (600 with DTLS).
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/lockstep/own_client.h"
#include "tests/support/message_text.h"

namespace lowband::edge::testing {
namespace {

using std::chrono::seconds;

constexpr size_t kMessageBytesMax = 560;

class SmallPath : public ::testing::Test {
 protected:
  static OwnClient::Link Link() {
    return {.loses = [](bool, ByteView datagram) { return datagram.size() > kMessageBytesMax; }};
  }
  request::Answer Answer(const v1::Request& asked) const {
    request::Answer answer;
    answer.code = coap::kContent;
    answer.content_format = coap::kFormatCbor;
    answer.body = asked.path(0).starts_with("large") ? Pattern(5000, 3) : Bytes{0xa0};
    return answer;
  }
  /// The answer to it, and what it took.
  struct Outcome {
    bool answered = false;
    double seconds = 0;
    uint64_t repeats = 0;
  };
  Outcome Exchange(client::Request request) {
    const TimePoint start = client_.now();
    const uint64_t repeats = client_.session().traffic().retransmissions;
    const bool large = AsText(request.options[0].value).starts_with("large");
    const auto response = client_.Exchange(std::move(request));
    if (response) {
      EXPECT_EQ(response->body, large ? Pattern(5000, 3) : Bytes{0xa0});
    }
    const Outcome outcome{response.has_value(),
                          std::chrono::duration<double>(client_.now() - start).count(),
                          client_.session().traffic().retransmissions - repeats};
    std::printf("%s after %.1f s and %llu repeats\n", outcome.answered ? "answered" : "given up",
                outcome.seconds, static_cast<unsigned long long>(outcome.repeats));
    return outcome;
  }
  void ExpectFoundOut(client::Request request) {
    const Outcome outcome = Exchange(std::move(request));
    EXPECT_TRUE(outcome.answered);
    EXPECT_LE(outcome.repeats, 3u);
    EXPECT_LE(outcome.seconds, 25);
  }
  void ExpectKnown(client::Request request) {
    const Outcome outcome = Exchange(std::move(request));
    EXPECT_TRUE(outcome.answered);
    EXPECT_EQ(outcome.repeats, 0u);
  }

  OwnClient client_{{}, Link(), [this](const v1::Request& asked) { return Answer(asked); }};
};

TEST_F(SmallPath, DownloadThenSmallerBlocksAreAskedForAndTheNextOneKnows) {
  ExpectFoundOut(ClientRequest(coap::kGet, "large"));
  ExpectKnown(ClientRequest(coap::kGet, "large"));
  ExpectKnown(ClientRequest(coap::kPost, "large"));
  ExpectKnown(ClientRequest(coap::kPut, "up", Pattern(5000)));
}

TEST_F(SmallPath, UploadThenItGoesOnInSmallerBlocksAndTheNextOneKnows) {
  ExpectFoundOut(ClientRequest(coap::kPut, "up", Pattern(5000)));
  ExpectKnown(ClientRequest(coap::kPut, "up", Pattern(5000)));
  ExpectKnown(ClientRequest(coap::kGet, "large"));
  ASSERT_EQ(client_.executed().size(), 3u);
  const Bytes body = Pattern(5000);
  EXPECT_EQ(client_.executed()[0].body(), AsText(body));
  EXPECT_EQ(client_.executed()[1].body(), AsText(body));
}

TEST_F(SmallPath, PostUploadThenExecutedOnce) {
  ExpectFoundOut(ClientRequest(coap::kPost, "up", Pattern(5000)));
  EXPECT_EQ(client_.executed().size(), 1u);
}

TEST_F(SmallPath, BodyOfOneMessageThenCutInTwo) {
  ExpectFoundOut(ClientRequest(coap::kPut, "up", Pattern(800)));
  ExpectKnown(ClientRequest(coap::kPut, "up", Pattern(800)));
  ExpectKnown(ClientRequest(coap::kPost, "up", Pattern(800)));
  EXPECT_EQ(client_.executed().size(), 3u);
}

// It may have been carried out, and only its answer be lost: only its caller may ask anew.
TEST_F(SmallPath, PostInOneMessageThenExecutedOnceAtMostAndTheNextOneWorks) {
  EXPECT_FALSE(Exchange(ClientRequest(coap::kPost, "large")).answered);
  EXPECT_EQ(client_.executed().size(), 1u);
  ExpectKnown(ClientRequest(coap::kPost, "large"));
  EXPECT_EQ(client_.executed().size(), 2u);
}

TEST_F(SmallPath, PostOfALargeBodyInOneMessageThenTheNextOneWorks) {
  EXPECT_FALSE(Exchange(ClientRequest(coap::kPost, "up", Pattern(800))).answered);
  EXPECT_EQ(client_.executed().size(), 0u);
  ExpectKnown(ClientRequest(coap::kPost, "up", Pattern(800)));
  EXPECT_EQ(client_.executed().size(), 1u);
}

// The acknowledgement comes, the answer on its own does not.
TEST_F(SmallPath, SeparateAnswerThenAskedAnewOnceItIsOverdue) {
  client_.SetThinkingTime(seconds(3));
  const Outcome outcome = Exchange(ClientRequest(coap::kGet, "large"));
  EXPECT_TRUE(outcome.answered);
  EXPECT_LE(outcome.seconds, 115);
  ExpectKnown(ClientRequest(coap::kGet, "large"));
}

TEST_F(SmallPath, SmallerStillThenHalvedAgain) {
  client_.SetLink(
      {.loses = [](bool, ByteView datagram) { return datagram.size() > kMessageBytesMax / 2; }});
  const Outcome outcome = Exchange(ClientRequest(coap::kPut, "up", Pattern(5000)));
  EXPECT_TRUE(outcome.answered);
  EXPECT_LE(outcome.repeats, 4u);
  ExpectKnown(ClientRequest(coap::kPut, "up", Pattern(5000)));
  ExpectKnown(ClientRequest(coap::kGet, "large"));
}

// Where large messages have gone through, silence is loss.
TEST_F(SmallPath, LossOnAPathThatTakesLargeOnesThenBlocksStayLarge) {
  client_.SetLink({});
  ExpectKnown(ClientRequest(coap::kGet, "large"));
  ExpectKnown(ClientRequest(coap::kPut, "up", Pattern(5000)));
  for (const char* path : {"large", "up"}) {
    int lost = 0;
    client_.SetLink({.loses = [&lost](bool, ByteView) { return ++lost <= 4; }});
    const bool up = path == std::string_view("up");
    EXPECT_TRUE(Exchange(ClientRequest(up ? coap::kPut : coap::kGet, path, Pattern(up ? 5000 : 0)))
                    .answered);
    client_.SetLink({});
    const size_t before = client_.sent();
    ExpectKnown(ClientRequest(coap::kPut, "up", Pattern(5000)));
    EXPECT_EQ(client_.sent() - before, 5u);
  }
}

}  // namespace
}  // namespace lowband::edge::testing
