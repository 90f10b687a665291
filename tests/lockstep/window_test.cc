// Answers by a window: the edge keeps 8 KiB of them, and the rest stays with the translator.
#include <gtest/gtest.h>

#include "services/edge/request/counters.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

RigConfig WindowOf8KiB() {
  RigConfig config = LockstepConfig();
  config.request.answer_window = 8192;
  return config;
}

/// The first block of a body of 20,000 bytes that came with its first 8,192.
constexpr const char* kBegun = R"(
  --> CON GET 1 token=01 path=a
  ==> GET path=a
  <== 2.05 format=60 body=#8192 of=20000 digest=d1
  <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=20000 body=#1024
)";

size_t HeldBytes(Script& script) { return script.rig().requests().usage().download_bytes; }

/// Blocks from `first` to before `end`, which are there.
std::string Fetch(int first, int end) {
  std::string out;
  for (int n = first; n < end; ++n) {
    const std::string number = std::to_string(n);
    out +=
        "--> CON GET " + std::to_string(n + 1) + " token=01 path=a block2=" + number + "/0/1024\n";
    out += "<-- ACK 2.05 " + std::to_string(n + 1) +
           " token=01 etag=$e format=60 block2=" + number + "/1/1024 body=#1024+" +
           std::to_string(1024 * n) + "\n";
  }
  return out;
}

// The step is a quarter of the window, and a quarter is kept behind the client.
TEST(Window, FirstBlockGoesAtOnceThenCreditAsTheClientComesOn) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  EXPECT_EQ(HeldBytes(script), 8192U);
  script.Play(Fetch(1, 4));
  script.Play(R"(
    --> CON GET 5 token=01 path=a block2=4/0/1024
    <-- ACK 2.05 5 token=01 etag=$e format=60 block2=4/1/1024 body=#1024+4096
    ==> credit until=10240
    <== piece body=#2048+8192
  )");
  script.Play(Fetch(5, 6));
  script.Play(R"(
    --> CON GET 7 token=01 path=a block2=6/0/1024
    <-- ACK 2.05 7 token=01 etag=$e format=60 block2=6/1/1024 body=#1024+6144
    ==> credit until=12288
    <== piece body=#2048+10240
  )");
  EXPECT_EQ(HeldBytes(script), 8192U) << "however much has come";
}

// Else each would push out another's, its client would begin anew, and so on for ever.
TEST(Window, ManyDownloadsOfOneResourceAtATimeThenEachGoesOn) {
  Script script(WindowOf8KiB());
  constexpr int kDownloads = 8;
  for (int i = 1; i <= kDownloads; ++i) {
    const std::string n = std::to_string(i);
    script.Play("--> CON GET " + n + " token=0" + n + " path=a\n==> GET path=a\n" +
                "<== 2.05 format=60 body=#8192 of=20000 digest=d1\n" + "<-- ACK 2.05 " + n +
                " token=0" + n + " etag=$e" + n +
                " format=60 block2=0/1/1024 size2=20000 body=#1024\n");
  }
  for (int i = 1; i <= kDownloads; ++i) {
    const std::string n = std::to_string(i);
    script.Play("--> CON GET 1" + n + " token=0" + n + " path=a block2=1/0/1024\n" +
                "<-- ACK 2.05 1" + n + " token=0" + n + " etag=$e" + n +
                " format=60 block2=1/1/1024 body=#1024+1024\n");
  }
}

TEST(Window, BlockThatIsToComeThenItsRequestWaits) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 19 token=01 path=a block2=9/0/1024
    ==> credit until=15360
    at 1s
    <-- ACK EMPTY 19
    <== piece body=#2048+8192
    <-- CON 2.05 $m token=01 etag=$e format=60 block2=9/1/1024 body=#1024+9216
    --> ACK EMPTY $m
    <== piece body=#4096+10240
    --> CON GET 20 token=01 path=a block2=19/0/1024
    ==> credit until=25600
    <== piece body=#5664+14336 end
    <-- ACK 2.05 20 token=01 etag=$e format=60 block2=19/0/1024 body=#544+19456
  )");
  EXPECT_EQ(script.rig().requests().usage().windows, 0U);
}

// Its ACK was lost: the same block again, which is behind the client but still there.
TEST(Window, LostBlockIsRepeatedThenNothingIsAskedFor) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(Fetch(1, 3));
  script.Play(R"(
    at 2s
    --> again
    <-- ACK 2.05 3 token=01 etag=$e format=60 block2=2/1/1024 body=#1024+2048
    --> CON GET 50 token=01 path=a block2=1/0/1024
    <-- ACK 2.05 50 token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
  )");
}

