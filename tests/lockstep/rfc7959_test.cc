// RFC 7959 section 3, figure by figure, with the block sizes of its server. Entity tags, Size2 and
// content formats are ours.
#include <gtest/gtest.h>

#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

// The figures' server answers in blocks of 128 bytes.
RigConfig BlocksOf128() {
  RigConfig config = LockstepConfig();
  config.request.block_szx = 3;
  return config;
}

TEST(Rfc7959, Figure2SimpleBlockwiseGet) {
  Script(BlocksOf128()).Play(R"(
    --> CON GET 1234 token=01 path=status
    ==> GET path=status
    <== 2.05 format=60 body=#300
    <-- ACK 2.05 1234 token=01 etag=$e format=60 block2=0/1/128 size2=300 body=#128
    --> CON GET 1235 token=01 path=status block2=1/0/128
    <-- ACK 2.05 1235 token=01 etag=$e format=60 block2=1/1/128 body=#128+128
    --> CON GET 1236 token=01 path=status block2=2/0/128
    <-- ACK 2.05 1236 token=01 etag=$e format=60 block2=2/0/128 body=#44+256
  )");
}

TEST(Rfc7959, Figure3EarlyNegotiation) {
  Script(BlocksOf128()).Play(R"(
    --> CON GET 1234 path=status block2=0/0/64
    ==> GET path=status
    <== 2.05 format=60 body=#350
    <-- ACK 2.05 1234 etag=$e format=60 block2=0/1/64 size2=350 body=#64
    --> CON GET 1235 path=status block2=1/0/64
    <-- ACK 2.05 1235 etag=$e format=60 block2=1/1/64 body=#64+64
    --> CON GET 1236 path=status block2=2/0/64
    <-- ACK 2.05 1236 etag=$e format=60 block2=2/1/64 body=#64+128
    --> CON GET 1237 path=status block2=3/0/64
    <-- ACK 2.05 1237 etag=$e format=60 block2=3/1/64 body=#64+192
    --> CON GET 1238 path=status block2=4/0/64
    <-- ACK 2.05 1238 etag=$e format=60 block2=4/1/64 body=#64+256
    --> CON GET 1239 path=status block2=5/0/64
    <-- ACK 2.05 1239 etag=$e format=60 block2=5/0/64 body=#30+320
  )");
}

TEST(Rfc7959, Figure4LateNegotiation) {
  Script(BlocksOf128()).Play(R"(
    --> CON GET 1234 path=status
    ==> GET path=status
    <== 2.05 format=60 body=#350
    <-- ACK 2.05 1234 etag=$e format=60 block2=0/1/128 size2=350 body=#128
    --> CON GET 1235 path=status block2=2/0/64
    <-- ACK 2.05 1235 etag=$e format=60 block2=2/1/64 body=#64+128
    --> CON GET 1236 path=status block2=3/0/64
    <-- ACK 2.05 1236 etag=$e format=60 block2=3/1/64 body=#64+192
    --> CON GET 1237 path=status block2=4/0/64
    <-- ACK 2.05 1237 etag=$e format=60 block2=4/1/64 body=#64+256
    --> CON GET 1238 path=status block2=5/0/64
    <-- ACK 2.05 1238 etag=$e format=60 block2=5/0/64 body=#30+320
  )");
}

TEST(Rfc7959, Figure5LateNegotiationLostCon) {
  Script(BlocksOf128()).Play(R"(
    --> CON GET 1234 path=status
    ==> GET path=status
    <== 2.05 format=60 body=#200
    <-- ACK 2.05 1234 etag=$e format=60 block2=0/1/128 size2=200 body=#128
    at 2s             # the first copy of 1235 was lost
    --> CON GET 1235 path=status block2=2/0/64
    <-- ACK 2.05 1235 etag=$e format=60 block2=2/1/64 body=#64+128
    --> CON GET 1236 path=status block2=3/0/64
    <-- ACK 2.05 1236 etag=$e format=60 block2=3/0/64 body=#8+192
  )");
}

