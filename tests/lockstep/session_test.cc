// What a session may have at once, how long it is remembered and how it ends.
#include <gtest/gtest.h>

#include <string>

#include "services/edge/request/counters.h"
#include "services/edge/request/limits.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

std::string Lines(const char* before, int number, const char* after) {
  return std::string(before) + std::to_string(number) + after + "\n";
}

TEST(BodyForm, OwnErrorsComeInTheFormOfTheRequest) {
  Script script;
  script.Play(R"(
    --> CON PUT 1 path=a format=60 body=hex:a0 opt=65001:
    <-- ACK 4.02 1 format=60 error=M_UNRECOGNIZED
    --> CON PUT 2 path=a format=50 accept=60 body="{}" opt=65001:
    <-- ACK 4.02 2 format=60 error=M_UNRECOGNIZED
    --> CON GET 3 path=a format=42 opt=65001:
    <-- ACK 4.02 3 format=60 error=M_UNRECOGNIZED
  )");
  constexpr const char* kJson =
      "body=hex:7b22657272636f6465223a224d5f554e5245434f474e495a4544222c226572726f72223a22"
      "436f4150206f7074696f6e20363530303120697320637269746963616c20616e64206e6f742073757070"
      "6f72746564227d";
  script.Play(std::string("--> CON PUT 4 path=a format=50 body=\"{}\" opt=65001:\n") +
              "<-- ACK 4.02 4 format=50 " + kJson + "\n" +
              "--> CON GET 5 path=a accept=50 opt=65001:\n" + "<-- ACK 4.02 5 format=50 " + kJson +
              "\n");
}

TEST(Limits, ThirtyThirdRequestOfASessionWaitsUntilAnotherHasEnded) {
  std::string text;
  for (int i = 1; i <= 32; ++i) {
    text += Lines("--> CON GET ", i, " path=a") + Lines("==> $x", i, " GET path=a");
  }
  text += "--> CON GET 33 path=b\n--> CON PUT 34 path=c body=#10\n";
  text += "<== $x3 2.05\n<-- ACK 2.05 3 format=60 body=hex:a0\n==> $y GET path=b\n";
  text += "--> CON PUT 35 path=d block1=0/1/16 body=#16\n<-- ACK 2.31 35 block1=0/1/16\n";
  text += "--> CON PUT 36 path=d block1=1/0/16 body=#1+16\n";
  text += "<== $y 2.05\n<-- ACK 2.05 33 format=60 body=hex:a0\n==> $z PUT path=c body=#10\n";
  text += "<== $z 2.05\n<-- ACK 2.05 34 format=60 body=hex:a0\n==> $u PUT path=d body=#17\n";
  Script script;
  script.Play(text);
  EXPECT_EQ(script.rig().requests().counters().requests_queued, 3u);
  EXPECT_EQ(script.rig().requests().usage().waiting, 0u);
  script.rig().Close(script.session());
  EXPECT_EQ(script.rig().requests().exchanges_in_flight(), 0u);
  EXPECT_EQ(script.rig().requests().usage().request_bytes, 0u);
}

TEST(Limits, TooManyWaitingThenTheNextIsToldToComeLater) {
  RigConfig config = LockstepConfig();
  config.request.exchanges_per_session_max = 1;
  std::string text = "--> CON GET 1 path=a\n==> GET path=a\n";
  int id = 2;
  for (size_t i = 0; i < request::kWaitingPerSessionMax; ++i) {
    text += Lines("--> CON PUT ", id++, " path=a body=#10");
  }
  text += Lines("--> CON PUT ", id, " path=a body=#10");
  text += Lines("<-- ACK 4.00 ", id, " format=60 status=429 error=M_LIMIT_EXCEEDED");
  Script script(config);
  script.Play(text);
  EXPECT_EQ(script.rig().requests().usage().waiting, request::kWaitingPerSessionMax);
  script.rig().Close(script.session());
  while (script.rig().TakeCommand()) {
  }
  EXPECT_EQ(script.rig().requests().usage().waiting, 0u);
  EXPECT_EQ(script.rig().requests().usage().request_bytes, 0u);
  EXPECT_FALSE(script.rig().requests().NextDeadline());
}

