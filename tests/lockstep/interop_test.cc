// The deployed clients' ways, each by the trap that it is: they are built on go-coap and do not
// change any more.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

// Their observe registrations have it always.
TEST(Interop, MessageIdZeroOfAClientIsValid) {
  Script().Play(R"(
    --> CON GET 0 token=0102030405060708 observe=0 path=7 query=since=s1 auth="tok"
    ==> GET path=7 query=since=s1 auth=tok observe
    <== 2.05 format=60 body=hex:a0
    <-- ACK 2.05 0 token=0102030405060708 format=60 body=hex:a0
    --> again
    <-- again
  )");
}

// Their table of seen messages holds both directions: ours must never have ID 0, nor one they used.
TEST(Interop, OwnMessageIdIsNeverZeroNorOneTheClientUsed) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RigConfig config = LockstepConfig();
    config.seed = seed;
    Rig rig(config);
    rig.Open(SessionId{1});
    std::vector<uint16_t> used;
    for (uint16_t i = 0; i < 40; ++i) {
      // IDs all over the space, so that ours must step aside.
      const auto id = static_cast<uint16_t>(i * 1637 + seed * 331);
      used.push_back(id);
      rig.Receive(SessionId{1},
                  Encode(ParseText({"NON", "GET", std::to_string(id), "path=a"}), {}));
      const auto start = std::get<request::StartExchange>(*rig.TakeCommand());
      request::Answer answer;
      answer.id = start.id;
      answer.code = coap::kContent;
      rig.Answer(std::move(answer));
      const auto sent = rig.TakeSent();
      ASSERT_TRUE(sent);
      const uint16_t own = coap::Parse(sent->datagram)->message_id;
      EXPECT_NE(own, 0);
      EXPECT_EQ(std::ranges::count(used, own), 0) << "seed " << seed;
    }
  }
}

TEST(Interop, OwnMessageIdSkipsEveryIdOfAClientThatUsedAlmostAll) {
  Rig rig(LockstepConfig());
  rig.Open(SessionId{1});
  // One run that leaves only 0 and 0x0005 … 0x0007 free; 0 is none for us.
  for (uint32_t id = 8; id != 0x10005; ++id) {
    const auto message_id = static_cast<uint16_t>(id);
    if (message_id == 0) continue;
    rig.Receive(SessionId{1}, coap::EmptyMessage(coap::Type::kNonConfirmable, message_id));
    if (id == 8) {
      // The first makes the session known.
      rig.Receive(SessionId{1}, Encode(ParseText({"NON", "GET", "8", "path=a"}), {}));
    }
  }
  const auto start = std::get<request::StartExchange>(*rig.TakeCommand());
  request::Answer answer;
  answer.id = start.id;
  answer.code = coap::kContent;
  rig.Answer(std::move(answer));
  const uint16_t own = coap::Parse(rig.TakeSent()->datagram)->message_id;
  EXPECT_GE(own, 5);
  EXPECT_LE(own, 7);
}

// A block that went as CON is acknowledged by an ACK that carries the next GET, with our own ID.
TEST(Interop, AckThatCarriesARequestIsAnAcknowledgementAndARequest) {
  Script().Play(R"(
    --> CON GET 100 token=01 path=7
    ==> GET path=7
    at 1s
    <-- ACK EMPTY 100
    at 2s
    <== 2.05 format=60 body=#2500
    <-- CON 2.05 $a token=01 etag=$e format=60 block2=0/1/1024 size2=2500 body=#1024
    --> ACK GET $a token=01 path=7 block2=1/1/1024
    <-- CON 2.05 $b token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    --> again                                      # a duplicate fetches no second copy
    at 3s                                          # the first ACK took no time
    <-- CON 2.05 $b token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    --> ACK GET $b token=01 path=7 block2=2/1/1024
    <-- CON 2.05 $c token=01 etag=$e format=60 block2=2/0/1024 body=#452+2048
    --> ACK EMPTY $c
    at 100s
  )");
}

// The client was out of reach in the middle of a download and waits for ever.
TEST(Interop, BlockThatWasGivenUpIsSentAnewWhenTheClientIsBack) {
  Script().Play(R"(
    --> CON GET 100 token=01 path=7
    ==> GET path=7
    at 1s
    <-- ACK EMPTY 100
    <== 2.05 format=60 body=#2500
    <-- CON 2.05 $a token=01 etag=$e format=60 block2=0/1/1024 size2=2500 body=#1024
    --> ACK GET $a token=01 path=7 block2=1/1/1024
    <-- CON 2.05 $b token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    at 2s
    <-- again
    at 4s
    <-- again
    at 8s
    <-- again
    at 16s
    <-- again
    at 32s
    <-- again
    at 200s
    --> CON EMPTY 101
    <-- RST EMPTY 101
    <-- CON 2.05 $b token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    --> ACK GET $b token=01 path=7 block2=2/1/1024
    <-- CON 2.05 $c token=01 etag=$e format=60 block2=2/0/1024 body=#452+2048
    --> ACK EMPTY $c
    at 600s
  )");
}

