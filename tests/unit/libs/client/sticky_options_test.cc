// What a session says of its access token and key table, and when it stops saying it.
#include "libs/client/sticky_options.h"

#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

class StickyOptionsTest : public Lockstep {
 protected:
  static Request With(Request request, std::string_view token) {
    request.options.push_back(TextOption(OptionNumber::kMatrixAccessToken, token));
    return request;
  }
  /// The token that `sent` says, or "-".
  static std::string TokenOf(const Sent& sent) {
    const auto value = sent.view.Find(OptionNumber::kMatrixAccessToken);
    return value ? std::string(AsText(*value)) : "-";
  }
  void Answer(const Sent& request, Code code = coap::kContent) {
    Piggyback(request, code);
    EXPECT_TRUE(Expect<Response>());
  }
};

TEST_F(StickyOptionsTest, UploadThenTheFirstBlockSaysTheToken) {
  Start();
  session->Send(now, With(Put("x", Pattern(3000)), "secret"));
  const Sent first = Next();
  EXPECT_EQ(TokenOf(first), "secret");
  Piggyback(first, coap::kContinue, {Block1(0, true, 6)});
  const Sent second = Next();
  EXPECT_EQ(TokenOf(second), "-");
  Piggyback(second, coap::kContinue, {Block1(1, true, 6)});
  const Sent third = Next();
  EXPECT_EQ(TokenOf(third), "-");
  Piggyback(third, coap::kContent, {Block1(2, false, 6), Block2(0, true, 6)}, Pattern(1024));
  EXPECT_EQ(TokenOf(Next()), "-");
}

TEST_F(StickyOptionsTest, EmptyAcknowledgementThenKnownToo) {
  Start();
  session->Send(now, With(Get("x"), "secret"));
  Empty(Type::kAcknowledgement, Next().view.message_id);
  session->Send(now, With(Get("y"), "secret"));
  EXPECT_EQ(TokenOf(Next()), "-");
}

TEST_F(StickyOptionsTest, NotAcknowledgedThenEachRequestSaysIt) {
  Start();
  session->Send(now, With(Get("x"), "secret"));
  const Sent first = Next();
  session->Send(now, With(Get("y"), "secret"));
  EXPECT_EQ(TokenOf(Next()), "secret");
  Empty(Type::kReset, first.view.message_id);
  session->Send(now, With(Get("z"), "secret"));
  EXPECT_EQ(TokenOf(Next()), "secret");
}

// The first may be repeated after the second was acknowledged.
TEST_F(StickyOptionsTest, TwoTokensThenEachRequestSaysItsOwnFromThere) {
  Start();
  session->Send(now, With(Get("x"), "one"));
  Answer(Next());
  session->Send(now, With(Get("x"), "two"));
  const Sent other = Next();
  EXPECT_EQ(TokenOf(other), "two");
  Answer(other);
  for (const char* token : {"one", "two", "two"}) {
    session->Send(now, With(Get("x"), token));
    const Sent sent = Next();
    EXPECT_EQ(TokenOf(sent), token);
    Answer(sent);
  }
}

TEST_F(StickyOptionsTest, RefusedThenSaidAgain) {
  Start();
  session->Send(now, With(Get("x"), "secret"));
  Answer(Next(), coap::kUnauthorized);
  session->Send(now, With(Get("x"), "secret"));
  const Sent again = Next();
  EXPECT_EQ(TokenOf(again), "secret");
  Answer(again);
  session->Send(now, With(Get("x"), "secret"));
  EXPECT_EQ(TokenOf(Next()), "-");
}

TEST_F(StickyOptionsTest, RequestWithoutTokenAcknowledgedThenStillSaid) {
  Start();
  session->Send(now, With(Get("x"), "secret"));
  Next();
  session->Send(now, Get("x"));
  Answer(Next());
  session->Send(now, With(Get("x"), "secret"));
  EXPECT_EQ(TokenOf(Next()), "secret");
}

TEST_F(StickyOptionsTest, KeyTableThenLikewise) {
  Start();
  Request request = Get("x");
  request.options.push_back(UintOption(OptionNumber::kMatrixKeyTableVersion, 1));
  session->Send(now, request);
  const Sent first = Next();
  EXPECT_TRUE(first.view.Has(OptionNumber::kMatrixKeyTableVersion));
  Answer(first);
  session->Send(now, request);
  EXPECT_FALSE(Next().view.Has(OptionNumber::kMatrixKeyTableVersion));
}

TEST_F(StickyOptionsTest, LargeUploadThenOnlyItsFirstBlockSaysWhatTheClientCallsItself) {
  Config config = PlainConfig();
  config.user_agent = "tester/1";
  Start(config);
  session->Send(now, Put("x", Pattern(3000)));
  const Sent first = Next();
  EXPECT_TRUE(first.view.Has(OptionNumber::kUserAgent));
  Piggyback(first, coap::kContinue, {Block1(0, true, 6)});
  const Sent second = Next();
  EXPECT_FALSE(second.view.Has(OptionNumber::kUserAgent));
  Piggyback(second, coap::kContinue, {Block1(1, true, 6)});
  const Sent third = Next();
  EXPECT_FALSE(third.view.Has(OptionNumber::kUserAgent));
  Piggyback(third, coap::kContent, {Block1(2, false, 6), Block2(0, true, 6)}, Pattern(1024));
  EXPECT_FALSE(Next().view.Has(OptionNumber::kUserAgent));
}

TEST_F(StickyOptionsTest, FirstRequestIsLostForGoodThenTheNextSaysWhatTheClientCallsItself) {
  Config config = PlainConfig();
  config.user_agent = "tester/1";
  Start(config);
  const RequestId lost = session->Send(now, Get("x"));
  EXPECT_TRUE(Next().view.Has(OptionNumber::kUserAgent));
  session->Cancel(lost);
  session->Send(now, Get("x"));
  const Sent again = Next();
  EXPECT_TRUE(again.view.Has(OptionNumber::kUserAgent));
  Answer(again);
  session->Send(now, Get("x"));
  EXPECT_FALSE(Next().view.Has(OptionNumber::kUserAgent));
}

TEST_F(StickyOptionsTest, ServerThatKeepsNothingThenAlwaysSaid) {
  Config config = PlainConfig();
  config.sticky_options = false;
  Start(config);
  for (int i = 0; i < 2; ++i) {
    session->Send(now, With(Get("x"), "secret"));
    const Sent sent = Next();
    EXPECT_EQ(TokenOf(sent), "secret");
    Answer(sent);
  }
}

}  // namespace
}  // namespace lowband::client
