// Observations by FETCH: RFC 8132 section 2, by which the body is part of what is observed, with
// RFC 7641 and RFC 7959. Sliding sync has two such observations of one path in one session.
#include <gtest/gtest.h>

#include "services/edge/request/counters.h"
#include "services/edge/request/limits.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

// Two of one path, with tokens 0a and 0b and other bodies; both have their first result.
constexpr std::string_view kTwo = R"(
    --> CON FETCH 10 token=0a observe=0 path=_matrix/client/v4/sync format=50 auth="tok" body="{}"
    ==> $a FETCH path=_matrix/client/v4/sync format=50 auth=tok observe body="{}"
    <== $a observable
    <-- ACK 2.05 10 token=0a observe=2
    --> CON FETCH 11 token=0b observe=0 path=_matrix/client/v4/sync format=50 body="{ }"
    ==> $b FETCH path=_matrix/client/v4/sync format=50 auth=tok observe body="{ }"
    <== $b observable
    <-- ACK 2.05 11 token=0b observe=2
    <== $a 2.05 format=50 body="a1" poll=changed cursor=a1
    <-- CON 2.05 $m1 token=0a observe=3 format=50 body="a1"
    <== $b 2.05 format=50 body="b1" poll=changed cursor=b1
    <-- CON 2.05 $m2 token=0b observe=3 format=50 body="b1"
    --> ACK EMPTY $m1
    ==> $a FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=a1 body="{}"
    --> ACK EMPTY $m2
    ==> $b FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=b1 body="{ }"
)";

RigConfig BlocksOf128() {
  RigConfig config = LockstepConfig();
  config.request.block_szx = 3;
  return config;
}

TEST(ObservedFetch, TwoOfOnePathThenEachByItsOwnBodyAndCursor) {
  Script script;
  script.Play(kTwo);
  script.Play(R"(
    at 10s
    <== $b 2.05 format=50 body="b2" poll=changed cursor=b2
    <-- CON 2.05 $m token=0b observe=4 format=50 body="b2"
    <== $a 2.05 poll=unchanged
    ==> $a FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=a1 body="{}"
    --> ACK EMPTY $m
    ==> $b FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=b2 body="{ }"
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 2u);
}

TEST(ObservedFetch, OtherParametersUnderTheSameTokenThenReplaced) {
  Script script;
  script.Play(kTwo);
  script.Play(R"(
    at 10s
    --> CON FETCH 12 token=0a observe=0 path=_matrix/client/v4/sync query=pos=a1 format=50 body="[]"
    ==> $new FETCH path=_matrix/client/v4/sync query=pos=a1 format=50 auth=tok observe body="[]"
    <== $new observable
    ==> $a cancel
    <-- ACK 2.05 12 token=0a observe=4
    <== $new 2.05 format=50 body="a2" poll=changed cursor=a2
    <-- CON 2.05 $m token=0a observe=5 format=50 body="a2"
    --> ACK EMPTY $m
    ==> $new FETCH path=_matrix/client/v4/sync query=pos=a1 format=50 auth=tok cursor=a2 body="[]"
    --> CON FETCH 13 token=0b observe=1 path=_matrix/client/v4/sync format=50 body="{ }"
    <-- ACK 2.05 13 token=0b format=50 body="{}"
    ==> $b cancel
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 1u);
}

