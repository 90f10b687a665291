// RFC 7252 Appendix A, figure by figure, and the rules of its section 4.
#include <gtest/gtest.h>

#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

//   Client  Server
//      +----->|     Header: GET (T=CON, Code=0.01, MID=0x7d34)
//      |<-----+     Header: 2.05 Content (T=ACK, MID=0x7d34)
TEST(Rfc7252, Figure16ConfirmableRequestPiggybackedResponse) {
  Script().Play(R"(
    --> CON GET 0x7d34 path=temperature
    ==> GET path=temperature
    <== 2.05 format=50 body="22.3 C"
    <-- ACK 2.05 0x7d34 format=50 body="22.3 C"
    at 600s
  )");
}

TEST(Rfc7252, Figure17ConfirmableRequestWithTokenPiggybackedResponse) {
  Script().Play(R"(
    --> CON GET 0x7d35 token=20 path=temperature
    ==> GET path=temperature
    <== 2.05 format=50 body="22.3 C"
    <-- ACK 2.05 0x7d35 token=20 format=50 body="22.3 C"
  )");
}

//      +----X |     lost, TIMEOUT
//      +----->|     Header: GET (T=CON, MID=0x7d36)
//      |<-----+     Header: 2.05 Content (T=ACK, MID=0x7d36)
TEST(Rfc7252, Figure18ConfirmableRequestRetransmittedPiggybackedResponse) {
  Script().Play(R"(
    at 2s
    --> CON GET 0x7d36 token=31 path=temperature
    ==> GET path=temperature
    <== 2.05 format=50 body="22.3 C"
    <-- ACK 2.05 0x7d36 token=31 format=50 body="22.3 C"
  )");
}

//      +----->|     Header: GET (T=CON, MID=0x7d37)
//      | X----+     Header: 2.05 Content (T=ACK, MID=0x7d37), lost
//      +----->|     TIMEOUT, the same again
//      |<-----+     the same again
TEST(Rfc7252, Figure19ConfirmableRequestPiggybackedResponseRetransmitted) {
  Script().Play(R"(
    --> CON GET 0x7d37 token=42 path=temperature
    ==> GET path=temperature
    <== 2.05 format=50 body="22.3 C"
    <-- ACK 2.05 0x7d37 token=42 format=50 body="22.3 C"
    at 2s
    --> again
    <-- again
    at 246s
    --> again
    <-- again
    at 250s          # EXCHANGE_LIFETIME is over: a new request with an old message ID
    --> again
    ==> GET path=temperature
    <== 2.05 format=50 body="22.4 C"
    <-- ACK 2.05 0x7d37 token=42 format=50 body="22.4 C"
  )");
}

//      +----->|     Header: GET (T=CON, MID=0x7d38)
//      |<- - -+     Header: (T=ACK, Code=0.00, MID=0x7d38)
//      |<-----+     Header: 2.05 Content (T=CON, MID=0xad7b)
//      +- - ->|     Header: (T=ACK, Code=0.00, MID=0xad7b)
TEST(Rfc7252, Figure20ConfirmableRequestSeparateResponse) {
  Script().Play(R"(
    --> CON GET 0x7d38 token=53 path=temperature
    ==> GET path=temperature
    at 1s
    <-- ACK EMPTY 0x7d38
    at 5s
    <== 2.05 format=50 body="22.3 C"
    <-- CON 2.05 $m token=53 format=50 body="22.3 C"
    --> ACK EMPTY $m
    at 600s
  )");
}

//      |<-----+     Header: 2.05 Content (T=CON, MID=0xad7c)
//      +- - ->|     Header: (T=RST, Code=0.00, MID=0xad7c)
TEST(Rfc7252, Figure21SeparateResponseUnexpectedIsNotRepeated) {
  Script().Play(R"(
    --> CON GET 0x7d39 token=64 path=temperature
    ==> GET path=temperature
    at 1s
    <-- ACK EMPTY 0x7d39
    <== 2.05 format=50 body="22.3 C"
    <-- CON 2.05 $m token=64 format=50 body="22.3 C"
    --> RST EMPTY $m
    at 600s
  )");
}

