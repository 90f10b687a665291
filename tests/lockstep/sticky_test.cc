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

// Its client takes it for its own: it shall hear what the homeserver says of it (soft_logout), not
// that it gave none.
TEST(StickyToken, RefusedByTheHomeserverThenLaterRequestsStillGoWithIt) {
  Script().Play(R"(
    --> CON GET 1 path=a auth="bad"
    ==> GET path=a auth=bad
    <== 4.01 format=60 body="unknown" refused
    <-- ACK 4.01 1 format=60 body="unknown"
    --> CON GET 2 path=a
    ==> GET path=a auth=bad
    <== 4.01 format=60 body="unknown" refused
    at 1s
    <-- ACK 0.00 2
    at 10s
    <-- CON 4.01 $m format=60 body="unknown"
    --> ACK 0.00 $m
    --> CON GET 3 path=a auth="bad"
    ==> GET path=a auth=bad
    <== 4.01 format=60 body="unknown" refused
    <-- ACK 4.01 3 format=60 body="unknown"
    --> CON GET 4 path=a auth=""
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 4 format=60 body=hex:a0
  )");
}

// The message with the fresh one was lost; it is repeated after 9 s.
TEST(StickyToken, RefusedThenARequestWaitsForTheFreshOne) {
  Script().Play(R"(
    --> CON GET 1 path=a auth="old"
    ==> GET path=a auth=old
    <== 4.01 format=60 body="unknown" refused
    <-- ACK 4.01 1 format=60 body="unknown"
    at 100s
    --> CON POST 3 token=03 path=b format=60 body="x"
    ==> $b POST path=b format=60 auth=old body="x"
    <== $b 4.01 format=60 body="unknown" refused
    at 101s
    <-- ACK 0.00 3
    at 109s
    --> CON GET 2 token=02 path=a auth="new"
    ==> $b POST path=b format=60 auth=new body="x"
    ==> $a GET path=a auth=new
    <== $b 2.05 format=60 body="b"
    <-- CON 2.05 $m token=03 format=60 body="b"
    --> ACK 0.00 $m
    <== $a 2.05
    <-- ACK 2.05 2 token=02 format=60 body=hex:a0
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

TEST(StickyToken, UploadGoesWithTheTokenOfItsBlocks) {
  Script().Play(R"(
    --> CON PUT 1 path=a auth="A" block1=0/1/64 body=#64
    <-- ACK 2.31 1 block1=0/1/64
    --> CON GET 2 token=02 path=b auth="B"
    ==> $b GET path=b auth=B
    --> CON PUT 3 path=a auth="A" block1=1/1/64 body=#64+64
    <-- ACK 2.31 3 block1=1/1/64
    --> CON GET 4 token=04 path=c
    ==> $c GET path=c auth=B
    --> CON PUT 5 path=a block1=2/0/64 body=#1+128
    ==> $a PUT path=a auth=A body=#129
    <== $a 2.05
    <-- ACK 2.05 5 format=60 block1=2/0/64 body=hex:a0
    <== $b 2.05
    <-- ACK 2.05 2 token=02 format=60 body=hex:a0
    <== $c 2.05
    <-- ACK 2.05 4 token=04 format=60 body=hex:a0
  )");
}

TEST(StickyToken, BlockThatNamesAnotherIsNoneOfTheBody) {
  Script().Play(R"(
    --> CON PUT 1 path=a auth="A" block1=0/1/64 body=#64
    <-- ACK 2.31 1 block1=0/1/64
    --> CON PUT 2 path=a auth="B" block1=1/0/64 body=#1+64
    <-- ACK 4.08 2 format=60 error=M_UNKNOWN
    --> CON PUT 3 path=a auth="A" block1=1/0/64 body=#1+64
    ==> PUT path=a auth=A body=#65
    <== 2.05
    <-- ACK 2.05 3 format=60 block1=1/0/64 body=hex:a0
  )");
}

// A follow-up repeats what its request said, long after the session belongs to somebody else.
TEST(StickyToken, FollowUpOfADownloadChangesNothing) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=big auth="A" keys=0
    ==> $a GET path=big auth=A keys=0
    <== $a 2.05 format=60 body=#2000
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    --> CON GET 2 token=02 path=whoami auth="B" keys=1
    ==> $b GET path=whoami auth=B
    <== $b 2.05 format=60 body="b"
    <-- ACK 2.05 2 token=02 format=60 body="b"
    --> CON GET 3 token=01 path=big auth="A" keys=0 block2=1/0/1024
    <-- ACK 2.05 3 token=01 etag=$e format=60 block2=1/0/1024 body=#976+1024
    --> CON GET 4 token=04 path=whoami
    ==> $c GET path=whoami auth=B
    <== $c 2.05 format=60 body="b"
    <-- ACK 2.05 4 token=04 format=60 body="b"
  )");
}

