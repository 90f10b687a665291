// Observations as a server sees them, datagram by datagram, after the examples of RFC 7641 and
// RFC 7959 §3.4.
#include "libs/client/observation.h"
#include "tests/unit/libs/client/lockstep.h"

namespace lowband::client {
namespace {

using std::chrono::seconds;

OutgoingOption Number(uint32_t number) { return UintOption(OptionNumber::kObserve, number); }

class ObserveTest : public Lockstep {
 protected:
  static Request SyncRequest() {
    Request request = Get("7");
    request.options.push_back(TextOption(OptionNumber::kUriQuery, "since=s1"));
    request.options.push_back(TextOption(OptionNumber::kMatrixAccessToken, "secret"));
    return request;
  }
  /// Registers, with `body` for the first answer.
  void Begin(uint32_t number = 2, std::string_view body = "first") {
    id = session->Observe(now, SyncRequest());
    const Sent request = Next();
    token = request.view.token;
    Piggyback(request, coap::kContent, {Number(number)}, body);
    ExpectResponse(id, coap::kContent, body);
    ExpectSilence();
  }
  void Notify(uint16_t mid, std::vector<OutgoingOption> options, std::string_view body,
              Code code = coap::kContent) {
    Deliver(Message(Type::kConfirmable, code, mid, token, std::move(options), body));
  }
  void ExpectReply(Type type, uint16_t mid) {
    const Sent reply = Next();
    EXPECT_EQ(reply.view.type, type);
    EXPECT_TRUE(reply.view.code.is_empty());
    EXPECT_EQ(reply.view.message_id, mid);
  }
  void ExpectNotification(uint32_t number, std::string_view body, Code code = coap::kContent) {
    const auto notification = Expect<Notification>();
    ASSERT_TRUE(notification);
    EXPECT_EQ(notification->id, id);
    EXPECT_EQ(notification->observe, number);
    EXPECT_EQ(notification->code.Text(), code.Text());
    EXPECT_EQ(AsText(notification->body), body);
  }
  void ExpectEnded(ObservationEnd reason) {
    const auto ended = Expect<ObservationEnded>();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->id, id);
    EXPECT_EQ(Text(ended->reason), Text(reason));
  }

  RequestId id = 0;
  coap::Token token;
};

// RFC 7641 figure 2: register, two notifications.
TEST_F(ObserveTest, RegisteredThenResponseAndNotifications) {
  Start();
  id = session->Observe(now, SyncRequest());
  const Sent request = Next();
  token = request.view.token;
  EXPECT_EQ(request.view.code, coap::kGet);
  ASSERT_TRUE(request.view.Find(OptionNumber::kObserve));
  EXPECT_TRUE(request.view.Find(OptionNumber::kObserve)->empty());
  Piggyback(request, coap::kContent, {Number(2)}, "s2");
  const auto response = Expect<Response>();
  ASSERT_TRUE(response);
  EXPECT_EQ(FindUint(response->options, OptionNumber::kObserve), 2u);
  EXPECT_EQ(AsText(response->body), "s2");
  Pass(seconds(1000));  // no answer is waited for
  ExpectNoEvent();
  Notify(100, {Number(3)}, "s3");
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectNotification(3, "s3");
  Notify(101, {Number(4)}, "s4");
  ExpectReply(Type::kAcknowledgement, 101);
  ExpectNotification(4, "s4");
  ExpectSilence();
}

TEST_F(ObserveTest, FirstAnswerEmptyThenResultAsNotification) {
  Start();
  Begin(2, "\xa0");
  Notify(100, {Number(3)}, "s2");
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectNotification(3, "s2");
}

TEST_F(ObserveTest, AnswerWithoutObserveThenOrdinaryResponse) {
  Start();
  id = session->Observe(now, SyncRequest());
  const Sent request = Next();
  Piggyback(request, coap::kContent, {Block2(0, true, 0)}, Pattern(16));
  const Sent rest = Next();
  EXPECT_FALSE(rest.view.Has(OptionNumber::kObserve));
  EXPECT_EQ(rest.view.token, request.view.token);
  Piggyback(rest, coap::kContent, {Block2(1, false, 0)}, "end");
  ExpectResponse(id, coap::kContent, Pattern(16) + "end");
  session->Unobserve(now, id);
  ExpectSilence();
  ExpectNoEvent();
}

TEST_F(ObserveTest, RegistrationRefusedThenResponseOnly) {
  Start();
  id = session->Observe(now, SyncRequest());
  Piggyback(Next(), coap::kUnauthorized, {}, "no");
  ExpectResponse(id, coap::kUnauthorized, "no");
  ExpectNoEvent();
}

// RFC 7959 figure 12: a notification in blocks, the rest fetched by plain GETs.
TEST_F(ObserveTest, NotificationInBlocksThenRestFetchedUnderAnotherToken) {
  Start();
  Begin();
  const std::string body = Pattern(40);
  Notify(100, {Number(3), Block2(0, true, 0), TextOption(OptionNumber::kETag, "e")},
         body.substr(0, 16));
  ExpectReply(Type::kAcknowledgement, 100);
  const Sent second = Next();
  EXPECT_EQ(second.view.type, Type::kConfirmable);
  EXPECT_FALSE(second.view.token == token);
  EXPECT_FALSE(second.view.Has(OptionNumber::kObserve));
  EXPECT_FALSE(second.view.Has(OptionNumber::kMatrixAccessToken));
  EXPECT_EQ(AsText(*second.view.Find(OptionNumber::kUriPath)), "7");
  EXPECT_EQ(AsText(*second.view.Find(OptionNumber::kUriQuery)), "since=s1");
  EXPECT_EQ(second.block(OptionNumber::kBlock2), (Block{1, false, 0}));
  ExpectNoEvent();
  const auto etag = TextOption(OptionNumber::kETag, "e");
  Piggyback(second, coap::kContent, {Block2(1, true, 0), etag}, body.substr(16, 16));
  const Sent third = Next();
  EXPECT_EQ(third.view.token, second.view.token);
  Piggyback(third, coap::kContent, {Block2(2, false, 0), etag}, body.substr(32));
  ExpectNotification(3, body);
  Notify(101, {Number(4)}, "s4");
  ExpectReply(Type::kAcknowledgement, 101);
  ExpectNotification(4, "s4");
}

TEST_F(ObserveTest, FirstAnswerInBlocksThenWholeResponseWithObserve) {
  Start();
  id = session->Observe(now, SyncRequest());
  const Sent request = Next();
  token = request.view.token;
  Piggyback(request, coap::kContent, {Number(2), Block2(0, true, 0)}, Pattern(16));
  const Sent rest = Next();
  EXPECT_FALSE(rest.view.token == token);
  Piggyback(rest, coap::kContent, {Block2(1, false, 0)}, "end");
  const auto response = Expect<Response>();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->id, id);
  EXPECT_EQ(AsText(response->body), Pattern(16) + "end");
  EXPECT_EQ(FindUint(response->options, OptionNumber::kObserve), 2u);
  Notify(100, {Number(3)}, "s3");
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectNotification(3, "s3");
}

