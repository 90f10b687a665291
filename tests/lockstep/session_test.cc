// What a session may have at once, how long it is remembered and how it ends.
#include <gtest/gtest.h>

#include <string>

#include "services/edge/request/counters.h"
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
      "436f4150206f7074696f6e20363530303120697320637269746963616c20616e64206e6f74206b6e6f776e"
      "2068657265227d";
  script.Play(std::string("--> CON PUT 4 path=a format=50 body=\"{}\" opt=65001:\n") +
              "<-- ACK 4.02 4 format=50 " + kJson + "\n" +
              "--> CON GET 5 path=a accept=50 opt=65001:\n" + "<-- ACK 4.02 5 format=50 " + kJson +
              "\n");
}

TEST(Limits, SeventeenthRequestOfASessionIsToldToComeLater) {
  std::string text;
  for (int i = 1; i <= 16; ++i) {
    text += Lines("--> CON GET ", i, " path=a") + Lines("==> $x", i, " GET path=a");
  }
  text += "--> CON GET 17 path=a\n<-- ACK 4.00 17 format=60 status=429 error=M_LIMIT_EXCEEDED\n";
  text += "<== $x3 2.05\n<-- ACK 2.05 3 format=60 body=hex:a0\n";
  text += "--> CON GET 18 path=a\n==> $x GET path=a\n";
  text += "--> CON PUT 19 path=a block1=0/1/16 body=#16\n<-- ACK 2.31 19 block1=0/1/16\n";
  text += "--> CON PUT 20 path=a block1=1/0/16 body=#1+16\n";
  text += "<-- ACK 4.00 20 format=60 status=429 error=M_LIMIT_EXCEEDED\n";
  // The upload was not lost by that.
  text += "<== $x 2.05\n<-- ACK 2.05 18 format=60 body=hex:a0\n";
  text += "--> CON PUT 21 path=a block1=1/0/16 body=#1+16\n==> $y PUT path=a body=#17\n";
  Script script;
  script.Play(text);
  script.rig().Close(script.session());
  EXPECT_EQ(script.rig().requests().exchanges_in_flight(), 0u);
  EXPECT_EQ(script.rig().requests().usage().request_bytes, 0u);
}

TEST(Limits, Rfc8075CodesTellTheWaitInMaxAge) {
  RigConfig config = LockstepConfig();
  config.request.codes = coap::CodeSet::kRfc8075;
  config.request.exchanges_per_session_max = 1;
  Script script(config);
  script.Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    --> CON GET 2 path=a
    <-- ACK 4.29 2 format=60 max-age=1 error=M_LIMIT_EXCEEDED
  )");
  script.rig().requests().StopAccepting();
  script.Play(R"(
    --> CON GET 3 path=a
    <-- ACK 5.03 3 format=60 max-age=1 error=M_UNKNOWN
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
  )");
}

TEST(Limits, WorkerWithoutRoomRefusesBodiesUntilThereIsSome) {
  RigConfig config = LockstepConfig();
  config.request.request_bytes_max = 100;
  Script script(config);
  script.Play(R"(
    --> CON PUT 1 path=a body=#60
    ==> $a PUT path=a body=#60
    --> CON PUT 2 path=b body=#60
    <-- ACK 5.02 2 format=60 status=503 error=M_UNKNOWN
    --> CON PUT 3 path=c block1=0/1/64 body=#64
    <-- ACK 5.02 3 format=60 status=503 error=M_UNKNOWN
    <== $a 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON PUT 4 path=b body=#60
    ==> $b PUT path=b body=#60
    <== $b 2.05
    <-- ACK 2.05 4 format=60 body=hex:a0
  )");
  EXPECT_EQ(script.rig().requests().usage().request_bytes, 0u);
}

TEST(Limits, ThirdUploadOfASessionIsToldToComeLater) {
  Script().Play(R"(
    --> CON PUT 1 path=a block1=0/1/16 body=#16
    <-- ACK 2.31 1 block1=0/1/16
    --> CON PUT 2 path=b block1=0/1/16 body=#16
    <-- ACK 2.31 2 block1=0/1/16
    --> CON PUT 3 path=c block1=0/1/16 body=#16
    <-- ACK 4.00 3 format=60 status=429 error=M_LIMIT_EXCEEDED
    --> CON PUT 4 path=a block1=0/1/16 body=#16       # starting anew is no third
    <-- ACK 2.31 4 block1=0/1/16
    --> CON PUT 5 path=c block1=0/0/16 body=#16       # nor is what needs no second block
    ==> PUT path=c body=#16
    <== 2.05
    <-- ACK 2.05 5 format=60 block1=0/0/16 body=hex:a0
  )");
}

TEST(Limits, ResponseWithoutRoomIsRefusedAccordingToWhatItsRequestDid) {
  RigConfig config = LockstepConfig();
  config.request.pinned_bytes_max = 2000;
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

TEST(Stopping, OnlyWhatIsUnderWayIsFinished) {
  Script script;
  script.Play(R"(
    --> CON GET 1 path=a
    ==> $a GET path=a
    --> CON GET 2 path=b
    ==> $b GET path=b
    <== $b 2.05 format=60 body=#1500
    <-- ACK 2.05 2 etag=$e format=60 block2=0/1/1024 size2=1500 body=#1024
  )");
  script.rig().requests().StopAccepting();
  script.Play(R"(
    --> CON GET 3 path=c
    <-- ACK 5.02 3 format=60 status=503 error=M_UNKNOWN
    --> CON PUT 4 path=c block1=0/1/16 body=#16
    <-- ACK 5.02 4 format=60 status=503 error=M_UNKNOWN
    --> CON GET 5 path=b block2=1/0/1024
    <-- ACK 2.05 5 etag=$e format=60 block2=1/0/1024 body=#476+1024
    <== $a 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON EMPTY 6
    <-- RST EMPTY 6
  )");
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