TEST(Rfc7959, Figure6LateNegotiationLostAck) {
  Script(BlocksOf128()).Play(R"(
    --> CON GET 1234 path=status
    ==> GET path=status
    <== 2.05 format=60 body=#200
    <-- ACK 2.05 1234 etag=$e format=60 block2=0/1/128 size2=200 body=#128
    --> CON GET 1235 path=status block2=2/0/64
    <-- ACK 2.05 1235 etag=$e format=60 block2=2/1/64 body=#64+128
    at 2s
    --> again
    <-- again
    --> CON GET 1236 path=status block2=3/0/64
    <-- ACK 2.05 1236 etag=$e format=60 block2=3/0/64 body=#8+192
    at 4s
    --> again
    <-- again
    at 100s          # the body is gone, the answer is not
    --> again
    <-- again
  )");
}

TEST(Rfc7959, Figure7SimpleAtomicBlockwisePut) {
  Script(BlocksOf128()).Play(R"(
    --> CON PUT 1234 token=05 path=options format=60 block1=0/1/128 body=#128
    <-- ACK 2.31 1234 token=05 block1=0/1/128
    --> CON PUT 1235 token=05 path=options format=60 block1=1/1/128 body=#128+128
    <-- ACK 2.31 1235 token=05 block1=1/1/128
    --> CON PUT 1236 token=05 path=options format=60 block1=2/0/128 body=#44+256
    ==> PUT path=options format=60 body=#300
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 1236 token=05 format=60 block1=2/0/128 body=hex:a0
  )");
}

// The figure's server asks for smaller blocks; ours takes what comes, and so it must when the
// client makes them smaller by itself.
TEST(Rfc7959, Figure9AtomicPutWithNegotiation) {
  Script(BlocksOf128()).Play(R"(
    --> CON PUT 1234 path=options block1=0/1/128 body=#128
    <-- ACK 2.31 1234 block1=0/1/128
    --> CON PUT 1235 path=options block1=4/1/32 body=#32+128
    <-- ACK 2.31 1235 block1=4/1/32
    --> CON PUT 1236 path=options block1=5/1/32 body=#32+160
    <-- ACK 2.31 1236 block1=5/1/32
    --> CON PUT 1237 path=options block1=6/0/32 body=#18+192
    ==> PUT path=options body=#210
    <== 2.04 format=60 body=hex:a0
    <-- ACK 2.04 1237 format=60 block1=6/0/32 body=hex:a0
  )");
}

TEST(Rfc7959, Figure10AtomicPostWithBlockwiseResponse) {
  Script(BlocksOf128()).Play(R"(
    --> CON POST 1234 path=soap block1=0/1/128 body=#128
    <-- ACK 2.31 1234 block1=0/1/128
    --> CON POST 1235 path=soap block1=1/1/128 body=#128+128
    <-- ACK 2.31 1235 block1=1/1/128
    --> CON POST 1236 path=soap block1=2/0/128 body=#5+256
    ==> POST path=soap body=#261
    <== 2.04 format=60 body=#400
    <-- ACK 2.04 1236 etag=$e format=60 block2=0/1/128 block1=2/0/128 size2=400 body=#128
    --> CON POST 1237 path=soap block2=1/0/128
    <-- ACK 2.04 1237 etag=$e format=60 block2=1/1/128 body=#128+128
    --> CON POST 1238 path=soap block2=2/0/128
    <-- ACK 2.04 1238 etag=$e format=60 block2=2/1/128 body=#128+256
    --> CON POST 1239 path=soap block2=3/0/128
    <-- ACK 2.04 1239 etag=$e format=60 block2=3/0/128 body=#16+384
  )");
}

