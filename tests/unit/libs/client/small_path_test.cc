// What becomes of a message that a path may have swallowed because of its size, datagram by
// datagram.
#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

using std::chrono::seconds;

class SmallPathTest : public Lockstep {
 protected:
  /// Two repeats of `first`, which are that very message; then what takes the place of the third.
  Sent AfterTwoRepeats(const Sent& first) {
    for (int repeat = 0; repeat < 2; ++repeat) {
      PassToNext();
      EXPECT_EQ(Next().raw, first.raw);
    }
    PassToNext();
    return Next();
  }
  void PassToNext() { Pass(*session->NextDeadline() - now); }
};

TEST_F(SmallPathTest, GetThenAskedAnewForSmallerBlocksUnderAnotherIdAndToken) {
  Start();
  const RequestId id = session->Send(now, Get("x"));
  const Sent first = Next();
  const Sent anew = AfterTwoRepeats(first);
  EXPECT_NE(anew.view.message_id, first.view.message_id);
  EXPECT_FALSE(anew.view.token == first.view.token);
  EXPECT_EQ(anew.block(OptionNumber::kBlock2), (Block{0, false, 5}));
  // The answer to the first is another body: it must not be mixed with this one's.
  Deliver(Message(Type::kConfirmable, coap::kContent, 9, first.view.token, {Block2(0, true, 6)},
                  Pattern(1024)));
  EXPECT_EQ(Next().view.type, Type::kReset);
  Piggyback(anew, coap::kContent, {Block2(0, true, 5)}, Pattern(700).substr(0, 512));
  Piggyback(Next(), coap::kContent, {Block2(1, false, 5)}, Pattern(700).substr(512));
  ExpectResponse(id, coap::kContent, Pattern(700));
  session->Send(now, Get("y"));
  EXPECT_EQ(Next().block(OptionNumber::kBlock2), (Block{0, false, 5}));
}

TEST_F(SmallPathTest, SmallAnswerThenNothingIsLearned) {
  Start();
  const RequestId id = session->Send(now, Get("x"));
  Piggyback(AfterTwoRepeats(Next()), coap::kContent, {}, "small");
  ExpectResponse(id, coap::kContent, "small");
  session->Send(now, Get("y"));
  EXPECT_FALSE(Next().view.Has(OptionNumber::kBlock2));
}

TEST_F(SmallPathTest, BlockOfAnUploadThenTheSamePlaceInSmallerBlocks) {
  Start();
  const RequestId id = session->Send(now, Put("x", Pattern(1500)));
  const Sent first = Next();
  const Sent smaller = AfterTwoRepeats(first);
  EXPECT_NE(smaller.view.message_id, first.view.message_id);
  EXPECT_TRUE(smaller.view.token == first.view.token);
  EXPECT_EQ(smaller.block(OptionNumber::kBlock1), (Block{0, true, 5}));
  EXPECT_EQ(smaller.payload(), Pattern(1500).substr(0, 512));
  Piggyback(smaller, coap::kContinue, {Block1(0, true, 5)});
  const Sent second = Next();
  EXPECT_EQ(second.block(OptionNumber::kBlock1), (Block{1, true, 5}));
  Piggyback(second, coap::kContinue, {Block1(1, true, 5)});
  const Sent third = Next();
  EXPECT_EQ(third.block(OptionNumber::kBlock1), (Block{2, false, 5}));
  Piggyback(third, coap::kChanged, {Block1(2, false, 5)});
  ExpectResponse(id, coap::kChanged, "");
}

TEST_F(SmallPathTest, LateAnswerToTheWholeThenItIsTheAnswerAndNothingElseGoesOut) {
  Start();
  const RequestId id = session->Send(now, Put("x", Pattern(800)));
  const Sent first = Next();
  EXPECT_EQ(AfterTwoRepeats(first).block(OptionNumber::kBlock1), (Block{0, true, 5}));
  Piggyback(first, coap::kChanged, {}, "done");
  ExpectResponse(id, coap::kChanged, "done");
  Pass(seconds(300));
  ExpectSilence();
}

TEST_F(SmallPathTest, PostInOneMessageThenRepeatedAsItIs) {
  Start();
  Request post = Put("x", Pattern(800));
  post.method = coap::kPost;
  const RequestId id = session->Send(now, post);
  const Sent first = Next();
  EXPECT_EQ(AfterTwoRepeats(first).raw, first.raw);
  PassToNext();
  EXPECT_EQ(Next().raw, first.raw);
  PassToNext();
  ExpectSilence();
  ExpectFailed(id, Failure::kTimeout);
}

// Carried out a second time it would fail: its version is not there any more.
TEST_F(SmallPathTest, PutOfOneVersionOnlyThenRepeatedAsItIs) {
  Start();
  Request put = Put("x", Pattern(800));
  put.options.push_back({OptionNumber::kIfMatch, Bytes{1, 2}});
  session->Send(now, put);
  const Sent first = Next();
  EXPECT_EQ(AfterTwoRepeats(first).raw, first.raw);
  // In blocks nothing happens before the last one.
  Request large = Put("y", Pattern(1500));
  large.options.push_back({OptionNumber::kIfMatch, Bytes{1, 2}});
  Start();
  session->Send(now, large);
  EXPECT_EQ(AfterTwoRepeats(Next()).block(OptionNumber::kBlock1), (Block{0, true, 5}));
}

TEST_F(SmallPathTest, AsLargeHasGoneThroughThenRepeatedAsItIs) {
  Start();
  session->Send(now, Put("x", Pattern(1024)));
  Piggyback(Next(), coap::kContent, {}, Pattern(1024));
  session->Send(now, Put("x", Pattern(1024)));
  const Sent put = Next();
  EXPECT_EQ(AfterTwoRepeats(put).raw, put.raw);
}

TEST_F(SmallPathTest, NothingGoesThroughThenGivenUpNoLaterThanAnyOther) {
  Start();
  const TimePoint start = now;
  const RequestId id = session->Send(now, Put("x", Pattern(5000)));
  while (session->NextDeadline()) PassToNext();
  ExpectFailed(id, Failure::kTimeout);
  EXPECT_LE(now - start, seconds(93));
  EXPECT_EQ(session->traffic().retransmissions, 4u);
}

}  // namespace
}  // namespace lowband::client