// What was sent before the change came after it: each goes with what its client meant.
TEST(StickyToken, MessageOvertakenByALaterOneDoesNotBringItsTokenBack) {
  Script().Play(R"(
    --> record=1 CON GET 1 token=01 path=a auth="A"
    ==> $a GET path=a auth=A
    --> record=6 CON GET 6 token=06 path=f auth="B"
    ==> $f GET path=f auth=B
    --> record=3 CON GET 3 token=03 path=c auth="A"
    ==> $c GET path=c auth=A
    --> record=4 CON GET 4 token=04 path=d
    ==> $d GET path=d auth=A
    --> record=7 CON GET 7 token=07 path=g
    ==> $g GET path=g auth=B
  )");
}

// Its answer had to make room, so that it is carried out anew: as what it says itself, but what the
// client said since holds.
TEST(StickyToken, DuplicateThatIsCarriedOutAnewChangesNothing) {
  RigConfig config = LockstepConfig();
  config.message.answer_bytes_max = 2000;
  Script script(config);
  script.Play(R"(
    --> CON GET 1 path=a auth="one"
    ==> GET path=a auth=one
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON GET 2 path=a auth="two"
    ==> GET path=a auth=two
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
  )");
  for (int id = 3; id < 30; ++id) {
    script.Play("--> CON GET " + std::to_string(id) +
                " path=a\n==> GET path=a auth=two\n<== 2.05\n<-- ACK 2.05 " + std::to_string(id) +
                " format=60 body=hex:a0\n");
  }
  script.Play(R"(
    --> CON GET 1 path=a auth="one"
    ==> GET path=a auth=one
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON GET 30 path=a
    ==> GET path=a auth=two
  )");
}

// The token's request was overtaken on the way.
TEST(StickyToken, RequestRefusedForWantOfOneIsTriedAgainWhenItComes) {
  Script().Play(R"(
    --> record=2 CON POST 2 token=02 path=b format=60 body="x"
    ==> $b POST path=b format=60 body="x"
    <== $b 4.01 format=60 body="missing" missing
    at 0.2s
    --> record=1 CON GET 1 token=01 path=a auth="tok"
    ==> $b POST path=b format=60 auth=tok body="x"
    ==> $a GET path=a auth=tok
    <== $b 2.05 format=60 body="b"
    <-- ACK 2.05 2 token=02 format=60 body="b"
    <== $a 2.05 format=60 body="a"
    <-- ACK 2.05 1 token=01 format=60 body="a"
  )");
}

// Its first datagram was lost: deployed clients repeat it after 9 s.
TEST(StickyToken, LostFirstDatagramIsNoLogout) {
  Script().Play(R"(
    at 0.5s
    --> CON GET 2 token=02 path=b
    ==> $b GET path=b
    <== $b 4.01 format=60 body="missing" missing
    at 1.5s
    <-- ACK 0.00 2
    at 2s
    --> CON PUT 3 token=03 path=c format=60 block1=0/1/1024 body=#1024
    <-- ACK 2.31 3 token=03 block1=0/1/1024
    --> CON PUT 4 token=03 path=c format=60 block1=1/0/1024 body=#1000+1024
    ==> $c PUT path=c format=60 body=#2024
    <== $c 4.01 format=60 body="missing" missing
    at 3s
    <-- ACK 0.00 4
    at 9s
    --> CON GET 1 token=01 path=a auth="tok"
    ==> $b GET path=b auth=tok
    ==> $c PUT path=c format=60 auth=tok body=#2024
    ==> $a GET path=a auth=tok
    <== $a 2.05
    <-- ACK 2.05 1 token=01 format=60 body=hex:a0
    <== $b 2.05 format=60 body="b"
    <-- CON 2.05 $m token=02 format=60 body="b"
    --> ACK 0.00 $m
    <== $c 2.05 format=60 body="c"
    <-- CON 2.05 $n token=03 format=60 block1=1/0/1024 body="c"
    --> ACK 0.00 $n
  )");
}