// One with many waiting holds up none with few.
TEST(Limits, WorkerWithoutRoomThenSessionsTakeTurns) {
  RigConfig config;
  config.request.exchanges_max = 1;
  Rig rig(config);
  const SessionId many{1};
  const SessionId few{2};
  rig.Open(many);
  rig.Open(few, "192.0.2.2");
  for (int i = 1; i <= 4; ++i) {
    rig.Receive(many, Encode(ParseText({"CON", "GET", std::to_string(i), "path=many"}), {}));
  }
  rig.Receive(few, Encode(ParseText({"CON", "GET", "1", "path=few"}), {}));
  std::string order;
  while (auto command = rig.TakeCommand()) {
    const auto* start = std::get_if<request::StartExchange>(&*command);
    ASSERT_NE(start, nullptr);
    order += start->request.path(0) + " ";
    request::Answer answer;
    answer.id = start->id;
    answer.code = coap::kContent;
    rig.Answer(std::move(answer));
  }
  EXPECT_EQ(order, "many many few many many ");
}

// Without it the request that brought the token would wait behind those that want it.
TEST(Limits, TokenCountsWhileItsRequestWaits) {
  RigConfig config = LockstepConfig();
  config.request.exchanges_per_session_max = 1;
  Script(config).Play(R"(
    --> CON GET 2 token=02 path=b
    ==> $b GET path=b
    <== $b 4.01 format=60 body="missing" missing
    --> CON GET 3 token=03 path=c
    --> CON GET 1 token=01 path=a auth="tok"
    ==> $b GET path=b auth=tok
    <== $b 2.05
    <-- ACK 2.05 2 token=02 format=60 body=hex:a0
    ==> $c GET path=c auth=tok
    <== $c 2.05
    <-- ACK 2.05 3 token=03 format=60 body=hex:a0
    ==> $a GET path=a auth=tok
    <== $a 2.05
    <-- ACK 2.05 1 token=01 format=60 body=hex:a0
  )");
}

TEST(Limits, Rfc8075CodesTellTheWaitInMaxAge) {
  RigConfig config = LockstepConfig();
  config.request.codes = coap::CodeSet::kRfc8075;
  config.request.exchanges_per_session_max = 1;
  config.request.small_request_bytes_max = 100;
  Script script(config);
  script.Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a codes=rfc8075
    --> CON GET 2 path=a
    at 1s
    <-- ACK 0.00 1
    <-- ACK 0.00 2
    at 30s
    <-- CON 4.29 $m format=60 max-age=1 error=M_LIMIT_EXCEEDED
    --> ACK 0.00 $m
  )");
  script.Play(R"(
    --> CON PUT 3 path=a body=#200
    <-- ACK 5.03 3 format=60 max-age=1 error=M_UNKNOWN
    <== 2.05
    <-- CON 2.05 $n format=60 body=hex:a0
    --> ACK 0.00 $n
  )");
}

// What comes in one record and what comes by blocks have room apart from each other.
TEST(Limits, WorkerWithoutRoomRefusesBodiesUntilThereIsSome) {
  RigConfig config = LockstepConfig();
  config.request.request_bytes_max = config.request.small_request_bytes_max = 100;
  Script script(config);
  script.Play(R"(
    --> CON PUT 1 path=a body=#60
    ==> $a PUT path=a body=#60
    --> CON PUT 2 path=b body=#60
    <-- ACK 5.02 2 format=60 status=503 error=M_UNKNOWN
    --> CON PUT 5 path=d block1=0/1/64 body=#64
    <-- ACK 2.31 5 block1=0/1/64
    --> CON PUT 6 path=d block1=1/0/64 body=#10+64
    ==> $d PUT path=d body=#74
    --> CON PUT 3 path=c block1=0/1/64 body=#64
    <-- ACK 5.02 3 format=60 status=503 error=M_UNKNOWN
    <== $d 2.05
    <-- ACK 2.05 6 format=60 block1=1/0/64 body=hex:a0
    <== $a 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON PUT 4 path=b body=#60
    ==> $b PUT path=b body=#60
    <== $b 2.05
    <-- ACK 2.05 4 format=60 body=hex:a0
  )");
  EXPECT_EQ(script.rig().requests().usage().request_bytes, 0u);
}