TEST(Window, EarlierBlockOfTheSameBodyThenItGoesOnUnderTheSameTag) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 8 token=01 path=a block2=7/0/1024
    <-- ACK 2.05 8 token=01 etag=$e format=60 block2=7/1/1024 body=#1024+7168
    ==> credit until=13312
    --> CON GET 9 token=01 path=a block2=1/0/1024
    ==> cancel
    ==> $again GET path=a from=1024
    <== $again 2.05 format=60 body=#8192+1024 of=20000 from=1024 digest=d1
    <-- ACK 2.05 9 token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    --> CON GET 10 token=01 path=a block2=2/0/1024
    <-- ACK 2.05 10 token=01 etag=$e format=60 block2=2/1/1024 body=#1024+2048
  )");
}

TEST(Window, EarlierBlockOfAnotherBodyThenItIsToBeAskedForFromTheStart) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 8 token=01 path=a block2=7/0/1024
    <-- ACK 2.05 8 token=01 etag=$e format=60 block2=7/1/1024 body=#1024+7168
    ==> credit until=13312
    --> CON GET 9 token=01 path=a block2=1/0/1024
    ==> cancel
    ==> $again GET path=a from=1024
    <== $again 2.05 format=60 body=#8192+1024 of=20000 from=1024 digest=d2
    <-- ACK 4.08 9 token=01 format=60 error=M_UNKNOWN
    ==> $again cancel
  )");
  EXPECT_EQ(script.rig().requests().usage().downloads, 0U);
  EXPECT_EQ(script.rig().requests().counters().windows_changed, 1U);
}

// A copy of an early request that was long under way is no wish of its client's.
TEST(Window, LateCopyOfARequestForAPassedBlockThenNothingComesOfIt) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 2 token=01 path=a block2=1/0/1024
    <-- ACK 2.05 2 token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
    --> CON GET 8 token=01 path=a block2=7/0/1024
    <-- ACK 2.05 8 token=01 etag=$e format=60 block2=7/1/1024 body=#1024+7168
    ==> credit until=13312
    --> CON GET 2 token=01 path=a block2=1/0/1024
    <-- ACK EMPTY 2
  )");
}

// What has come is served; another translator is asked when that is used up.
TEST(Window, LaneLostInTheMiddleThenTheRestIsAskedForWhenItIsWanted) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play("<== piece broken");
  script.Play(Fetch(1, 8));
  script.Play(R"(
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> $again GET path=a from=8192
    at 1s
    <-- ACK EMPTY 9
    <== $again 2.05 format=60 body=#8192+8192 of=20000 from=8192 digest=d1
    <-- CON 2.05 $m token=01 etag=$e format=60 block2=8/1/1024 body=#1024+8192
    --> ACK EMPTY $m
  )");
  EXPECT_EQ(script.rig().requests().counters().windows_asked_again, 1U);
}

TEST(Window, LaneLostWhileABlockIsWaitedForThenItIsAskedForAtOnce) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> credit until=14336
    <== piece broken
    ==> $again GET path=a from=8192
    <== $again 2.05 format=60 body=#8192+8192 of=20000 from=8192 digest=d1
    <-- ACK 2.05 9 token=01 etag=$e format=60 block2=8/1/1024 body=#1024+8192
  )");
}

TEST(Window, NoTranslatorForTheRestThenThatErrorIsTheBlocks) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    <== piece broken
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> $again GET path=a from=8192
    <== $again 5.02 format=60 status=503 body=hex:a0
    <-- ACK 5.02 9 token=01 format=60 status=503 body=hex:a0
    --> CON GET 10 token=01 path=a block2=8/0/1024
    ==> $third GET path=a from=8192
    <== $third 2.05 format=60 body=#8192+8192 of=20000 from=8192 digest=d1
    <-- ACK 2.05 10 token=01 etag=$e format=60 block2=8/1/1024 body=#1024+8192
  )");
}

TEST(Window, TranslatorBreaksOffAgainAndAgainThenItIsGivenUp) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    <== piece broken
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> $b GET path=a from=8192
    <== $b 2.05 format=60 body=#8192+8192 of=20000 from=8192 digest=d1
    <-- ACK 2.05 9 token=01 etag=$e format=60 block2=8/1/1024 body=#1024+8192
    --> CON GET 10 token=01 path=a block2=19/0/1024
    ==> $b credit until=25600
    <== $b piece broken
    ==> $c GET path=a from=19456
    <== $c 5.02 format=60 body=hex:a0
    <-- ACK 5.02 10 token=01 format=60 body=hex:a0
    --> CON GET 11 token=01 path=a block2=19/0/1024
    ==> $d GET path=a from=19456
    <== $d 5.02 format=60 body=hex:a0
    <-- ACK 5.02 11 token=01 format=60 body=hex:a0
    --> CON GET 12 token=01 path=a block2=19/0/1024
    <-- ACK 5.02 12 token=01 format=60 status=503 error=M_UNKNOWN
  )");
  EXPECT_EQ(script.rig().requests().usage().windows, 0U);
}