TEST_F(ObserveTest, NewerNotificationDuringFetchThenItAlone) {
  Start();
  Begin();
  Notify(100, {Number(3), Block2(0, true, 0)}, Pattern(16));
  ExpectReply(Type::kAcknowledgement, 100);
  const Sent fetch = Next();
  Notify(101, {Number(4)}, "s4");
  ExpectReply(Type::kAcknowledgement, 101);
  ExpectNotification(4, "s4");
  Piggyback(fetch, coap::kContent, {Block2(1, false, 0)}, "end");
  Pass(seconds(200));
  ExpectSilence();
  ExpectNoEvent();
}

TEST_F(ObserveTest, FetchAnsweredByErrorThenEndedAndNextNotificationRefused) {
  Start();
  Begin();
  Notify(100, {Number(3), Block2(0, true, 0)}, Pattern(16));
  ExpectReply(Type::kAcknowledgement, 100);
  Piggyback(Next(), coap::kRequestEntityIncomplete, {}, "gone");
  ExpectEnded(ObservationEnd::kBlockwise);
  Notify(101, {Number(4)}, "s4");
  ExpectReply(Type::kReset, 101);
  ExpectNoEvent();
}

TEST_F(ObserveTest, FetchOfFirstAnswerUnansweredThenRequestFailed) {
  Start();
  id = session->Observe(now, SyncRequest());
  Piggyback(Next(), coap::kContent, {Number(2), Block2(0, true, 0)}, Pattern(16));
  Pass(seconds(100));
  ExpectFailed(id, Failure::kTimeout);
  ExpectNoEvent();
}

TEST_F(ObserveTest, DuplicateThenAcknowledgedAgainAndDeliveredOnce) {
  Start();
  Begin();
  for (int i = 0; i < 3; ++i) {
    Notify(100, {Number(3)}, "s3");
    ExpectReply(Type::kAcknowledgement, 100);
  }
  ExpectNotification(3, "s3");
  ExpectNoEvent();
}

// RFC 7641 §3.4: reordered on the way.
TEST_F(ObserveTest, OlderNumberThenAcknowledgedAndDropped) {
  Start();
  Begin(10);
  Notify(100, {Number(12)}, "s12");
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectNotification(12, "s12");
  Notify(101, {Number(11)}, "s11");
  ExpectReply(Type::kAcknowledgement, 101);
  Notify(102, {Number(12)}, "s12");
  ExpectReply(Type::kAcknowledgement, 102);
  ExpectNoEvent();
  Pass(kNotificationOrderLifetime + seconds(1));
  Notify(103, {Number(5)}, "s5");
  ExpectReply(Type::kAcknowledgement, 103);
  ExpectNotification(5, "s5");
}