RigConfig TwoUploads() {
  RigConfig config = LockstepConfig();
  config.request.uploads_per_session_max = 2;
  return config;
}

TEST(Limits, ThirdUploadOfASessionWaitsUntilAnotherHasEnded) {
  Script script(TwoUploads());
  script.Play(R"(
    --> CON PUT 1 path=a block1=0/1/16 body=#16
    <-- ACK 2.31 1 block1=0/1/16
    --> CON PUT 2 path=b block1=0/1/16 body=#16
    <-- ACK 2.31 2 block1=0/1/16
    --> CON PUT 3 path=c block1=0/1/16 body=#16
    --> CON PUT 4 path=d block1=0/1/16 body=#16
    --> CON PUT 5 path=e block1=0/0/16 body=#16       # what needs no second block waits for none
    ==> $e PUT path=e body=#16
    --> CON PUT 6 path=a block1=1/0/16 body=#1+16
    <-- ACK 2.31 3 block1=0/1/16
    ==> $a PUT path=a body=#17
    --> CON PUT 7 path=b block1=1/0/16 body=#1+16
    <-- ACK 2.31 4 block1=0/1/16
    ==> $b PUT path=b body=#17
    --> CON PUT 8 path=c block1=1/0/16 body=#1+16
    ==> $c PUT path=c body=#17
    --> CON PUT 9 path=d block1=1/0/16 body=#1+16
    ==> $d PUT path=d body=#17
  )");
  EXPECT_EQ(script.rig().requests().counters().uploads_queued, 2u);
}

// The client's battery is out: its uploads keep what they have, but nobody waits for them.
TEST(Limits, SilentUploadsKeepNoOtherFromStarting) {
  Script(TwoUploads()).Play(R"(
    --> CON PUT 1 path=a block1=0/1/16 body=#16
    <-- ACK 2.31 1 block1=0/1/16
    --> CON PUT 2 path=b block1=0/1/16 body=#16
    <-- ACK 2.31 2 block1=0/1/16
    at 4.5s
    --> CON PUT 3 path=c block1=0/1/16 body=#16
    at 5s
    <-- ACK 2.31 3 block1=0/1/16
    at 9s
    --> CON PUT 4 path=a block1=1/0/16 body=#1+16     # the repetition of one that was lost
    ==> $a PUT path=a body=#17
  )");
}

TEST(Limits, UploadThatWaitedTooLongIsToldToComeLater) {
  std::string text = R"(
    --> CON PUT 1 path=a block1=0/1/16 body=#16
    <-- ACK 2.31 1 block1=0/1/16
    --> CON PUT 2 path=b block1=0/1/16 body=#16
    <-- ACK 2.31 2 block1=0/1/16
    --> CON PUT 3 path=c block1=0/1/16 body=#16
    at 1s
    <-- ACK 0.00 3
  )";
  int id = 4;
  int block = 1;
  for (int at = 4; at < 30; at += 4, ++block) {  // both are alive
    text += "at " + std::to_string(at) + "s\n";
    for (const char* path : {"a", "b"}) {
      const std::string option = " block1=" + std::to_string(block) + "/1/16";
      text += "--> CON PUT " + std::to_string(id) + " path=" + path + option + " body=#16\n";
      text += "<-- ACK 2.31 " + std::to_string(id++) + option + "\n";
    }
  }
  text += "at 30s\n<-- CON 4.00 $m format=60 status=429 error=M_LIMIT_EXCEEDED\n--> ACK 0.00 $m\n";
  Script script(TwoUploads());
  script.Play(text);
  script.rig().Close(script.session());
  EXPECT_EQ(script.rig().requests().usage().request_bytes, 0u);
}