// The tags of RFC 9175 tell them apart, as our client sends them.
TEST(ObservedFetch, TwoLargeNotificationsAtOnceThenEachByItsRequestTag) {
  Script(BlocksOf128()).Play(R"(
    --> CON FETCH 10 token=0a observe=0 path=_matrix/client/v4/sync format=50 tag=01 body="{}"
    ==> $a FETCH path=_matrix/client/v4/sync format=50 observe body="{}"
    <== $a observable
    <-- ACK 2.05 10 token=0a observe=2
    --> CON FETCH 11 token=0b observe=0 path=_matrix/client/v4/sync format=50 tag=02 body="{ }"
    ==> $b FETCH path=_matrix/client/v4/sync format=50 observe body="{ }"
    <== $b observable
    <-- ACK 2.05 11 token=0b observe=2
    <== $a 2.05 format=50 body=#200 poll=changed cursor=a1
    <-- CON 2.05 $m1 token=0a observe=3 etag=$e1 format=50 block2=0/1/128 size2=200 body=#128
    <== $b 2.05 format=50 body=#200+1000 poll=changed cursor=b1
    <-- CON 2.05 $m2 token=0b observe=3 etag=$e2 format=50 block2=0/1/128 size2=200 body=#128+1000
    --> ACK EMPTY $m1
    --> ACK EMPTY $m2
    --> CON FETCH 12 token=0c path=_matrix/client/v4/sync format=50 tag=02 block2=1/0/128
    <-- ACK EMPTY 12
    <-- CON 2.05 $m3 token=0c etag=$e2 format=50 block2=1/0/128 body=#72+1128
    --> CON FETCH 13 token=0d path=_matrix/client/v4/sync format=50 tag=01 block2=1/0/128
    <-- ACK EMPTY 13
    <-- CON 2.05 $m4 token=0d etag=$e1 format=50 block2=1/0/128 body=#72+128
    --> ACK EMPTY $m4
    ==> $a FETCH path=_matrix/client/v4/sync format=50 cursor=a1 body="{}"
    --> ACK EMPTY $m3
    ==> $b FETCH path=_matrix/client/v4/sync format=50 cursor=b1 body="{ }"
  )");
}

// By RFC 8132 the body is part of the cache key: a client may name the resource so, too.
TEST(ObservedFetch, TwoLargeNotificationsAtOnceThenEachByTheBodyOfTheRequest) {
  Script script(BlocksOf128());
  script.Play(kTwo);
  script.Play(R"(
    at 10s
    <== $a 2.05 format=50 body=#200 poll=changed cursor=a2
    <-- CON 2.05 $n1 token=0a observe=4 etag=$e1 format=50 block2=0/1/128 size2=200 body=#128
    <== $b 2.05 format=50 body=#200+1000 poll=changed cursor=b2
    <-- CON 2.05 $n2 token=0b observe=4 etag=$e2 format=50 block2=0/1/128 size2=200 body=#128+1000
    --> ACK EMPTY $n1
    --> ACK EMPTY $n2
    --> CON FETCH 12 token=0c path=_matrix/client/v4/sync block2=1/0/128
    <-- ACK 4.08 12 token=0c format=60 error=M_UNKNOWN
    --> CON FETCH 13 token=0c path=_matrix/client/v4/sync format=50 block2=1/0/128 body="{ }"
    <-- ACK EMPTY 13
    <-- CON 2.05 $n3 token=0c etag=$e2 format=50 block2=1/0/128 body=#72+1128
    --> ACK EMPTY $n3
    ==> $b FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=b2 body="{ }"
    --> CON FETCH 14 token=0d path=_matrix/client/v4/sync format=50 block2=1/0/128 body="{}"
    <-- ACK EMPTY 14
    <-- CON 2.05 $n4 token=0d etag=$e1 format=50 block2=1/0/128 body=#72+128
    --> ACK EMPTY $n4
    ==> $a FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=a2 body="{}"
  )");
}

TEST(ObservedFetch, BodyByBlocksThenObservedLikeAnyOther) {
  Script(BlocksOf128()).Play(R"(
    --> CON FETCH 10 token=0a observe=0 path=_matrix/client/v4/sync format=0 tag=01 block1=0/1/128 \
        body=#128
    <-- ACK 2.31 10 token=0a block1=0/1/128
    --> CON FETCH 11 token=0a observe=0 path=_matrix/client/v4/sync format=0 tag=01 block1=1/0/128 \
        body=#50+128
    ==> FETCH path=_matrix/client/v4/sync format=0 observe body=#178
    <== observable
    <-- ACK 2.05 11 token=0a observe=2
    <== 2.05 format=60 body="one" poll=changed cursor=c1
    <-- CON 2.05 $m1 token=0a observe=3 format=60 block1=1/0/128 body="one"
    --> ACK EMPTY $m1
    ==> FETCH path=_matrix/client/v4/sync format=0 cursor=c1 body=#178
    <== 2.05 format=60 body="two" poll=changed cursor=c2
    <-- CON 2.05 $m2 token=0a observe=4 format=60 block1=1/0/128 body="two"
    --> ACK EMPTY $m2
    ==> FETCH path=_matrix/client/v4/sync format=0 cursor=c2 body=#178
  )");
}