TEST(Window, TranslatorFallsSilentThenTheBlockGetsAnErrorAndTheHoldIsFreed) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> credit until=14336
    at 1s
    <-- ACK EMPTY 9
    at 30s
    ==> cancel
    <-- CON 5.04 $m token=01 format=60 error=M_UNKNOWN
    --> ACK EMPTY $m
  )");
}

TEST(Window, ClientVanishesThenTheTranslatorNeedNotHoldItAnyMore) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(Fetch(1, 3));
  script.Play(R"(
    at 300s
    ==> cancel
  )");
  EXPECT_EQ(script.rig().requests().usage().downloads, 0U);
  EXPECT_EQ(HeldBytes(script), 0U);
}

TEST(Window, SessionEndsWhileABlockIsWaitedForThenTheTranslatorIsTold) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> credit until=14336
    close
    ==> cancel
  )");
  EXPECT_EQ(script.rig().requests().usage().windows, 0U);
  EXPECT_EQ(script.rig().messages().unanswered(), 0U);
}

TEST(Window, SameRequestAnewThenTheEarlierAnswerIsNotHeldAnyMore) {
  Script script(WindowOf8KiB());
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 9 token=01 path=a
    ==> $second GET path=a
    <== $second 2.05 format=60 body=#8192 of=20000 digest=d1
    <-- ACK 2.05 9 token=01 etag=$f format=60 block2=0/1/1024 size2=20000 body=#1024
    ==> cancel
  )");
}

// An eviction leaves nobody waiting: the client hears that it has to ask anew.
TEST(Window, BodyMakesRoomWhileABlockIsWaitedForThenItsRequestIsAnswered) {
  RigConfig config = WindowOf8KiB();
  config.request.downloads_per_session_max = config.request.small_downloads_per_session_max = 1;
  Script script(config);
  script.Play(kBegun);
  script.Play(R"(
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> credit until=14336
    --> CON GET 10 token=02 path=b
    ==> $b GET path=b
    <== $b 2.05 format=60 body=#3000
    <-- ACK 2.05 10 token=02 etag=$f format=60 block2=0/1/1024 size2=3000 body=#1024
    <-- ACK 4.08 9 token=01 format=60 error=M_UNKNOWN
    ==> cancel
  )");
}

TEST(Window, NoRoomToKeepItThenTheTranslatorNeedNotHoldItEither) {
  RigConfig config = WindowOf8KiB();
  config.request.small_download_bytes_max = 8191;
  Script(config).Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#8192 of=20000 digest=d1
    <-- ACK 5.02 1 token=01 format=60 status=503 error=M_UNKNOWN
    ==> cancel
  )");
}

TEST(Window, NobodyWantsTheResponseThenTheTranslatorNeedNotHoldIt) {
  Script(WindowOf8KiB()).Play(R"(
    --> CON GET 1 token=01 path=a opt=258:02
    ==> GET path=a
    <== 2.05 format=60 body=#8192 of=20000 digest=d1
    <-- ACK EMPTY 1
    ==> cancel
  )");
}

// A further block without a body kept: only from there on.
TEST(Window, LaterBlockOfWhatIsNotKeptThenItIsAskedForFromThere) {
  Script(WindowOf8KiB()).Play(R"(
    --> CON GET 1 token=01 path=a block2=10/0/1024
    ==> GET path=a from=10240
    <== 2.05 format=60 body=#8192+10240 of=20000 from=10240 digest=d1
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=10/1/1024 body=#1024+10240
    --> CON GET 2 token=01 path=a block2=14/0/1024
    <-- ACK 2.05 2 token=01 etag=$e format=60 block2=14/1/1024 body=#1024+14336
    ==> credit until=20480
  )");
}

TEST(Window, BlockBeyondTheEndThenThatIsTheAnswer) {
  Script(WindowOf8KiB()).Play(R"(
    --> CON GET 1 token=01 path=a block2=20/0/1024
    ==> GET path=a from=20480
    <== 2.05 format=60 of=20000 from=20000 digest=d1 end
    <-- ACK 4.00 1 token=01 format=60 error=M_INVALID_PARAM
  )");
}

