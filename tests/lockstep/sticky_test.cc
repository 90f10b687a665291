// The sticky options of MSC3079: the access token and the version of the key table.
#include <gtest/gtest.h>

#include <string>

#include "services/edge/request/limits.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

TEST(StickyToken, HoldsForLaterRequestsUntilReplacedOrCleared) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON GET 2 path=a auth="one"
    ==> GET path=a auth=one
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
    --> CON GET 3 path=a
    ==> GET path=a auth=one
    <== 2.05
    <-- ACK 2.05 3 format=60 body=hex:a0
    --> CON GET 4 path=a auth="Bearer two"
    ==> GET path=a auth=two
    <== 2.05
    <-- ACK 2.05 4 format=60 body=hex:a0
    --> CON GET 5 path=a
    ==> GET path=a auth=two
    <== 2.05
    <-- ACK 2.05 5 format=60 body=hex:a0
    --> CON GET 6 path=a auth=""
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 6 format=60 body=hex:a0
    --> CON GET 7 path=a
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 7 format=60 body=hex:a0
  )");
}

TEST(StickyToken, ChangeAffectsLaterRequestsOnly) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a auth="old"
    ==> $a GET path=a auth=old
    --> CON GET 2 token=02 path=a auth="new"
    ==> $b GET path=a auth=new
    <== $a 2.05
    <-- ACK 2.05 1 token=01 format=60 body=hex:a0
    <== $b 2.05
    <-- ACK 2.05 2 token=02 format=60 body=hex:a0
  )");
}

TEST(StickyToken, RefusedByTheHomeserverThenItIsGone) {
  Script().Play(R"(
    --> CON GET 1 path=a auth="bad"
    ==> GET path=a auth=bad
    <== 4.01 format=60 body="e" refused
    <-- ACK 4.01 1 format=60 body="e"
    --> CON GET 2 path=a
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
  )");
}

TEST(StickyToken, RefusalOfAnEarlierOneLeavesTheOneInForce) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a auth="old"
    ==> $a GET path=a auth=old
    --> CON GET 2 token=02 path=a auth="new"
    ==> $b GET path=a auth=new
    <== $a 4.01 format=60 body="e" refused
    <-- ACK 4.01 1 token=01 format=60 body="e"
    --> CON GET 3 token=03 path=a
    ==> $c GET path=a auth=new
    <== $b 2.05
    <-- ACK 2.05 2 token=02 format=60 body=hex:a0
    <== $c 2.05
    <-- ACK 2.05 3 token=03 format=60 body=hex:a0
  )");
}

// The client sent it and will not send it again.
TEST(StickyToken, CountsEvenWhenItsRequestIsRefused) {
  Script().Play(R"(
    --> CON GET 1 path=a auth="tok" opt=65001:
    <-- ACK 4.02 1 format=60 error=M_UNRECOGNIZED
    --> CON GET 2 path=a
    ==> GET path=a auth=tok
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
  )");
}

TEST(StickyToken, DiesWithItsSession) {
  Script script;
  script.Play(R"(
    --> CON GET 1 path=a auth="tok"
    ==> GET path=a auth=tok
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    close
  )");
  script.rig().Open(script.session());
  script.Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
  )");
}

TEST(StickyToken, OverTheLimitIsRefusedAndTheOneInForceStays) {
  const std::string limit(request::kAccessTokenBytesMax, 'x');
  Script().Play("--> CON GET 1 path=a auth=\"" + limit + "\"\n==> GET path=a auth=" + limit +
                "\n<== 2.05\n<-- ACK 2.05 1 format=60 body=hex:a0\n--> CON GET 2 path=a auth=\"y" +
                limit +
                "\"\n<-- ACK 4.00 2 format=60 error=M_INVALID_PARAM\n"
                "--> CON GET 3 path=a\n==> GET path=a auth=" +
                limit + "\n<== 2.05\n<-- ACK 2.05 3 format=60 body=hex:a0\n");
}

TEST(StickyToken, InAnUploadTheLastBlockDecides) {
  Script().Play(R"(
    --> CON PUT 1 path=a auth="tok" block1=0/1/64 body=#64
    <-- ACK 2.31 1 block1=0/1/64
    --> CON PUT 2 path=a block1=1/0/64 body=#1+64
    ==> PUT path=a auth=tok body=#65
    <== 2.05
    <-- ACK 2.05 2 format=60 block1=1/0/64 body=hex:a0
  )");
}

// The token's request was overtaken on the way.
TEST(StickyToken, RequestRefusedForWantOfOneIsTriedAgainWhenItComes) {
  Script().Play(R"(
    --> CON POST 2 token=02 path=b format=60 body="x"
    ==> $b POST path=b format=60 body="x"
    <== $b 4.01 format=60 body="missing" refused
    at 0.2s
    --> CON GET 1 token=01 path=a auth="tok"
    ==> $b POST path=b format=60 auth=tok body="x"
    ==> $a GET path=a auth=tok
    <== $b 2.05 format=60 body="b"
    <-- ACK 2.05 2 token=02 format=60 body="b"
    <== $a 2.05 format=60 body="a"
    <-- ACK 2.05 1 token=01 format=60 body="a"
  )");
}

TEST(StickyToken, RequestRefusedAfterItCameIsTriedAgainAtOnceAndOnlyOnce) {
  Script().Play(R"(
    --> CON GET 2 token=02 path=b
    ==> $b GET path=b
    --> CON GET 1 token=01 path=a auth="tok"
    ==> $a GET path=a auth=tok
    <== $b 4.01 format=60 body="missing" refused
    ==> $b GET path=b auth=tok
    <== $b 4.01 format=60 body="refused" refused
    <-- ACK 4.01 2 token=02 format=60 body="refused"
    <== $a 2.05
    <-- ACK 2.05 1 token=01 format=60 body=hex:a0
  )");
}

TEST(StickyToken, RequestRefusedForWantOfOneIsAnsweredAfterAMoment) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 4.01 format=60 body="missing" refused
    at 0.5s
    <-- ACK 4.01 1 format=60 body="missing"
  )");
}

TEST(StickyToken, HeldRequestOfAClosedSessionIsDroppedWithoutACancel) {
  Script script;
  script.Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 4.01 format=60 body="missing" refused
    close
    at 10s
  )");
  EXPECT_EQ(script.rig().requests().exchanges_in_flight(), 0u);
}

TEST(StickyKeyTable, HoldsForLaterRequests) {
  Script().Play(R"(
    --> CON GET 1 path=a keys=0
    ==> GET path=a keys=0
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON GET 2 path=a
    ==> GET path=a keys=0
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
    --> CON GET 3 path=a keys=1
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 3 format=60 body=hex:a0
  )");
}

TEST(StickyKeyTable, UnknownVersionIsRefusedAndTheOneInForceStays) {
  Script().Play(R"(
    --> CON GET 1 path=a keys=2
    <-- ACK 4.02 1 format=60 error=M_UNRECOGNIZED
    --> CON GET 2 path=a keys=1 keys=1
    <-- ACK 4.02 2 format=60 error=M_UNRECOGNIZED
    --> CON GET 3 path=a
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 3 format=60 body=hex:a0
  )");
}

TEST(StickyKeyTable, DefaultIsTheOperators) {
  RigConfig config = LockstepConfig();
  config.request.default_key_table = 0;
  Script(config).Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a keys=0
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
  )");
}

}  // namespace
}  // namespace lowband::edge::testing
