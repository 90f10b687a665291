// Paths that take only small datagrams and tell nobody: messages of 1,024 bytes and more get lost,
// each time, and small ones do not.
#include <gtest/gtest.h>

#include "services/edge/request/counters.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

RigConfig UnknownPath() {
  RigConfig config = LockstepConfig();
  config.passed_bytes = 0;
  return config;
}

// A client's second repeat is answered by a smaller block, in an ACK with the same ID.
TEST(NarrowPath, FirstBlockOnAnAckRepeatedTwiceThenSmallBlocks) {
  Script script(UnknownPath());
  script.Play(R"(
    --> CON GET 0x0001 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#3000
    <-- ACK 2.05 0x0001 token=01 etag=$e format=60 block2=0/1/1024 size2=3000 body=#1024
    at 9s
    --> again
    <-- again
    at 18s
    --> again
    <-- ACK 2.05 0x0001 token=01 etag=$e format=60 block2=0/1/256 size2=3000 body=#256
    at 27s
    --> again
    <-- again
    --> CON GET 0x0002 token=01 path=a block2=1/1/256
    <-- ACK 2.05 0x0002 token=01 etag=$e format=60 block2=1/1/256 body=#256+256
    # Remembered for the session, also where a client asks for more.
    --> CON GET 0x0003 token=02 path=b
    ==> GET path=b
    <== 2.05 format=60 body=#600
    <-- ACK 2.05 0x0003 token=02 etag=$f format=60 block2=0/1/256 size2=600 body=#256
    --> CON GET 0x0004 token=01 path=a block2=2/0/1024
    <-- ACK 2.05 0x0004 token=01 etag=$e format=60 block2=8/1/256 body=#256+2048
  )");
  EXPECT_EQ(script.rig().requests().counters().paths_narrowed, 1u);
}

// It is kept for that although it went whole.
TEST(NarrowPath, WholeAnswerOnAnAckRepeatedTwiceThenByBlocks) {
  Script(UnknownPath()).Play(R"(
    --> CON POST 0x0001 token=01 path=a format=60 body=hex:a0
    ==> POST path=a format=60 body=hex:a0
    <== 2.05 format=60 body=#900
    <-- ACK 2.05 0x0001 token=01 format=60 body=#900
    at 9s
    --> again
    <-- again
    at 18s
    --> again
    <-- ACK 2.05 0x0001 token=01 etag=$e format=60 block2=0/1/256 size2=900 body=#256
    --> CON POST 0x0002 token=01 path=a format=60 block2=1/1/256
    <-- ACK 2.05 0x0002 token=01 etag=$e format=60 block2=1/1/256 body=#256+256
    --> CON POST 0x0003 token=01 path=a format=60 block2=3/1/256
    <-- ACK 2.05 0x0003 token=01 etag=$e format=60 block2=3/0/256 body=#132+768
  )");
}

// Two messages differ, so the smaller one has an ID of its own (RFC 7252 §4.2).
TEST(NarrowPath, SeparateAnswerRepeatedTwiceThenSmallUnderAnotherId) {
  Script(UnknownPath()).Play(R"(
    --> CON GET 0x0001 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 0x0001
    <== 2.05 format=60 body=#900
    <-- CON 2.05 $m token=01 format=60 body=#900
    <-- again 2 times
    at 15s
    <-- CON 2.05 $n token=01 etag=$e format=60 block2=0/1/256 size2=900 body=#256
    at 17s
    <-- again
    # Late: the smaller one counts.
    --> ACK EMPTY $m
    at 21s
    <-- again
    --> ACK EMPTY $n
    --> CON GET 0x0002 token=01 path=a block2=1/0/256
    <-- ACK 2.05 0x0002 token=01 etag=$e format=60 block2=1/1/256 body=#256+256
  )");
}

// Deployed clients ask for the next block inside the ACK, and take its number from the new size.
TEST(NarrowPath, ChainedBlockRepeatedTwiceThenSmallAtTheSameOffset) {
  Script(UnknownPath()).Play(R"(
    --> CON GET 0x0001 token=01 path=a block2=0/0/512
    ==> GET path=a
    <== 2.05 format=60 body=#20000
    <-- ACK 2.05 0x0001 token=01 etag=$e format=60 block2=0/1/512 size2=20000 body=#512
    --> CON GET 0x0002 token=01 path=a block2=1/1/1024
    <-- ACK EMPTY 0x0002
    <-- CON 2.05 $m token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    <-- again 2 times
    at 14s
    <-- CON 2.05 $n token=01 etag=$e format=60 block2=4/1/256 body=#256+1024
    --> ACK GET $n token=01 path=a block2=5/1/256
    <-- CON 2.05 $o token=01 etag=$e format=60 block2=5/1/256 body=#256+1280
    --> ACK EMPTY $o
  )");
}