TEST(Limits, ResponseWithoutRoomIsRefusedAccordingToWhatItsRequestDid) {
  RigConfig config = LockstepConfig();
  config.request.small_download_bytes_max = 2000;
  Script(config).Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#2001
    <-- ACK 5.02 1 format=60 status=503 error=M_UNKNOWN
    --> CON POST 2 path=a                # it happened: never "come later"
    ==> POST path=a
    <== 2.05 format=60 body=#2001
    <-- ACK 5.04 2 format=60 error=M_UNKNOWN
    --> CON GET 3 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#2000
    <-- ACK 2.05 3 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    --> CON GET 4 path=b                 # not at the cost of one that is going on
    ==> GET path=b
    <== 2.05 format=60 body=#1500
    <-- ACK 5.02 4 format=60 status=503 error=M_UNKNOWN
    at 11s
    --> CON GET 5 path=b                 # of one that stands still
    ==> GET path=b
    <== 2.05 format=60 body=#1500
    <-- ACK 2.05 5 etag=$f format=60 block2=0/1/1024 size2=1500 body=#1024
    --> CON GET 6 path=a block2=1/1/1024
    <-- ACK 4.08 6 format=60 error=M_UNKNOWN
  )");
}

TEST(Deadline, UplinkThatKeepsSilentIsAnsweredFor) {
  Script script;
  script.Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    at 205s
    <-- CON 5.04 $m format=60 error=M_UNKNOWN
    ==> cancel
    --> ACK EMPTY $m
    <== 2.05 format=60 body="late"
    at 210s
  )");
  EXPECT_EQ(script.rig().requests().counters().answers_late, 1u);
}

// A join that takes the homeserver more than three minutes. Its client asks again, under the same
// message ID, as deployed ones do each minute, and all of that is one request.
TEST(Deadline, SlowAnswerThenEachRepetitionOfItsRequestGetsThatOne) {
  Script script;
  script.Play(R"(
    --> CON POST 1 path=K path=!r:h
    ==> POST path=K/!r:h
    at 1s
    <-- ACK EMPTY 1
    at 61s
    --> again
    <-- ACK EMPTY 1
    at 183s
    --> again
    <-- ACK EMPTY 1
    at 199s
    <== 2.05 format=60 body="joined"
    <-- CON 2.05 $m format=60 body="joined"
    --> CON POST 1 path=K path=!r:h
    <-- ACK EMPTY 1                      # the answer is on its way
    at 201s
    <-- CON 2.05 $m format=60 body="joined"
    --> ACK EMPTY $m
    at 244s
    --> CON POST 1 path=K path=!r:h
    <-- ACK EMPTY 1
  )");
}

TEST(Deadline, IsToldToTheUplink) {
  Rig rig(LockstepConfig());
  rig.Open(SessionId{1});
  rig.Receive(SessionId{1}, Encode(ParseText({"CON", "GET", "1", "path=a"}), {}));
  const auto start = std::get<request::StartExchange>(*rig.TakeCommand());
  EXPECT_EQ(start.deadline, rig.now() + std::chrono::seconds(200));
  EXPECT_EQ(start.request.deadline_ms(), 200'000u);
}

TEST(Session, ClosedThenItsExchangesAreCancelledAndItsAnswersDropped) {
  Script script;
  script.Play(R"(
    --> CON GET 1 path=a
    ==> $a GET path=a
    --> CON GET 2 path=b
    ==> $b GET path=b
    close
    ==> $b cancel
    ==> $a cancel
    <== $a 2.05
    at 600s
  )");
  EXPECT_EQ(script.rig().requests().exchanges_in_flight(), 0u);
  EXPECT_EQ(script.rig().messages().unanswered(), 0u);
}

TEST(Session, ClosedThenItsCopiesAreNotSentAgain) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    <== 2.05 format=60 body=#2000
    <-- CON 2.05 $m etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    close
    at 600s
  )");
}