TEST(Rfc7959, Figure11AtomicPostWithBlockwiseResponseLateNegotiation) {
  Script(BlocksOf128()).Play(R"(
    --> CON POST 1234 path=soap block1=0/1/128 body=#128
    <-- ACK 2.31 1234 block1=0/1/128
    --> CON POST 1235 path=soap block1=1/0/128 body=#10+128
    ==> POST path=soap body=#138
    <== 2.04 format=60 body=#200
    <-- ACK 2.04 1235 etag=$e format=60 block2=0/1/128 block1=1/0/128 size2=200 body=#128
    --> CON POST 1236 path=soap block2=2/0/64
    <-- ACK 2.04 1236 etag=$e format=60 block2=2/1/64 body=#64+128
    --> CON POST 1237 path=soap block2=3/0/64
    <-- ACK 2.04 1237 etag=$e format=60 block2=3/0/64 body=#8+192
  )");
}

TEST(Rfc7959, Figure12AtomicPostWithBlockwiseResponseEarlyNegotiation) {
  Script(BlocksOf128()).Play(R"(
    --> CON POST 1234 path=soap block1=0/1/128 body=#128
    <-- ACK 2.31 1234 block1=0/1/128
    --> CON POST 1235 path=soap block2=0/0/64 block1=1/0/128 body=#10+128
    ==> POST path=soap body=#138
    <== 2.04 format=60 body=#100
    <-- ACK 2.04 1235 etag=$e format=60 block2=0/1/64 block1=1/0/128 size2=100 body=#64
    --> CON POST 1236 path=soap block2=1/0/64
    <-- ACK 2.04 1236 etag=$e format=60 block2=1/0/64 body=#36+64
  )");
}

TEST(Rfc7959, Section22ReservedBlockSizeIsABadRequest) {
  Script().Play(R"(
    --> CON GET 1 path=a opt=23:07
    <-- ACK 4.00 1 format=60 error=M_INVALID_PARAM
    --> CON PUT 2 path=a opt=27:0f body=#16
    <-- ACK 4.00 2 format=60 error=M_INVALID_PARAM
    --> CON PUT 3 path=a opt=27:00000000 body=#16
    <-- ACK 4.02 3 format=60 error=M_UNRECOGNIZED
  )");
}

TEST(Rfc7959, Section23BlockOfTheWrongLengthIsABadRequest) {
  Script().Play(R"(
    --> CON PUT 1 path=a block1=0/1/64 body=#63
    <-- ACK 4.00 1 format=60 error=M_INVALID_PARAM
    --> CON PUT 2 path=a block1=0/0/64 body=#65
    <-- ACK 4.00 2 format=60 error=M_INVALID_PARAM
    --> CON PUT 3 path=a block1=0/0/64 body=#64
    ==> PUT path=a body=#64
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 3 format=60 block1=0/0/64 body=hex:a0
  )");
}

TEST(Rfc7959, Section24BlockPastTheEndIsABadRequest) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#2048
    <-- ACK 2.05 1 etag=$e format=60 block2=0/1/1024 size2=2048 body=#1024
    --> CON GET 2 path=a block2=2/0/1024
    <-- ACK 4.00 2 format=60 error=M_INVALID_PARAM
    --> CON GET 3 path=a block2=1048575/0/1024
    <-- ACK 4.00 3 format=60 error=M_INVALID_PARAM
    --> CON GET 4 path=a block2=1/0/1024
    <-- ACK 2.05 4 etag=$e format=60 block2=1/0/1024 body=#1024+1024
  )");
}

TEST(Rfc7959, Section24SmallResponseKeepsTheBlockOptionOfItsRequest) {
  Script().Play(R"(
    --> CON GET 1 path=a block2=0/0/64
    ==> GET path=a
    <== 2.05 format=60 body=#64
    <-- ACK 2.05 1 format=60 block2=0/0/64 body=#64
  )");
}

TEST(Rfc7959, Section24RequestForTheFirstBlockStartsAnew) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#1500
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=1500 body=#1024
    --> CON GET 2 token=01 path=a block2=0/0/1024
    ==> GET path=a
    <== 2.05 format=60 body=#1400+7
    <-- ACK 2.05 2 token=01 etag=$f format=60 block2=0/1/1024 size2=1400 body=#1024+7
    --> CON GET 3 token=01 path=a block2=1/0/1024
    <-- ACK 2.05 3 token=01 etag=$f format=60 block2=1/0/1024 body=#376+1031
  )");
}