constexpr const char* kRegister = R"(
    --> CON GET 0x0001 token=01 observe=0 path=7 auth=tok
    ==> GET path=7 auth=tok observe
    <== observable
    <-- ACK 2.05 0x0001 token=01 observe=2
)";

TEST(NarrowPath, WholeNotificationRepeatedTwiceThenByBlocks) {
  Script script(UnknownPath());
  script.Play(kRegister);
  script.Play(R"(
    <== 2.05 format=60 body=#1000 poll=changed cursor=c1
    <-- CON 2.05 $m token=01 observe=3 format=60 body=#1000
    <-- again 2 times
    at 14s
    <-- CON 2.05 $n token=01 observe=3 etag=$e format=60 block2=0/1/256 size2=1000 body=#256
    --> ACK EMPTY $n
    --> CON GET 0x0002 token=02 path=7 auth=tok block2=1/0/256
    <-- ACK 2.05 0x0002 token=02 etag=$e format=60 block2=1/1/256 body=#256+256
    --> CON GET 0x0003 token=02 path=7 auth=tok block2=3/0/256
    <-- ACK EMPTY 0x0003
    <-- CON 2.05 $o token=02 etag=$e format=60 block2=3/0/256 body=#232+768
    --> ACK EMPTY $o
    ==> GET path=7 auth=tok cursor=c1
  )");
}

// A client that asks for each block itself repeats itself too.
TEST(NarrowPath, LaterBlockAskedForThriceThenSmallAtTheSameOffset) {
  Script(UnknownPath()).Play(R"(
    --> CON GET 0x0001 token=01 path=a block2=0/0/256
    ==> GET path=a
    <== 2.05 format=60 body=#3000
    <-- ACK 2.05 0x0001 token=01 etag=$e format=60 block2=0/1/256 size2=3000 body=#256
    --> CON GET 0x0002 token=01 path=a block2=1/0/1024
    <-- ACK 2.05 0x0002 token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    at 2s
    --> again
    <-- again
    at 6s
    --> again
    <-- ACK 2.05 0x0002 token=01 etag=$e format=60 block2=4/1/256 body=#256+1024
  )");
}

// By the datagrams of the handshake, say.
TEST(NarrowPath, LargeMessagesKnownToPassThenLossIsLossAndNothingGetsSmaller) {
  Script script;
  script.Play(R"(
    --> CON GET 0x0001 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 0x0001
    <== 2.05 format=60 body=#900
    <-- CON 2.05 $m token=01 format=60 body=#900
    <-- again 3 times
    --> ACK EMPTY $m
  )");
  EXPECT_EQ(script.rig().requests().counters().paths_narrowed, 0u);
}

TEST(NarrowPath, BlockAcknowledgedOnceThenLossIsLoss) {
  Script script(UnknownPath());
  script.Play(R"(
    --> CON GET 0x0001 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#3000
    <-- ACK 2.05 0x0001 token=01 etag=$e format=60 block2=0/1/1024 size2=3000 body=#1024
    --> CON GET 0x0002 token=01 path=a block2=1/0/1024
    <-- ACK 2.05 0x0002 token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    at 2s
    --> again
    <-- again
    at 6s
    --> again
    <-- again
    at 14s
    --> again
    <-- again
  )");
  EXPECT_EQ(script.rig().requests().counters().paths_narrowed, 0u);
}

// Its path is another one by then.
TEST(NarrowPath, AddressChangedThenWhatPassedBeforeSaysNothing) {
  Script script;
  script.rig().requests().MovePeer(script.session(), *SocketAddress::FromLiteral("192.0.2.1", 9));
  script.Play(R"(
    --> CON GET 0x0001 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#900
    <-- ACK 2.05 0x0001 token=01 format=60 body=#900
    at 9s
    --> again
    <-- again
    at 18s
    --> again
    <-- ACK 2.05 0x0001 token=01 etag=$e format=60 block2=0/1/256 size2=900 body=#256
  )");
}

// Small messages get lost as well: that was no matter of size.
TEST(NarrowPath, ClientOutOfReachThenLargeBlocksAgain) {
  Script script(UnknownPath());
  script.Play(R"(
    --> CON GET 0x0001 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 0x0001
    <== 2.05 format=60 body=#900
    <-- CON 2.05 $m token=01 format=60 body=#900
    <-- again 2 times
    at 15s
    <-- CON 2.05 $n token=01 etag=$e format=60 block2=0/1/256 size2=900 body=#256
    at 17s
    <-- again
    --> ACK EMPTY $n
    --> CON GET 0x0002 token=02 path=b
    ==> GET path=b
    <== 2.05 format=60 body=#800
    <-- ACK 2.05 0x0002 token=02 format=60 body=#800
  )");
}

}  // namespace
}  // namespace lowband::edge::testing
