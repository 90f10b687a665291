// Requests whose answer nobody wants (RFC 7967).
#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

using std::chrono::seconds;

class NoResponseTest : public Lockstep {
 protected:
  static Request Unanswered(Request request) {
    request.no_response = true;
    return request;
  }
};

TEST_F(NoResponseTest, AcknowledgedThenOver) {
  Start();
  const RequestId id = session->Send(now, Unanswered(Put("typing", "x")));
  const Sent sent = Next();
  EXPECT_EQ(sent.view.type, Type::kConfirmable);
  EXPECT_EQ(sent.view.FindUint(OptionNumber::kNoResponse), 26u);
  Empty(Type::kAcknowledgement, sent.view.message_id);
  ExpectResponse(id, Code(), "");
  Pass(seconds(400));
  ExpectSilence();
  ExpectNoEvent();
}

TEST_F(NoResponseTest, LostThenRepeatedAndGivenUpLikeAnyOther) {
  Start();
  const RequestId id = session->Send(now, Unanswered(Put("typing", "x")));
  const Sent first = Next();
  Pass(seconds(3));
  EXPECT_EQ(Next().raw, first.raw);
  Pass(seconds(93));
  ExpectFailed(id, Failure::kTimeout);
}

// The option is elective: a server may not know it.
TEST_F(NoResponseTest, AnsweredAllTheSameThenTakenOrRefused) {
  Start();
  const RequestId id = session->Send(now, Unanswered(Put("typing", "x")));
  Piggyback(Next(), coap::kContent, {}, "{}");
  ExpectResponse(id, coap::kContent, "{}");
  const RequestId other = session->Send(now, Unanswered(Put("typing", "x")));
  const Sent sent = Next();
  Empty(Type::kAcknowledgement, sent.view.message_id);
  ExpectResponse(other, Code(), "");
  Deliver(Message(Type::kConfirmable, coap::kContent, 9, sent.view.token, {}, "{}"));
  EXPECT_EQ(Next().view.type, Type::kReset);
  ExpectNoEvent();
}

TEST_F(NoResponseTest, NonConfirmableThenOverOnceSent) {
  Start();
  Request request = Unanswered(Put("typing", "x"));
  request.confirmable = false;
  const RequestId id = session->Send(now, request);
  EXPECT_EQ(Next().view.type, Type::kNonConfirmable);
  ExpectResponse(id, Code(), "");
  EXPECT_FALSE(session->NextDeadline());
}

TEST_F(NoResponseTest, UploadThenOverWithItsLastBlock) {
  Start();
  const RequestId id = session->Send(now, Unanswered(Put("typing", Pattern(1500))));
  const Sent first = Next();
  EXPECT_TRUE(first.view.Has(OptionNumber::kNoResponse));
  Empty(Type::kAcknowledgement, first.view.message_id);
  ExpectNoEvent();
  Deliver(Message(Type::kConfirmable, coap::kContinue, 9, first.view.token, {Block1(0, true, 6)}));
  EXPECT_EQ(Next().view.type, Type::kAcknowledgement);
  const Sent last = Next();
  EXPECT_TRUE(last.view.Has(OptionNumber::kNoResponse));
  Empty(Type::kAcknowledgement, last.view.message_id);
  ExpectResponse(id, Code(), "");
}

}  // namespace
}  // namespace lowband::client