// A block under another message ID is another block to a client that has it already.
TEST(Interop, BlockThatWasGivenUpTwiceKeepsItsMessageId) {
  Script().Play(R"(
    --> CON GET 100 token=01 path=7
    ==> GET path=7
    at 1s
    <-- ACK EMPTY 100
    <== 2.05 format=60 body=#2000
    <-- CON 2.05 $a token=01 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    gives up
    at 200s
    --> CON EMPTY 101
    <-- RST EMPTY 101
    <-- CON 2.05 $a token=01 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    gives up
    at 400s
    --> CON EMPTY 102
    <-- RST EMPTY 102
    <-- CON 2.05 $a token=01 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    --> ACK GET $a token=01 path=7 block2=1/1/1024
    <-- CON 2.05 $b token=01 etag=$e format=60 block2=1/0/1024 body=#976+1024
    --> ACK EMPTY $b
  )");
}

TEST(Interop, FollowUpInsideAnAckMayComeWithAnotherTokenAndWithoutTheQuery) {
  Script().Play(R"(
    --> CON GET 100 token=0102030405060708 path=7 query=since=s1
    ==> GET path=7 query=since=s1
    at 1s
    <-- ACK EMPTY 100
    <== 2.05 format=60 body=#2000
    <-- CON 2.05 $a token=0102030405060708 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    --> ACK GET $a token=1112131415161718 path=7 block2=1/1/1024
    <-- CON 2.05 $b token=1112131415161718 etag=$e format=60 block2=1/0/1024 body=#976+1024
    --> ACK EMPTY $b
  )");
}

TEST(Interop, FollowUpOfAPiggybackedBlockMayComeWithAnotherTokenAndWithoutTheQuery) {
  Script().Play(R"(
    --> CON GET 100 token=01 path=7 query=since=s1
    ==> GET path=7 query=since=s1
    <== 2.05 format=60 body=#2000
    <-- ACK 2.05 100 token=01 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    --> CON GET 101 token=1112131415161718 path=7 block2=1/1/1024
    <-- ACK 2.05 101 token=1112131415161718 etag=$e format=60 block2=1/0/1024 body=#976+1024
  )");
}

// Which would be another answer than the client is putting together.
TEST(Interop, FollowUpWithOtherQueriesIsNoFollowUpOfThisBody) {
  Script().Play(R"(
    --> CON GET 100 token=01 path=messages query=from=1
    ==> GET path=messages query=from=1
    <== 2.05 format=60 body=#2000
    <-- ACK 2.05 100 token=01 etag=$e format=60 block2=0/1/1024 size2=2000 body=#1024
    --> CON GET 101 token=02 path=messages query=from=2 block2=1/1/1024
    <-- ACK 4.08 101 token=02 format=60 error=M_UNKNOWN
    --> CON GET 102 token=02 path=other block2=1/1/1024
    <-- ACK 4.08 102 token=02 format=60 error=M_UNKNOWN
  )");
}

// After an upload they repeat Block1 and Size1 of its last block, and set the M bit of Block2.
TEST(Interop, StaleBlock1InAFollowUpIsIgnored) {
  Script().Play(R"(
    --> CON POST 1 token=07 path=a format=60 block1=0/1/1024 size1=1100 body=#1024
    <-- ACK 2.31 1 token=07 block1=0/1/1024
    --> CON POST 2 token=07 path=a format=60 block1=1/0/1024 size1=1100 body=#76+1024
    ==> POST path=a format=60 body=#1100
    <== 2.05 format=60 body=#1500
    <-- ACK 2.05 2 token=07 etag=$e format=60 block2=0/1/1024 block1=1/0/1024 size2=1500 body=#1024
    --> CON POST 3 token=07 path=a format=60 block2=1/1/1024 block1=1/0/1024 size1=1100
    <-- ACK 2.05 3 token=07 etag=$e format=60 block2=1/0/1024 body=#476+1024
  )");
}