//      +----->|     Header: GET (T=NON, MID=0x7d40)
//      |<-----+     Header: 2.05 Content (T=NON, MID=0xad7d)
TEST(Rfc7252, Figure22NonConfirmableRequestNonConfirmableResponse) {
  Script().Play(R"(
    --> NON GET 0x7d40 token=75 path=temperature
    ==> GET path=temperature
    at 5s
    <== 2.05 format=50 body="22.3 C"
    <-- NON 2.05 $m token=75 format=50 body="22.3 C"
    at 600s
  )");
}

TEST(Rfc7252, Section42SeparateResponseIsRetransmittedFourTimesThenGivenUp) {
  Script script;
  script.Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    at 10s
    <== 2.05 format=60 body=hex:a0
    <-- CON 2.05 $m token=01 format=60 body=hex:a0
    gives up         # MAX_TRANSMIT_WAIT for a first timeout of 2 s
    at 300s
  )");
  EXPECT_EQ(script.rig().messages().unacknowledged(), 0u);
}

TEST(Rfc7252, Section42AcknowledgedRetransmissionEnds) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    <== 2.05 format=60 body=hex:a0
    <-- CON 2.05 $m token=01 format=60 body=hex:a0
    at 3s
    <-- again
    --> ACK EMPTY $m
    --> ACK EMPTY $m     # a duplicate
    at 100s
  )");
}

// The client waits for ever, as the deployed ones do, and shows that it is there.
TEST(Rfc7252, Section42GivenUpResponseIsSentAnewWhenTheClientIsBack) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    <== 2.05 format=60 body=hex:a0
    <-- CON 2.05 $m token=01 format=60 body=hex:a0
    gives up
    at 122s
    --> CON EMPTY 2              # a ping
    <-- RST EMPTY 2
    <-- CON 2.05 $m token=01 format=60 body=hex:a0
    at 124s
    <-- again
    --> CON GET 1 token=01 path=a    # its own retransmission
    <-- ACK EMPTY 1
    --> ACK EMPTY $m
    --> CON EMPTY 3
    <-- RST EMPTY 3
    at 500s
  )");
}

TEST(Rfc7252, Section42GivenUpResponseIsForgottenAfterItsLifetime) {
  Script script;
  script.Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    <== 2.05 format=60 body=hex:a0
    <-- CON 2.05 $m token=01 format=60 body=hex:a0
    gives up
    at 311s                     # given up at 63 s
    --> CON EMPTY 2
    <-- RST EMPTY 2
  )");
  script.rig().AdvanceTo(script.rig().now() + std::chrono::seconds(300));
  EXPECT_EQ(script.rig().messages().session_count(), 0u);
}

TEST(Rfc7252, Section42LateAcknowledgementEndsAGivenUpResponse) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    <== 2.05 format=60 body=hex:a0
    <-- CON 2.05 $m token=01 format=60 body=hex:a0
    gives up
    at 100s
    --> ACK EMPTY $m
    --> CON EMPTY 2
    <-- RST EMPTY 2
  )");
}

TEST(Rfc7252, Section42DuplicateGetsWhatWasSentLast) {
  Script().Play(R"(
    --> CON GET 7 token=01 path=a
    ==> GET path=a
    at 0.5s
    --> again            # before the ACK: nothing, the answer may still ride on it
    at 1s
    <-- ACK EMPTY 7
    at 2s
    --> again
    <-- again
    <== 2.05 format=60 body=hex:a0
    <-- CON 2.05 $m token=01 format=60 body=hex:a0
    at 2.5s
    --> CON GET 7 token=01 path=a
    <-- ACK EMPTY 7
    --> ACK EMPTY $m
    at 100s
    --> CON GET 7 token=01 path=a
    <-- ACK EMPTY 7
  )");
}

TEST(Rfc7252, Section43DuplicateNonIsIgnored) {
  Script().Play(R"(
    --> NON POST 9 token=01 path=a
    ==> POST path=a
    --> again
    <== 2.05 format=60 body=hex:a0
    <-- NON 2.05 $m token=01 format=60 body=hex:a0
    --> again
    at 200s
    --> again
  )");
}