TEST(Rfc7959, Section25GapIsIncomplete) {
  Script().Play(R"(
    --> CON PUT 1 path=a block1=1/1/64 body=#64
    <-- ACK 4.08 1 format=60 error=M_UNKNOWN
    --> CON PUT 2 path=a block1=0/1/64 body=#64
    <-- ACK 2.31 2 block1=0/1/64
    --> CON PUT 3 path=a block1=2/1/64 body=#64+128
    <-- ACK 4.08 3 format=60 error=M_UNKNOWN
    --> CON PUT 4 path=a block1=1/0/64 body=#10+64   # the upload is still there
    ==> PUT path=a body=#74
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 4 format=60 block1=1/0/64 body=hex:a0
  )");
}

TEST(Rfc7959, Section25RestartAtTheFirstBlock) {
  Script().Play(R"(
    --> CON PUT 1 path=a block1=0/1/64 body=#64
    <-- ACK 2.31 1 block1=0/1/64
    --> CON PUT 2 path=a block1=1/1/64 body=#64+64
    <-- ACK 2.31 2 block1=1/1/64
    --> CON PUT 3 path=a block1=0/1/32 body=#32+1000
    <-- ACK 2.31 3 block1=0/1/32
    --> CON PUT 4 path=a block1=1/0/32 body=#5+1032
    ==> PUT path=a body=#37+1000
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 4 format=60 block1=1/0/32 body=hex:a0
  )");
}

TEST(Rfc7959, Section25BlockReceivedBeforeIsConfirmedAgain) {
  Script().Play(R"(
    --> CON PUT 1 path=a block1=0/1/64 body=#64
    <-- ACK 2.31 1 block1=0/1/64
    --> CON PUT 2 path=a block1=1/1/64 body=#64+64
    <-- ACK 2.31 2 block1=1/1/64
    --> CON PUT 3 path=a block1=1/1/64 body=#64+64    # by another message ID
    <-- ACK 2.31 3 block1=1/1/64
    --> CON PUT 4 path=a block1=1/1/64 body=#64+65    # other bytes
    <-- ACK 4.08 4 format=60 error=M_UNKNOWN
    --> CON PUT 5 path=a block1=2/0/64 body=#1+128
    ==> PUT path=a body=#129
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 5 format=60 block1=2/0/64 body=hex:a0
    --> again                                         # a duplicate is no second PUT
    <-- again
    --> CON PUT 6 path=a block1=2/0/64 body=#1+128    # nor is the last block once more
    <-- ACK 4.08 6 format=60 error=M_UNKNOWN
  )");
}

TEST(Rfc7959, Section293TooLargeIsToldEarlyWithTheLimit) {
  Script().Play(R"(
    --> CON PUT 1 path=a block1=0/1/1024 size1=262145 body=#1024
    <-- ACK 4.13 1 format=60 size1=262144 error=M_TOO_LARGE
    --> CON PUT 2 path=a block1=256/0/1024 body=#1
    <-- ACK 4.13 2 format=60 size1=262144 error=M_TOO_LARGE
  )");
}

TEST(Rfc7959, Section25UploadIsForgottenAfterAMinute) {
  Script script;
  script.Play(R"(
    --> CON PUT 1 path=a block1=0/1/64 body=#64
    <-- ACK 2.31 1 block1=0/1/64
    at 59s
    --> CON PUT 2 path=a block1=1/1/64 body=#64+64
    <-- ACK 2.31 2 block1=1/1/64
    at 119s
    --> CON PUT 3 path=a block1=2/0/64 body=#1+128
    <-- ACK 4.08 3 format=60 error=M_UNKNOWN
  )");
  EXPECT_EQ(script.rig().requests().usage().request_bytes, 0u);
}

