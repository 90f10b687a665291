// The message layer of the client as a server sees it, datagram by datagram.
#include "libs/client/session.h"

#include <set>

#include "libs/client/limits.h"
#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SessionTest : public Lockstep {};

// RFC 7252 figure 16: a successful request, answer on the acknowledgement.
TEST_F(SessionTest, PiggybackedAnswerThenResponse) {
  Start();
  const RequestId id = session->Send(now, Get("temperature"));
  const Sent request = Next();
  EXPECT_EQ(request.view.type, Type::kConfirmable);
  EXPECT_EQ(request.view.code, coap::kGet);
  EXPECT_EQ(request.view.token.size(), 1u);
  EXPECT_EQ(AsText(*request.view.Find(OptionNumber::kUriPath)), "temperature");
  Piggyback(request, coap::kContent, {}, "22.3 C");
  ExpectResponse(id, coap::kContent, "22.3 C");
  ExpectSilence();
  Pass(seconds(400));
  ExpectSilence();
  ExpectNoEvent();
}

// RFC 7252 figure 18: the request is lost.
TEST_F(SessionTest, LostRequestThenRetransmittedAsIs) {
  Start();
  const RequestId id = session->Send(now, Get("temperature"));
  const Sent first = Next();
  Pass(seconds(1));
  ExpectSilence();
  Pass(seconds(2));  // 2 s to 3 s after sending
  const Sent second = Next();
  EXPECT_EQ(first.raw, second.raw);
  EXPECT_EQ(session->traffic().retransmissions, 1u);
  Piggyback(second, coap::kContent, {}, "22.3 C");
  ExpectResponse(id, coap::kContent, "22.3 C");
  Pass(seconds(200));
  ExpectSilence();
}

TEST_F(SessionTest, NoAnswerThenFourRetransmissionsAndTimeout) {
  Start();
  const TimePoint start = now;
  const RequestId id = session->Send(now, Get("temperature"));
  Next();
  unsigned sent = 0;
  while (sent < 10) {
    const auto next = session->NextDeadline();
    if (!next) break;
    Pass(*next - now);
    if (session->PollTransmit()) ++sent;
  }
  EXPECT_EQ(sent, 4u);
  // RFC 7252 §4.8.2: MAX_TRANSMIT_WAIT is 93 s; the shortest, without the random part, 62 s.
  EXPECT_GE(now - start, seconds(62));
  EXPECT_LE(now - start, seconds(93));
  ExpectFailed(id, Failure::kTimeout);
}

// RFC 7252 figure 20: a separate answer.
TEST_F(SessionTest, SeparateAnswerThenAcknowledgedOnce) {
  Start();
  const RequestId id = session->Send(now, Get("temperature"));
  const Sent request = Next();
  Empty(Type::kAcknowledgement, request.view.message_id);
  Pass(seconds(60));
  ExpectSilence();
  Deliver(Message(Type::kConfirmable, coap::kContent, 0x7a11, request.view.token, {}, "22.3 C"));
  const Sent ack = Next();
  EXPECT_EQ(ack.view.type, Type::kAcknowledgement);
  EXPECT_TRUE(ack.view.code.is_empty());
  EXPECT_EQ(ack.view.message_id, 0x7a11);
  ExpectResponse(id, coap::kContent, "22.3 C");
}

TEST_F(SessionTest, DuplicateOfSeparateAnswerThenAcknowledgedAgainWithoutSecondResponse) {
  Start();
  const RequestId id = session->Send(now, Get("temperature"));
  const Sent request = Next();
  Empty(Type::kAcknowledgement, request.view.message_id);
  const Bytes answer =
      Message(Type::kConfirmable, coap::kContent, 0x7a11, request.view.token, {}, "22.3 C");
  Deliver(answer);
  const Sent first = Next();
  ExpectResponse(id, coap::kContent, "22.3 C");
  Pass(seconds(20));
  Deliver(answer);
  const Sent second = Next();
  EXPECT_EQ(first.raw, second.raw);
  ExpectNoEvent();
  // The ID is free again after EXCHANGE_LIFETIME, and then the token is unknown.
  Pass(seconds(247));
  Deliver(answer);
  EXPECT_EQ(Next().view.type, Type::kReset);
}