TEST_F(ObserveTest, NumberWrapsThenStillNewer) {
  Start();
  Begin(0xfffffe);
  Notify(100, {Number(0xffffff)}, "a");
  Notify(101, {Number(0)}, "b");
  Notify(102, {Number(0xffffff)}, "old");
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectReply(Type::kAcknowledgement, 101);
  ExpectReply(Type::kAcknowledgement, 102);
  ExpectNotification(0xffffff, "a");
  ExpectNotification(0, "b");
  ExpectNoEvent();
}

TEST(IsNewer, NumbersAndTimesThenAsTheRfcHasIt) {
  const TimePoint at{seconds(1000)};
  EXPECT_TRUE(IsNewer(3, at, 2, at));
  EXPECT_FALSE(IsNewer(2, at, 2, at));
  EXPECT_FALSE(IsNewer(1, at, 2, at));
  EXPECT_TRUE(IsNewer(2 + (1u << 23) - 1, at, 2, at));
  EXPECT_FALSE(IsNewer(2 + (1u << 23), at, 2, at));
  EXPECT_TRUE(IsNewer(0, at, 0xffffff, at));
  EXPECT_FALSE(IsNewer(1, at + seconds(128), 2, at));
  EXPECT_TRUE(IsNewer(1, at + seconds(129), 2, at));
}

// RFC 7641 §3.6: the explicit way.
TEST_F(ObserveTest, UnobserveThenGetWithOneAndEndedOnAnswer) {
  Start();
  Begin();
  session->Unobserve(now, id);
  const Sent cancel = Next();
  EXPECT_EQ(cancel.view.code, coap::kGet);
  EXPECT_EQ(cancel.view.token, token);
  EXPECT_EQ(cancel.view.FindUint(OptionNumber::kObserve), 1u);
  EXPECT_EQ(AsText(*cancel.view.Find(OptionNumber::kUriPath)), "7");
  EXPECT_EQ(AsText(*cancel.view.Find(OptionNumber::kUriQuery)), "since=s1");
  Notify(100, {Number(3)}, "crossed");
  ExpectReply(Type::kReset, 100);
  ExpectNoEvent();
  Piggyback(cancel, coap::kContent, {}, "\xa0");
  ExpectEnded(ObservationEnd::kCancelled);
  Pass(seconds(400));
  ExpectSilence();
  ExpectNoEvent();
}

// RFC 8132 §2: the body is a part of what is observed. RFC 9175 §3: the tag stands for it.
TEST_F(ObserveTest, FetchThenItsBodyOnceAndItsTagInEveryRequest) {
  Start();
  const std::string parameters = Pattern(1500);
  Request request = Put("s", parameters);
  request.method = coap::kFetch;
  id = session->Observe(now, std::move(request));
  const Sent first = Next();
  EXPECT_EQ(first.view.FindUint(OptionNumber::kObserve), 0u);
  EXPECT_EQ(first.block(OptionNumber::kBlock1), (Block{0, true, 6}));
  const auto tag = *first.view.Find(OptionNumber::kRequestTag);
  EXPECT_EQ(tag.size(), 3u) << "no tag of an upload is as long";
  Piggyback(first, coap::kContinue, {Block1(0, true, 6)}, "");
  const Sent second = Next();
  EXPECT_EQ(second.view.FindUint(OptionNumber::kObserve), 0u) << "the one that counts";
  EXPECT_EQ(second.payload(), parameters.substr(1024));
  EXPECT_TRUE(std::ranges::equal(*second.view.Find(OptionNumber::kRequestTag), tag));
  token = second.view.token;
  Piggyback(second, coap::kContent, {Number(2), Block1(1, false, 6)}, "first");
  ExpectResponse(id, coap::kContent, "first");
  Notify(100, {Number(3), Block2(0, true, 0)}, parameters.substr(0, 16));
  ExpectReply(Type::kAcknowledgement, 100);
  const Sent rest = Next();
  EXPECT_EQ(rest.view.code, coap::kFetch);
  EXPECT_TRUE(std::ranges::equal(*rest.view.Find(OptionNumber::kRequestTag), tag));
  EXPECT_FALSE(rest.view.Has(OptionNumber::kBlock1));
  EXPECT_EQ(rest.payload(), "");
  Piggyback(rest, coap::kContent, {Block2(1, false, 0)}, "end");
  ExpectNotification(3, parameters.substr(0, 16) + "end");
  session->Unobserve(now, id);
  const Sent cancel = Next();
  EXPECT_EQ(cancel.view.FindUint(OptionNumber::kObserve), 1u);
  EXPECT_EQ(cancel.payload(), "") << "it would need blocks; the token tells";
}