// An old translator knows nothing of windows.
TEST(Window, AnswerComesWholeAllTheSameThenItIsKeptWhole) {
  Script script(WindowOf8KiB());
  script.Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#20000
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=20000 body=#1024
    --> CON GET 2 token=01 path=a block2=19/0/1024
    <-- ACK 2.05 2 token=01 etag=$e format=60 block2=19/0/1024 body=#544+19456
  )");
}

// Deployed clients fetch CON blocks inside their ACKs.
TEST(Window, DeployedClientThenBlocksAreChainedAllTheSame) {
  Script(WindowOf8KiB()).Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    <== 2.05 format=60 body=#8192 of=20000 digest=d1
    <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/1024 size2=20000 body=#1024
    --> CON GET 2 token=01 path=a block2=1/1/1024
    <-- ACK EMPTY 2
    <-- CON 2.05 $m token=01 etag=$e format=60 block2=1/1/1024 body=#1024+1024
  )");
}

/// On a path of which nothing is known, by a client that begins with small blocks.
constexpr const char* kBegunSmall = R"(
  --> CON GET 1 token=01 path=a block2=0/0/256
  ==> GET path=a
  <== 2.05 format=60 body=#8192 of=20000 digest=d1
  <-- ACK 2.05 1 token=01 etag=$e format=60 block2=0/1/256 size2=20000 body=#256
)";

RigConfig UnknownPath() {
  RigConfig config = WindowOf8KiB();
  config.passed_bytes = 0;
  return config;
}

TEST(Window, PathNarrowsInMidTransferThenSmallBlocksOfTheSameWindow) {
  Script script(UnknownPath());
  script.Play(kBegunSmall);
  script.Play(R"(
    --> CON GET 2 token=01 path=a block2=4/0/1024
    <-- ACK 2.05 2 token=01 etag=$e format=60 block2=4/1/1024 body=#1024+4096
    ==> credit until=10240
    --> CON GET 3 token=01 path=a block2=4/0/1024
    <-- ACK 2.05 3 token=01 etag=$e format=60 block2=4/1/1024 body=#1024+4096
    --> CON GET 4 token=01 path=a block2=4/0/1024
    <-- ACK 2.05 4 token=01 etag=$e format=60 block2=16/1/256 body=#256+4096
    --> CON GET 5 token=01 path=a block2=17/0/256
    <-- ACK 2.05 5 token=01 etag=$e format=60 block2=17/1/256 body=#256+4352
    # A large one that is to come: it is small when it has come.
    --> CON GET 6 token=01 path=a block2=8/0/1024
    ==> credit until=14336
    <== piece body=#256+8192
    <-- ACK 2.05 6 token=01 etag=$e format=60 block2=32/1/256 body=#256+8192
  )");
  EXPECT_EQ(script.rig().requests().counters().paths_narrowed, 1U);
}

TEST(Window, BlockThatIsToComeAskedForThriceThenItDidNotGetLost) {
  Script script(UnknownPath());
  script.Play(kBegunSmall);
  script.Play(R"(
    --> CON GET 2 token=01 path=a block2=8/0/1024
    ==> credit until=14336
    --> CON GET 3 token=01 path=a block2=8/0/1024
    --> CON GET 4 token=01 path=a block2=8/0/1024
    <== piece body=#1024+8192
    <-- ACK 2.05 2 token=01 etag=$e format=60 block2=8/1/1024 body=#1024+8192
    <-- ACK 2.05 3 token=01 etag=$e format=60 block2=8/1/1024 body=#1024+8192
    <-- ACK 2.05 4 token=01 etag=$e format=60 block2=8/1/1024 body=#1024+8192
  )");
  EXPECT_EQ(script.rig().requests().counters().paths_narrowed, 0U);
}

// The tag of a version names all of its blocks, those of its second half too.
TEST(Window, VersionBrokenOffThenItGoesOnUnderItsTag) {
  Script(WindowOf8KiB()).Play(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    <== 2.05 etag=0102 format=60 body=#8192 of=20000 digest=d1
    <-- ACK 2.05 1 token=01 etag=0102 format=60 block2=0/1/1024 size2=20000 body=#1024
    <== piece broken
    --> CON GET 2 token=01 path=a block2=1/0/1024
    <-- ACK 2.05 2 token=01 etag=0102 format=60 block2=1/1/1024 body=#1024+1024
    --> CON GET 9 token=01 path=a block2=8/0/1024
    ==> $again GET path=a from=8192
    <== $again 2.05 etag=0102 format=60 body=#8192+8192 of=20000 from=8192 digest=d1
    <-- ACK 2.05 9 token=01 etag=0102 format=60 block2=8/1/1024 body=#1024+8192
  )");
}

}  // namespace
}  // namespace lowband::edge::testing