TEST(StickyToken, RequestRefusedAfterItCameIsTriedAgainAtOnceAndOnlyOnce) {
  Script().Play(R"(
    --> CON GET 2 token=02 path=b
    ==> $b GET path=b
    --> CON GET 1 token=01 path=a auth="tok"
    ==> $a GET path=a auth=tok
    <== $b 4.01 format=60 body="missing" missing
    ==> $b GET path=b auth=tok
    <== $b 4.01 format=60 body="refused" refused
    <-- ACK 4.01 2 token=02 format=60 body="refused"
    <== $a 2.05
    <-- ACK 2.05 1 token=01 format=60 body=hex:a0
  )");
}

TEST(StickyToken, RequestRefusedForWantOfOneIsAnsweredWhenNoneComes) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 4.01 format=60 body="missing" missing
    at 1s
    <-- ACK 0.00 1
    at 10s
    <-- CON 4.01 $m format=60 body="missing"
    --> ACK 0.00 $m
  )");
}

// Nothing tells that it has, or will have, a token.
TEST(StickyToken, OldSessionWithoutOneIsRefusedAtOnceUntilALogin) {
  Script().Play(R"(
    at 60s
    --> CON GET 1 path=a
    ==> GET path=a
    <== 4.01 format=60 body="missing" missing
    <-- ACK 4.01 1 format=60 body="missing"
    --> CON POST 2 path=login format=60 body="x"
    ==> POST path=login format=60 body="x"
    <== 2.05 format=60 body="t"
    <-- ACK 2.05 2 format=60 body="t"
    at 100s
    --> CON GET 4 token=04 path=a
    ==> $a GET path=a
    <== $a 4.01 format=60 body="missing" missing
    at 101s
    <-- ACK 0.00 4
    at 109s
    --> CON GET 3 token=03 path=b auth="tok"
    ==> $a GET path=a auth=tok
    ==> $b GET path=b auth=tok
    <== $a 2.05 format=60 body="a"
    <-- CON 2.05 $m token=04 format=60 body="a"
    --> ACK 0.00 $m
    <== $b 2.05
    <-- ACK 2.05 3 token=03 format=60 body=hex:a0
  )");
}

// Its client says itself that it has none.
TEST(StickyToken, RequestThatClearsItDoesNotWait) {
  Script().Play(R"(
    --> CON GET 1 path=a auth=""
    ==> GET path=a
    <== 4.01 format=60 body="missing" missing
    <-- ACK 4.01 1 format=60 body="missing"
  )");
}

TEST(StickyToken, RegistrationRefusedForWantOfOneGoesOnWhenItComes) {
  Script().Play(R"(
    --> CON GET 1 token=0b observe=0 path=sync
    ==> $s GET path=sync observe
    <== $s observable
    <-- ACK 2.05 1 token=0b observe=2
    <== $s 4.01 format=60 body="missing" missing poll=ended
    at 9s
    --> CON GET 2 token=02 path=a auth="tok"
    ==> $s GET path=sync auth=tok observe
    ==> $a GET path=a auth=tok
    <== $s observable
    <== $a 2.05
    <-- ACK 2.05 2 token=02 format=60 body=hex:a0
    <== $s 2.05 format=60 body="s" poll=changed cursor=c1
    <-- CON 2.05 $n token=0b observe=3 format=60 body="s"
    --> ACK 0.00 $n
    ==> $s GET path=sync auth=tok cursor=c1
  )");
}

TEST(StickyToken, RegistrationRefusedForWantOfOneEndsWhenNoneComes) {
  Script().Play(R"(
    --> CON GET 1 token=0b observe=0 path=sync
    ==> $s GET path=sync observe
    <== $s observable
    <-- ACK 2.05 1 token=0b observe=2
    <== $s 4.01 format=60 body="missing" missing poll=ended
    at 10s
    <-- CON 4.01 $n token=0b format=60 body="missing"
    --> ACK 0.00 $n
  )");
}

TEST(StickyToken, HeldRequestOfAClosedSessionIsDroppedWithoutACancel) {
  Script script;
  script.Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 4.01 format=60 body="missing" missing
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