TEST(Rfc7252, Section43PingIsAnsweredByReset) {
  Script().Play(R"(
    --> CON EMPTY 0x1234
    <-- RST EMPTY 0x1234
    --> again
    <-- again
    --> NON EMPTY 0x1235
    at 600s
  )");
}

TEST(Rfc7252, Section42MalformedConIsRejectedAnythingElseIgnored) {
  Script().Play(R"(
    --> raw 4f010001          # CON, token length 15
    <-- RST EMPTY 1
    --> raw 5f010002          # NON
    --> raw 6f010003          # ACK
    --> raw 7f010004          # RST
    --> raw 42010005aa        # CON that ends in its token
    <-- RST EMPTY 5
    --> raw 40010006ff        # CON, payload marker and no payload
    <-- RST EMPTY 6
    --> raw 40010007f0        # CON, reserved option delta
    <-- RST EMPTY 7
    --> raw 40000008ff01      # CON, empty but with a payload
    <-- RST EMPTY 8
    --> raw 40210009          # CON, code 1.01 of a reserved class
    <-- RST EMPTY 9
    --> raw 50210009          # NON
    --> raw 40e1000a          # CON, code 7.01
    <-- RST EMPTY 10
    --> raw 4001              # too short
    --> raw 00
  )");
}

TEST(Rfc7252, Section3OtherVersionIsIgnored) {
  Script().Play(R"(
    --> raw 00010001
    --> raw 80010001
    --> raw c0010001
  )");
}

TEST(Rfc7252, Section44ResponseFromAClientIsRejected) {
  Script().Play(R"(
    --> CON 2.05 3 token=01 body="x"
    <-- RST EMPTY 3
    --> NON 2.05 4 token=01 body="x"
    --> ACK 2.05 5 token=01 body="x"
    --> RST EMPTY 6
  )");
}

TEST(Rfc7252, Section54UnknownCriticalOptionIsRefusedWithADiagnostic) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a opt=65001:00
    <-- ACK 4.02 1 token=01 format=60 error=M_UNRECOGNIZED
    --> CON GET 2 token=01 path=a opt=19:00       # Q-Block1
    <-- ACK 4.02 2 token=01 format=60 error=M_UNRECOGNIZED
    --> CON GET 3 token=01 path=a opt=31:00       # Q-Block2
    <-- ACK 4.02 3 token=01 format=60 error=M_UNRECOGNIZED
    --> CON PUT 4 token=01 path=a opt=1:010203040506070809   # If-Match of nine bytes
    <-- ACK 4.02 4 token=01 format=60 error=M_UNRECOGNIZED
    --> CON PUT 5 token=01 path=a opt=5:          # If-None-Match
    <-- ACK 4.02 5 token=01 format=60 error=M_UNRECOGNIZED
    --> CON GET 6 token=01 path=a accept=60 accept=60
    <-- ACK 4.02 6 token=01 format=60 error=M_UNRECOGNIZED
    --> CON GET 7 token=01 path=a opt=17:000000   # Accept of three bytes
    <-- ACK 4.02 7 token=01 format=60 error=M_UNRECOGNIZED
    --> NON GET 8 token=01 path=a opt=65001:
    <-- NON 4.02 $m token=01 format=60 error=M_UNRECOGNIZED
  )");
}

TEST(Rfc7252, Section54UnknownElectiveOptionIsIgnored) {
  Script().Play(R"(
    --> CON GET 1 path=a observe=0 etag=0102 opt=3:686f7374 opt=7:1633 opt=252:aa \
        opt=65000:00
    ==> GET path=a observe etag=0102
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON GET 2 path=a format=60 format=50 opt=60:0102030405
    ==> GET path=a format=60
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 2 format=60 body=hex:a0
  )");
}

TEST(Rfc7252, Section510ProxyingIsNotSupported) {
  Script().Play(R"(
    --> CON GET 1 opt=35:636f61703a2f2f78
    <-- ACK 5.05 1 format=60 error=M_UNRECOGNIZED
    --> CON GET 2 path=a opt=39:68747470
    <-- ACK 5.05 2 format=60 error=M_UNRECOGNIZED
  )");
}