TEST_F(ObserveTest, TwoFetchesThenTwoTags) {
  Start();
  std::vector<Bytes> tags;
  for (const char* parameters : {"one", "two"}) {
    Request request = Put("s", parameters);
    request.method = coap::kFetch;
    session->Observe(now, std::move(request));
    const Sent sent = Next();
    EXPECT_EQ(sent.payload(), parameters);
    const auto tag = *sent.view.Find(OptionNumber::kRequestTag);
    tags.emplace_back(tag.begin(), tag.end());
  }
  EXPECT_NE(tags[0], tags[1]);
}

TEST_F(ObserveTest, UnobserveUnansweredThenEndedAllTheSame) {
  Start();
  Begin();
  session->Unobserve(now, id);
  Pass(seconds(100));
  ExpectEnded(ObservationEnd::kCancelled);
}

TEST_F(ObserveTest, UnobserveBeforeTheAnswerThenRegistrationGivenUp) {
  Start();
  id = session->Observe(now, SyncRequest());
  const Sent request = Next();
  session->Unobserve(now, id);
  const Sent cancel = Next();
  Piggyback(request, coap::kContent, {Number(2)}, "late");
  ExpectNoEvent();
  Piggyback(cancel, coap::kContent, {}, "\xa0");
  ExpectEnded(ObservationEnd::kCancelled);
  Pass(seconds(100));
  ExpectSilence();
}

// RFC 7641 §3.6: the other way, by rejecting the next notification.
TEST_F(ObserveTest, CancelThenSilentAndNextNotificationReset) {
  Start();
  Begin();
  session->Cancel(id);
  ExpectSilence();
  ExpectNoEvent();
  Notify(100, {Number(3)}, "s3");
  ExpectReply(Type::kReset, 100);
  Notify(100, {Number(3)}, "s3");
  ExpectReply(Type::kReset, 100);
  ExpectNoEvent();
}

TEST_F(ObserveTest, ErrorNotificationThenDeliveredAndEnded) {
  Start();
  Begin();
  Notify(100, {}, "unknown token", coap::kUnauthorized);
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectNotification(2, "unknown token", coap::kUnauthorized);
  ExpectEnded(ObservationEnd::kServer);
  Notify(101, {Number(3)}, "s3");
  ExpectReply(Type::kReset, 101);
}

TEST_F(ObserveTest, UnknownTokenThenReset) {
  Start();
  Begin();
  const uint8_t other = 0x7f;
  Deliver(Message(Type::kConfirmable, coap::kContent, 100, coap::Token(ByteView(&other, 1)),
                  {Number(3)}, "s3"));
  ExpectReply(Type::kReset, 100);
  ExpectNoEvent();
}

// The acknowledgement that had the first answer on it is lost, and the notification must not take
// its place: what the first said would never be said again.
TEST_F(ObserveTest, NotificationBeforeTheFirstAnswerThenKeptInOrder) {
  Start();
  id = session->Observe(now, SyncRequest());
  const Sent request = Next();
  token = request.view.token;
  Notify(100, {Number(3)}, "s3");
  ExpectSilence();
  ExpectNoEvent();
  Pass(seconds(3));
  const Sent again = Next();
  EXPECT_EQ(again.raw, request.raw);
  Piggyback(again, coap::kContent, {Number(2)}, "s2");
  ExpectResponse(id, coap::kContent, "s2");
  Notify(100, {Number(3)}, "s3");
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectNotification(3, "s3");
}

TEST_F(ObserveTest, SeparateFirstAnswerThenBeginsAsWell) {
  Start();
  id = session->Observe(now, SyncRequest());
  const Sent request = Next();
  token = request.view.token;
  Empty(Type::kAcknowledgement, request.view.message_id);
  Notify(100, {Number(2)}, "s2");
  ExpectReply(Type::kAcknowledgement, 100);
  ExpectResponse(id, coap::kContent, "s2");
  Pass(seconds(400));
  ExpectNoEvent();
}

TEST_F(ObserveTest, ConnectionClosedThenEnded) {
  Start();
  Begin();
  session->Close(now);
  ExpectEnded(ObservationEnd::kClosed);
  EXPECT_TRUE(Expect<Disconnected>());
  ExpectNoEvent();
}

TEST_F(ObserveTest, BeyondTheLimitThenExhausted) {
  Start();
  for (size_t i = 0; i < kObservationsMax; ++i) Begin();
  ExpectFailed(session->Observe(now, SyncRequest()), Failure::kExhausted);
  session->Cancel(id);
  Begin();
}

}  // namespace
}  // namespace lowband::client