TEST(Rfc9175, RequestTagKeepsUploadsOfOnePathApart) {
  Script().Play(R"(
    --> CON POST 1 token=01 path=a tag=01 block1=0/1/64 body=#64
    <-- ACK 2.31 1 token=01 block1=0/1/64
    --> CON POST 2 token=02 path=a tag=02 block1=0/1/64 body=#64+500
    <-- ACK 2.31 2 token=02 block1=0/1/64
    --> CON POST 3 token=01 path=a tag=01 block1=1/0/64 body=#1+64
    ==> $a POST path=a body=#65
    --> CON POST 4 token=02 path=a tag=02 block1=1/0/64 body=#1+564
    ==> $b POST path=a body=#65+500
    <== $b 2.05 format=60 body="b"
    <-- ACK 2.05 4 token=02 format=60 block1=1/0/64 body="b"
    <== $a 2.05 format=60 body="a"
    <-- ACK 2.05 3 token=01 format=60 block1=1/0/64 body="a"
  )");
}

TEST(Rfc7959, UploadsOfTwoPathsQueriesAndMethodsAreApart) {
  Script().Play(R"(
    --> CON POST 1 path=a block1=0/1/64 body=#64
    <-- ACK 2.31 1 block1=0/1/64
    --> CON POST 2 path=b block1=1/0/64 body=#1+64
    <-- ACK 4.08 2 format=60 error=M_UNKNOWN
    --> CON POST 3 path=a query=x block1=1/0/64 body=#1+64
    <-- ACK 4.08 3 format=60 error=M_UNKNOWN
    --> CON PUT 4 path=a block1=1/0/64 body=#1+64
    <-- ACK 4.08 4 format=60 error=M_UNKNOWN
    --> CON POST 5 path=a block1=1/0/64 body=#1+64
    ==> POST path=a body=#65
    <== 2.05 format=60 body="a"
    <-- ACK 2.05 5 format=60 block1=1/0/64 body="a"
  )");
}

// The client compares the entity tags, and begins anew if it has blocks of another version.
TEST(Rfc7959, Section24LaterBlockOfABodyThatIsNotKeptIsFetchedAnew) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a query=x block2=1/0/1024
    ==> GET path=a query=x from=1024
    <== 2.05 format=60 body=#3000
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    --> CON GET 2 token=02 path=a query=x block2=2/0/1024
    <-- ACK 2.05 2 token=02 etag=$e format=60 block2=2/0/1024 body=#952+2048
    --> CON GET 3 token=03 path=b block2=3/0/1024
    ==> GET path=b from=3072
    <== 2.05 format=60 body=#3000
    <-- ACK 4.00 3 token=03 format=60 error=M_INVALID_PARAM
    --> CON GET 4 token=04 path=c block2=1/0/1024
    ==> GET path=c from=1024
    <== 2.05 format=60 body=#20
    <-- ACK 4.00 4 token=04 format=60 error=M_INVALID_PARAM
    --> CON POST 5 token=05 path=d block2=1/0/1024
    <-- ACK 4.08 5 token=05 format=60 error=M_UNKNOWN
    --> CON DELETE 6 token=06 path=a query=x block2=1/0/1024     # a GET's is there
    <-- ACK 4.08 6 token=06 format=60 error=M_UNKNOWN
  )");
}

TEST(Rfc7252, Section56JsonAndCborOfOneResourceAreApart) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a accept=50
    ==> GET path=a accept=50
    <== 2.05 format=50 body=#1500
    <-- ACK 2.05 1 token=01 etag=$e format=50 block2=0/1/1024 size2=1500 body=#1024
    --> CON GET 2 token=02 path=a accept=60
    ==> GET path=a accept=60
    <== 2.05 format=60 body=#1400+7
    <-- ACK 2.05 2 token=02 etag=$f format=60 block2=0/1/1024 size2=1400 body=#1024+7
    --> CON GET 3 token=03 path=a accept=50 block2=1/0/1024
    <-- ACK 2.05 3 token=03 etag=$e format=50 block2=1/0/1024 body=#476+1024
    --> CON GET 4 token=04 path=a accept=60 block2=1/0/1024
    <-- ACK 2.05 4 token=04 etag=$f format=60 block2=1/0/1024 body=#376+1031
  )");
}