TEST(Rfc7252, Section58UnknownMethodIsNotAllowed) {
  Script().Play(R"(
    --> raw 4006000160          # 0.06 PATCH, option 6
    <-- ACK 4.05 1 format=60 error=M_UNRECOGNIZED
    --> raw 401f0002            # 0.31
    <-- ACK 4.05 2 format=60 error=M_UNRECOGNIZED
  )");
}

TEST(Rfc8132, FetchIsARequestLikeAnyOther) {
  Script().Play(R"(
    --> CON FETCH 1 path=a format=60 body=hex:a0
    ==> FETCH path=a format=60 body=hex:a0
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 1 format=60 body=hex:a0
  )");
}

TEST(Rfc8974, TokenOfThirtyTwoBytesComesBackWhole) {
  Script().Play(R"(
    --> CON GET 1 token=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    <== 2.05 format=60 body=hex:a0
    <-- CON 2.05 $m token=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f \
        format=60 body=hex:a0
    --> ACK EMPTY $m
    --> raw 4d010002140102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021  # 33 bytes
    <-- RST EMPTY 2
  )");
}

// RFC 7252 §4.5: a duplicate gets its answer again, however many other answers went out meanwhile.
std::string ManyExchanges(int from, int count) {
  std::string text;
  for (int i = from; i < from + count; ++i) {
    const std::string id = std::to_string(i);
    text += "--> CON GET " + id + " token=" + std::to_string(1000 + i) + " path=small\n";
    text += "==> GET path=small\n<== 2.05 format=50 body=\"{}\"\n";
    text +=
        "<-- ACK 2.05 " + id + " token=" + std::to_string(1000 + i) + " format=50 body=\"{}\"\n";
  }
  return text;
}

constexpr std::string_view kPostOnce = R"(
    --> CON POST 9000 token=77 path=send format=60 body=hex:a0
    ==> POST path=send format=60 body=hex:a0
    <== 2.05 format=60 body=hex:a10102
    <-- ACK 2.05 9000 token=77 format=60 body=hex:a10102
)";

TEST(Rfc7252, AnswerLostAndManyOthersSentMeanwhileThenTheDuplicateGetsItAgain) {
  Script script;
  script.Play(kPostOnce);
  script.Play(ManyExchanges(100, 400));
  script.Play(R"(
    --> CON POST 9000 token=77 path=send format=60 body=hex:a0
    <-- ACK 2.05 9000 token=77 format=60 body=hex:a10102
  )");
}

TEST(Rfc7252, PostWhoseAnswerWasEvictedThenItsDuplicateGetsOneFinalError) {
  RigConfig config = LockstepConfig();
  config.message.answer_bytes_max = 2000;
  Script script(config);
  script.Play(kPostOnce);
  // Other posts, as those to anything else go first.
  for (int id = 9001; id < 9020; ++id) {
    std::string text(kPostOnce);
    while (text.find("9000") != std::string::npos) {
      text.replace(text.find("9000"), 4, std::to_string(id));
    }
    script.Play(text);
  }
  constexpr std::string_view kAgain = R"(
    --> CON POST 9000 token=77 path=send format=60 body=hex:a0
    <-- ACK 5.04 9000 token=77 format=60 error=M_UNKNOWN
  )";
  script.Play(kAgain);
  script.Play(kAgain);
}

TEST(Rfc7252, AnotherNetworkPostsManyThenTheDuplicateStillGetsItsAnswer) {
  RigConfig config = LockstepConfig();
  config.message.answer_bytes_max = 2000;
  Script script(config);
  script.Play(kPostOnce);
  Rig& rig = script.rig();
  const SessionId other{2};
  rig.Open(other, "198.51.100.7");
  for (int id = 1; id <= 100; ++id) {
    rig.Receive(other, Encode(ParseText({"CON", "POST", std::to_string(id), "path=send"}), {}));
    request::Answer answer;
    answer.id = std::get<request::StartExchange>(*rig.TakeCommand()).id;
    answer.code = coap::kContent;
    rig.Answer(std::move(answer));
    ASSERT_TRUE(rig.TakeSent());
  }
  script.Play(R"(
    --> CON POST 9000 token=77 path=send format=60 body=hex:a0
    <-- ACK 2.05 9000 token=77 format=60 body=hex:a10102
  )");
}

}  // namespace
}  // namespace lowband::edge::testing