// RFC 7252 §5.3.2: the answer comes although its acknowledgement was lost.
TEST_F(SessionTest, SeparateAnswerWithoutAcknowledgementThenNoMoreRetransmissions) {
  Start();
  const RequestId id = session->Send(now, Get("temperature"));
  const Sent request = Next();
  Deliver(Message(Type::kConfirmable, coap::kContent, 9, request.view.token, {}, "22.3 C"));
  EXPECT_EQ(Next().view.type, Type::kAcknowledgement);
  ExpectResponse(id, coap::kContent, "22.3 C");
  Pass(seconds(100));
  ExpectSilence();
}

// RFC 7252 figure 22: a non-confirmable request with a non-confirmable answer.
TEST_F(SessionTest, NonConfirmableThenSentOnceAndAnsweredWithoutAcknowledgement) {
  Start();
  Request request = Get("temperature");
  request.confirmable = false;
  const RequestId id = session->Send(now, request);
  const Sent sent = Next();
  EXPECT_EQ(sent.view.type, Type::kNonConfirmable);
  Pass(seconds(100));
  ExpectSilence();
  Deliver(Message(Type::kNonConfirmable, coap::kContent, 5, sent.view.token, {}, "22.3 C"));
  ExpectSilence();
  ExpectResponse(id, coap::kContent, "22.3 C");
}

TEST_F(SessionTest, NonConfirmableWithoutAnswerThenTimeout) {
  Config config = PlainConfig();
  config.answer_timeout = seconds(10);
  Start(config);
  Request request = Get("temperature");
  request.confirmable = false;
  const RequestId id = session->Send(now, request);
  Next();
  Pass(seconds(9));
  ExpectNoEvent();
  Pass(seconds(1));
  ExpectFailed(id, Failure::kTimeout);
}

TEST_F(SessionTest, AcknowledgedButNeverAnsweredThenTimeout) {
  Config config = PlainConfig();
  config.answer_timeout = seconds(10);
  Start(config);
  const RequestId id = session->Send(now, Get("temperature"));
  Empty(Type::kAcknowledgement, Next().view.message_id);
  Pass(seconds(10));
  ExpectFailed(id, Failure::kTimeout);
}

// RFC 7252 figure 17 family: the server lost the context of the request.
TEST_F(SessionTest, ResetThenFailed) {
  Start();
  const RequestId id = session->Send(now, Get("temperature"));
  Empty(Type::kReset, Next().view.message_id);
  ExpectFailed(id, Failure::kReset);
  Pass(seconds(100));
  ExpectSilence();
}

TEST_F(SessionTest, ResetOfNonConfirmableThenFailed) {
  Start();
  Request request = Get("temperature");
  request.confirmable = false;
  const RequestId id = session->Send(now, request);
  Empty(Type::kReset, Next().view.message_id);
  ExpectFailed(id, Failure::kReset);
}

TEST_F(SessionTest, AnswerWithUnknownTokenThenReset) {
  Start();
  const std::array<uint8_t, 3> strange = {1, 2, 3};
  Deliver(Message(Type::kConfirmable, coap::kContent, 77, coap::Token(strange), {}, "x"));
  const Sent reset = Next();
  EXPECT_EQ(reset.view.type, Type::kReset);
  EXPECT_EQ(reset.view.message_id, 77);
  Deliver(Message(Type::kNonConfirmable, coap::kContent, 78, coap::Token(strange), {}, "x"));
  ExpectSilence();
  ExpectNoEvent();
}

TEST_F(SessionTest, DuplicateAcknowledgementThenIgnored) {
  Start();
  const RequestId id = session->Send(now, Get("a"));
  const Sent request = Next();
  Piggyback(request, coap::kContent, {}, "one");
  ExpectResponse(id, coap::kContent, "one");
  Piggyback(request, coap::kContent, {}, "two");
  ExpectNoEvent();
  ExpectSilence();
}