TEST(ObservedFetch, BodyTooLongToKeepThenAnsweredOnce) {
  const std::string size = std::to_string(request::kObservedBodyBytesMax + 1);
  RigConfig config = LockstepConfig();
  Script script(config);
  std::string text;
  const size_t blocks = request::kObservedBodyBytesMax / 1024;
  for (size_t i = 0; i < blocks; ++i) {
    const std::string n = std::to_string(i);
    const std::string block = "block1=" + n + "/1/1024";
    const std::string id = std::to_string(10 + i);
    text += "--> CON FETCH " + id + " token=0a observe=0 path=_matrix/client/v4/sync format=0 " +
            block + " body=#1024+" + std::to_string(1024 * i) + "\n";
    text += "<-- ACK 2.31 " + id + " token=0a " + block + "\n";
  }
  const std::string last = "block1=" + std::to_string(blocks) + "/0/1024";
  text += "--> CON FETCH 90 token=0a observe=0 path=_matrix/client/v4/sync format=0 " + last +
          " body=#1+" + std::to_string(1024 * blocks) + "\n";
  text += "==> FETCH path=_matrix/client/v4/sync format=0 body=#" + size + "\n";
  text += "<== 2.05 format=60 body=\"one\"\n";
  text += "<-- ACK 2.05 90 token=0a format=60 " + last + " body=\"one\"\n";
  script.Play(text);
  EXPECT_EQ(script.rig().requests().usage().observations, 0u);
}

// The position that the homeserver no longer knows: its client begins anew.
TEST(ObservedFetch, PositionUnknownThenOneErrorNotificationAndTheOtherGoesOn) {
  Script script;
  script.Play(kTwo);
  script.Play(R"(
    at 10s
    <== $a 4.00 format=50 body="pos" poll=ended
    <-- CON 4.00 $m token=0a format=50 body="pos"
    --> ACK EMPTY $m
    at 60s
    <== $b 2.05 poll=unchanged
    ==> $b FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=b1 body="{ }"
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 1u);
}

// After an error notification a conforming client registers anew, with any token. That replaces the
// observation with the same body, and no other one.
TEST(ObservedFetch, RegisteredAnewAfterFailuresThenOnlyTheOneWithTheSameBodyReplaced) {
  Script script;
  script.Play(kTwo);
  script.Play("at 10s\n<== $a 5.02 format=50 body=\"x\" poll=failed");
  for (const char* at : {"12", "16", "24", "40"}) {
    script.Play("at " + std::string(at) + "s\n" +
                "==> $a FETCH path=_matrix/client/v4/sync format=50 auth=tok cursor=a1 "
                "body=\"{}\"\n<== $a 5.02 format=50 body=\"x\" poll=failed" +
                (at == std::string("40") ? "\n<-- CON 5.02 $told token=0a format=50 body=\"x\"\n"
                                           "--> ACK EMPTY $told"
                                         : ""));
  }
  script.Play(R"(
    --> CON FETCH 20 token=0c observe=0 path=_matrix/client/v4/sync format=50 body="[]"
    ==> $c FETCH path=_matrix/client/v4/sync format=50 auth=tok observe body="[]"
    <== $c observable
    <-- ACK 2.05 20 token=0c observe=2
    --> CON FETCH 21 token=0d observe=0 path=_matrix/client/v4/sync format=50 body="{}"
    ==> $d FETCH path=_matrix/client/v4/sync format=50 auth=tok observe body="{}"
    <== $d observable
    <-- ACK 2.05 21 token=0d observe=4
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 3u) << "b, c and d";
}

}  // namespace
}  // namespace lowband::edge::testing