// 4.08 and friends mean that they cannot use our block; they are no requests.
TEST(Interop, AckWithAResponseCodeIsNeverARequest) {
  Script script;
  script.Play(R"(
    --> CON GET 100 token=01 path=7
    ==> GET path=7
    at 1s
    <-- ACK EMPTY 100
    <== 2.05 format=60 body=#2500
    <-- CON 2.05 $a token=01 etag=$e format=60 block2=0/1/1024 size2=2500 body=#1024
    --> ACK 4.08 $a token=01
    at 100s
  )");
  EXPECT_EQ(script.rig().requests().usage().downloads, 0u) << "it was rejected";
}

TEST(Interop, ErrorOfAClientAsConRejectsTheBlockOfItsToken) {
  Script script;
  script.Play(R"(
    --> CON GET 100 token=01 path=7
    ==> GET path=7
    at 1s
    <-- ACK EMPTY 100
    <== 2.05 format=60 body=#2500
    <-- CON 2.05 $a token=01 etag=$e format=60 block2=0/1/1024 size2=2500 body=#1024
    --> CON 4.08 101 token=01
    <-- ACK EMPTY 101
    at 100s
  )");
  EXPECT_EQ(script.rig().requests().usage().downloads, 0u);
}

// They understand three times the size, but nothing that parses would tell us so.
TEST(Interop, NoResponseHasMoreThanSixteenOptionsOrBytesThanFit) {
  Script script;
  script.Play(R"(
    --> CON POST 1 token=0001020304050607 path=a block2=0/0/1024 block1=0/0/16 body=#16
    ==> POST path=a body=#16
    <== 2.05 format=60 max-age=4294967295 status=599 body=#3000
    <-- ACK 2.05 1 token=0001020304050607 etag=$e format=60 max-age=4294967295 block2=0/1/1024 \
        block1=0/0/16 size2=3000 status=599 body=#1024
  )");
}

TEST(Interop, ResponseThatFitsADatagramIsNotCutForAFewBytes) {
  Script().Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#1100
    <-- ACK 2.05 1 token=01 format=60 body=#1100
    --> CON GET 2 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#1144
    <-- ACK 2.05 2 token=01 format=60 body=#1144
    --> CON GET 3 token=01 path=a         # one byte more would make a message of 1,153
    ==> GET path=a
    <== 2.05 format=60 body=#1145
    <-- ACK 2.05 3 token=01 etag=$e format=60 block2=0/1/1024 size2=1145 body=#1024
    --> CON GET 4 token=01 path=a block2=0/0/1024
    ==> GET path=a
    <== 2.05 format=60 body=#1025
    <-- ACK 2.05 4 token=01 etag=$f format=60 block2=0/1/1024 size2=1025 body=#1024
  )");
}

// They crash on an empty payload.
TEST(Interop, EveryResponseHasABody) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON PUT 2 path=a format=50 body="{}"
    ==> PUT path=a format=50 body="{}"
    <== 2.05
    <-- ACK 2.05 2 format=50 body="{}"
    --> CON PUT 3 path=a accept=60 format=50 body="{}"
    ==> PUT path=a format=50 accept=60 body="{}"
    <== 4.04
    <-- ACK 4.04 3 format=60 body=hex:a0
    --> CON GET 4 path=a
    ==> GET path=a
    <== 2.05 body="text"
    <-- ACK 2.05 4 format=42 body="text"
  )");
}

TEST(Interop, AnswerWithACodeThatEndsNoRequestIsABadGateway) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.31 format=60 body="x"
    <-- ACK 5.02 1 format=60 body="x"
    --> CON GET 2 path=a
    ==> GET path=a
    <== 0.00 format=60 body="x"
    <-- ACK 5.02 2 format=60 body="x"
  )");
}

// A RST to a request would hang them.
TEST(Interop, RequestWithTooManyOptionsIsAnsweredNotReset) {
  std::string options;
  for (int i = 0; i < 70; ++i) options += " query=k=" + std::to_string(i);
  Script().Play("--> CON GET 1 token=01 path=a" + options +
                "\n<-- ACK 4.02 1 token=01 format=60 error=M_UNRECOGNIZED\n");
}

TEST(Interop, RequestOfMoreThanSixteenOptionsAndALongQueryIsTaken) {
  std::string options;
  for (int i = 0; i < 20; ++i) options += " query=k=" + std::to_string(i);
  options += " query=long=" + std::string(600, 'x');
  Script().Play("--> CON GET 1 token=01 path=a" + options + "\n==> GET path=a" + options +
                "\n<== 2.05\n<-- ACK 2.05 1 token=01 format=60 body=hex:a0\n");
}

}  // namespace
}  // namespace lowband::edge::testing