TEST_F(SessionTest, ServersPingThenReset) {
  Start();
  Empty(Type::kConfirmable, 4711);
  const Sent reset = Next();
  EXPECT_EQ(reset.view.type, Type::kReset);
  EXPECT_EQ(reset.view.message_id, 4711);
}

TEST_F(SessionTest, OwnPingAnsweredByResetThenPong) {
  Start();
  session->Ping(now);
  const Sent ping = Next();
  EXPECT_EQ(ping.raw.size(), 4u);
  EXPECT_EQ(ping.view.type, Type::kConfirmable);
  Empty(Type::kReset, ping.view.message_id);
  const auto pong = Expect<Pong>();
  ASSERT_TRUE(pong);
  EXPECT_TRUE(pong->answered);
}

TEST_F(SessionTest, OwnPingUnansweredThenPongSaysSo) {
  Start();
  session->Ping(now);
  Pass(seconds(93));
  const auto pong = Expect<Pong>();
  ASSERT_TRUE(pong);
  EXPECT_FALSE(pong->answered);
}

TEST_F(SessionTest, MalformedConfirmableThenReset) {
  Start();
  const Bytes reserved_option = {0x40, 0x45, 0x12, 0x34, 0xf0};
  Deliver(reserved_option);
  const Sent reset = Next();
  EXPECT_EQ(reset.view.type, Type::kReset);
  EXPECT_EQ(reset.view.message_id, 0x1234);
  const Bytes other_version = {0x80, 0x45, 0x12, 0x34};
  Deliver(other_version);
  Deliver(Bytes{});
  ExpectSilence();
}

TEST_F(SessionTest, ManyRequestsAtOnceThenEachGetsItsOwnAnswerInAnyOrder) {
  Start();
  constexpr size_t kCount = 300;  // more than one-byte tokens
  std::vector<RequestId> ids;
  std::vector<Sent> sent;
  std::set<std::string> tokens;
  std::set<uint16_t> message_ids;
  for (size_t i = 0; i < kCount; ++i) {
    ids.push_back(session->Send(now, Get(std::to_string(i))));
    sent.push_back(Next());
    EXPECT_LE(sent.back().view.token.size(), 2u);
    tokens.insert(ToHex(sent.back().view.token.view()));
    message_ids.insert(sent.back().view.message_id);
  }
  EXPECT_EQ(tokens.size(), kCount);
  EXPECT_EQ(message_ids.size(), kCount);
  for (size_t i = kCount; i-- > 0;) {
    Piggyback(sent[i], coap::kContent, {}, std::to_string(i));
    ExpectResponse(ids[i], coap::kContent, std::to_string(i));
  }
}

TEST_F(SessionTest, RequestsBeyondTheLimitThenExhausted) {
  Start();
  for (size_t i = 0; i < kRequestsMax; ++i) session->Send(now, Get("x"));
  ExpectNoEvent();
  const RequestId one_more = session->Send(now, Get("x"));
  ExpectFailed(one_more, Failure::kExhausted);
}