TEST(Rfc9175, RequestTagKeepsDownloadsOfOnePathApart) {
  Script().Play(R"(
    --> CON POST 1 token=01 path=a tag=01 body=#8
    ==> POST path=a body=#8
    <== 2.05 format=60 body=#1500
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=1500 body=#1024
    --> CON POST 2 token=02 path=a tag=02 body=#8+8
    ==> POST path=a body=#8+8
    <== 2.05 format=60 body=#1400+7
    <-- ACK 2.05 2 token=02 etag=$f format=60 block2=0/1/1024 size2=1400 body=#1024+7
    --> CON POST 3 token=03 path=a tag=01 block2=1/0/1024
    <-- ACK 2.05 3 token=03 etag=$e format=60 block2=1/0/1024 body=#476+1024
    --> CON POST 4 token=04 path=a tag=03 block2=1/0/1024
    <-- ACK 4.08 4 token=04 format=60 error=M_UNKNOWN
    --> CON POST 5 token=05 path=a tag=02 block2=1/0/1024
    <-- ACK 2.05 5 token=05 etag=$f format=60 block2=1/0/1024 body=#376+1031
  )");
}

TEST(Rfc7959, OfTwoPostsThatNothingTellsApartNeitherIsServed) {
  Script().Play(R"(
    --> CON POST 1 token=01 path=a body=#8
    ==> POST path=a body=#8
    <== 2.05 format=60 body=#1500
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=1500 body=#1024
    --> CON POST 2 token=02 path=a body=#8+8
    ==> POST path=a body=#8+8
    <== 2.05 format=60 body=#1400+7
    <-- ACK 2.05 2 token=02 etag=$f format=60 block2=0/1/1024 size2=1400 body=#1024+7
    --> CON POST 3 token=03 path=a block2=1/0/1024
    <-- ACK 4.08 3 token=03 format=60 error=M_UNKNOWN
    --> CON POST 4 token=01 path=a block2=1/0/1024     # deployed clients keep the token
    <-- ACK 2.05 4 token=01 etag=$e format=60 block2=1/0/1024 body=#476+1024
  )");
}

TEST(Rfc7959, DownloadIsForgottenFiveMinutesAfterItsLastUse) {
  Script script;
  script.Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#3000
    <-- ACK 2.05 1 etag=$e format=60 block2=0/1/1024 size2=3000 body=#1024
    at 299s
    --> CON GET 2 path=a block2=1/0/1024
    <-- ACK 2.05 2 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    at 599s
    --> CON GET 3 path=a block2=2/1/1024      # as deployed clients ask
    <-- ACK 4.08 3 format=60 error=M_UNKNOWN
    --> CON GET 4 path=a block2=2/0/1024 etag=$e
    <-- ACK 4.08 4 format=60 error=M_UNKNOWN
  )");
  EXPECT_EQ(script.rig().requests().usage().download_bytes, 0u);
}

// What the client sends next shows that the 2.31 before arrived: it is not kept for 247 s, and a
// copy of the block that was on its way for long does not begin the upload anew.
TEST(Rfc7959, NextBlockCameThenTheConfirmationBeforeIsNotKeptAndItsDuplicateGetsNothing) {
  Script script;
  script.Play(R"(
    --> CON PUT 1 token=07 path=big block1=0/1/1024 body=#1024
    <-- ACK 2.31 1 token=07 block1=0/1/1024
    --> again
    <-- again
    --> CON PUT 2 token=07 path=big block1=1/1/1024 body=#1024+1024
    <-- ACK 2.31 2 token=07 block1=1/1/1024
    --> CON PUT 1 token=07 path=big block1=0/1/1024 body=#1024
    --> CON PUT 3 token=07 path=big block1=2/0/1024 body=#10+2048
    ==> PUT path=big body=#2058
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 3 token=07 format=60 block1=2/0/1024 body=hex:a0
    --> CON PUT 2 token=07 path=big block1=1/1/1024 body=#1024+1024
  )");
  EXPECT_LT(script.rig().messages().answer_bytes(), 300u) << "only the last answer is kept";
}

}  // namespace
}  // namespace lowband::edge::testing