TEST(Session, MovedPeerIsTheAddressOfLaterRequests) {
  Rig rig(LockstepConfig());
  rig.Open(SessionId{1}, "192.0.2.1");
  rig.requests().MovePeer(SessionId{1}, *SocketAddress::FromLiteral("2001:db8::7", 1));
  rig.Receive(SessionId{1}, Encode(ParseText({"CON", "GET", "1", "path=a"}), {}));
  const auto start = std::get<request::StartExchange>(*rig.TakeCommand());
  EXPECT_EQ(start.request.client_address(), "2001:db8::7");
}

TEST(Session, SessionsDoNotShareTokensUploadsOrDownloads) {
  Rig rig(LockstepConfig());
  const SessionId one{1};
  const SessionId two{2};
  rig.Open(one);
  rig.Open(two);
  const auto send = [&](SessionId session, std::string_view text) {
    rig.Receive(session, Encode(ParseText(Words(text)), {}));
  };
  send(one, "CON GET 1 path=a auth=\"tok\"");
  request::Answer answer;
  answer.id = std::get<request::StartExchange>(*rig.TakeCommand()).id;
  answer.code = coap::kContent;
  answer.body = Pattern(3000);
  rig.Answer(std::move(answer));
  send(one, "CON PUT 2 path=u block1=0/1/16 body=#16");
  while (rig.TakeSent()) {
  }
  Names names;
  send(two, "CON GET 1 path=a block2=1/1/1024");
  EXPECT_EQ(Difference(ParseText(Words("ACK 4.08 1 format=60 error=M_UNKNOWN")),
                       rig.TakeSent()->datagram, names),
            "");
  send(two, "CON PUT 2 path=u block1=1/0/16 body=#1");
  EXPECT_EQ(Difference(ParseText(Words("ACK 4.08 2 format=60 error=M_UNKNOWN")),
                       rig.TakeSent()->datagram, names),
            "");
  send(two, "CON GET 3 path=a");
  EXPECT_EQ(std::get<request::StartExchange>(*rig.TakeCommand()).request.token(), "");
}

TEST(Idle, NothingIsLeftOfAQuietSession) {
  Script script;
  script.Play(R"(
    --> CON GET 1 token=01 path=a auth="tok"
    ==> GET path=a auth=tok
    <== 2.05 format=60 body=#3000
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=3000 body=#1024
    --> CON GET 2 token=01 path=a block2=1/0/1024
    <-- ACK 2.05 2 token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    --> NON PUT 3 token=03 path=b block1=0/1/16 body=#16
    <-- NON 2.31 $x token=03 block1=0/1/16
    --> CON GET 4 token=04 path=c
    ==> GET path=c auth=tok
    at 1s
    <-- ACK EMPTY 4
    <== 2.05
    <-- CON 2.05 $m token=04 format=60 body=hex:a0
    --> ACK EMPTY $m
    at 320s
  )");
  Rig& rig = script.rig();
  EXPECT_EQ(rig.messages().session_count(), 0u);
  EXPECT_EQ(rig.messages().answer_bytes(), 0u);
  EXPECT_EQ(rig.messages().unacknowledged(), 0u);
  const request::Usage usage = rig.requests().usage();
  EXPECT_EQ(usage.exchanges + usage.request_bytes + usage.uploads + usage.downloads +
                usage.download_bytes,
            0u);
  EXPECT_FALSE(rig.NextDeadline()) << "an idle edge sleeps";
}

}  // namespace
}  // namespace lowband::edge::testing