TEST_F(SessionTest, AllMessageIdsUsedThenExhaustedUntilTheOldestMayReturn) {
  Start();
  size_t answered = 0;
  std::optional<RequestId> refused;
  while (!refused) {
    const RequestId id = session->Send(now, Get("x"));
    const auto datagram = session->PollTransmit();
    if (!datagram) {
      refused = id;
      break;
    }
    Piggyback(Sent(*datagram), coap::kContent);
    ASSERT_TRUE(Expect<Response>());
    ASSERT_LE(++answered, 65536u);
  }
  EXPECT_GT(answered, 57'000u);
  ExpectFailed(*refused, Failure::kExhausted);
  Pass(kExchangeLifetime);
  const RequestId id = session->Send(now, Get("x"));
  Piggyback(Next(), coap::kContent);
  ExpectResponse(id, coap::kContent, "");
}

TEST_F(SessionTest, TokenOfUnansweredRequestThenNeverUsedAgain) {
  Config config = PlainConfig();
  config.answer_timeout = seconds(1);
  Start(config);
  const RequestId lost = session->Send(now, Get("slow"));
  const Sent slow = Next();
  Empty(Type::kAcknowledgement, slow.view.message_id);
  Pass(seconds(1));
  ExpectFailed(lost, Failure::kTimeout);
  for (int i = 0; i < 600; ++i) {
    const RequestId id = session->Send(now, Get("x"));
    const Sent sent = Next();
    EXPECT_FALSE(sent.view.token == slow.view.token);
    Piggyback(sent, coap::kContent, {}, "mine");
    ExpectResponse(id, coap::kContent, "mine");
  }
  // And the late answer finds nobody.
  Deliver(Message(Type::kConfirmable, coap::kContent, 1, slow.view.token, {}, "late"));
  EXPECT_EQ(Next().view.type, Type::kReset);
  ExpectNoEvent();
}

TEST_F(SessionTest, CancelledThenAnswerIgnored) {
  Start();
  const RequestId id = session->Send(now, Get("x"));
  const Sent sent = Next();
  session->Cancel(id);
  Piggyback(sent, coap::kContent, {}, "late");
  Pass(seconds(100));
  ExpectSilence();
  ExpectNoEvent();
}

TEST_F(SessionTest, ClosedThenRequestsFailAndNothingIsSent) {
  Start();
  const RequestId id = session->Send(now, Get("x"));
  Next();
  session->Close(now);
  ExpectFailed(id, Failure::kClosed);
  EXPECT_TRUE(Expect<Disconnected>());
  EXPECT_FALSE(session->NextDeadline());
  const RequestId late = session->Send(now, Get("x"));
  ExpectFailed(late, Failure::kClosed);
  ExpectSilence();
}

TEST_F(SessionTest, TrafficThenCountedPerDatagram) {
  Start();
  session->Send(now, Get("x"));
  const Sent sent = Next();
  const Bytes answer = Message(Type::kAcknowledgement, coap::kContent, sent.view.message_id,
                               sent.view.token, {}, "0123456789");
  Deliver(answer);
  const Traffic traffic = session->traffic();
  EXPECT_EQ(traffic.datagrams_sent, 1u);
  EXPECT_EQ(traffic.bytes_sent, sent.raw.size());
  EXPECT_EQ(traffic.datagrams_received, 1u);
  EXPECT_EQ(traffic.bytes_received, answer.size());
  EXPECT_EQ(traffic.retransmissions, 0u);
}

TEST_F(SessionTest, UserAgentThenInTheFirstRequestOnly) {
  Config config = PlainConfig();
  config.user_agent = "Phone/1.0";
  Start(config);
  session->Observe(now, Get("a"));
  EXPECT_EQ(AsText(*Next().view.Find(OptionNumber::kUserAgent)), "Phone/1.0");
  session->Send(now, Get("b"));
  EXPECT_FALSE(Next().view.Has(OptionNumber::kUserAgent));
}

TEST_F(SessionTest, NoUserAgentThenNoOption) {
  Start();
  session->Send(now, Get("a"));
  EXPECT_FALSE(Next().view.Has(OptionNumber::kUserAgent));
}

// Whatever is too long for one message is told before anything is sent.
TEST_F(SessionTest, RequestLongerThanOneMessageThenFailsAndOthersGoOn) {
  Start();
  const auto with_query = [](size_t bytes) {
    Request request = Get("a");
    request.options.push_back(TextOption(OptionNumber::kUriQuery, std::string(bytes, 'q')));
    return request;
  };
  session->Send(now, with_query(kRequestMessageBytesMax - 12));
  const size_t overhead = Next().raw.size() - (kRequestMessageBytesMax - 12);
  const RequestId id = session->Send(now, with_query(kRequestMessageBytesMax - overhead));
  EXPECT_EQ(Next().raw.size(), kRequestMessageBytesMax);
  const RequestId larger = session->Send(now, with_query(kRequestMessageBytesMax - overhead + 1));
  ExpectFailed(larger, Failure::kTooLarge);
  ExpectFailed(session->Observe(now, with_query(7000)), Failure::kTooLarge);
  ExpectSilence();
  EXPECT_NE(id, larger);
  session->Send(now, Get("b"));
  Next();
}

}  // namespace
}  // namespace lowband::client
