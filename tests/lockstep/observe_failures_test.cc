// Observations whose polls go on failing: who is told, and what becomes of the observation.
#include <gtest/gtest.h>

#include "services/edge/request/counters.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

// Registered, and the first body delivered: the poll by its cursor is under way.
constexpr std::string_view kRegistered = R"(
    --> CON GET 10 token=0a observe=0 path=7 query=timeout=0 auth="tok"
    ==> GET path=7 query=timeout=0 auth=tok observe
    <== observable
    <-- ACK 2.05 10 token=0a observe=2
    <== 2.05 format=60 body="one" poll=changed cursor=c1
    <-- CON 2.05 $m1 token=0a observe=3 format=60 body="one"
    --> ACK EMPTY $m1
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
)";

// A limit of the homeserver, which passes. Deployed clients go on listening after an error.
TEST(Observe, FifthFailureInARowThenToldOnceAndNotEnded) {
  Script script;
  script.Play(kRegistered);
  script.Play(R"(
    at 10s
    <== 4.03 format=60 body="limit" poll=failed
    at 12s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 4.03 format=60 body="limit" poll=failed
    at 16s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 4.03 format=60 body="limit" poll=failed
    at 24s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 4.03 format=60 body="limit" poll=failed
    at 40s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 4.03 format=60 body="limit" poll=failed
    <-- CON 4.03 $e token=0a format=60 body="limit"
    --> ACK EMPTY $e
    at 72s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 4.03 format=60 body="limit" poll=failed
    at 132s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 2.05 format=60 body="two" poll=changed cursor=c2
    <-- CON 2.05 $m token=0a observe=4 format=60 body="two"
    --> ACK EMPTY $m
    ==> GET path=7 query=timeout=0 auth=tok cursor=c2
  )");
  const auto& failed = script.rig().requests().counters().polls_failed;
  EXPECT_EQ(failed[static_cast<size_t>(request::PollFailure::kRefused)], 6u);
}

constexpr std::string_view kRefused = R"(
    at 10s
    <== 4.01 format=60 body="no" refused poll=ended
    <-- CON 4.01 $e token=0a format=60 body="no"
)";

// Its client goes on listening, and nobody would ever tell it.
TEST(Observe, WordOfARefusedTokenIsNotAcknowledgedThenTheSessionEnds) {
  Script script;
  script.Play(kRegistered);
  script.Play(kRefused);
  script.Play(R"(
    at 12s
    <-- CON 4.01 $e token=0a format=60 body="no"
    at 16s
    <-- CON 4.01 $e token=0a format=60 body="no"
    at 24s
    <-- CON 4.01 $e token=0a format=60 body="no"
    at 40s
    <-- CON 4.01 $e token=0a format=60 body="no"
  )");
  EXPECT_TRUE(script.rig().TakeUntold().empty());
  script.Play("at 72s\n");
  EXPECT_EQ(script.rig().TakeUntold(), std::vector{script.session()});
  EXPECT_EQ(script.rig().requests().counters().observations_ended, 1u);
}

TEST(Observe, WordOfARefusedTokenIsAcknowledgedOrRejectedThenTheSessionStays) {
  for (const char* fate : {"--> ACK EMPTY $e\n", "--> RST EMPTY $e\n"}) {
    Script script;
    script.Play(kRegistered);
    script.Play(kRefused);
    script.Play(fate);
    script.Play("at 300s\n");
    EXPECT_TRUE(script.rig().TakeUntold().empty());
  }
}

// Deployed clients say so of what they cannot put together: they have not read it, and go on
// listening.
TEST(Observe, WordOfARefusedTokenCannotBeUsedThenTheSessionEnds) {
  for (const char* refusal :
       {"--> ACK 4.08 $e token=0a\n", "--> CON 4.08 101 token=0a\n<-- ACK EMPTY 101\n",
        "--> ACK EMPTY $e\n--> CON 4.08 101 token=0a\n<-- RST EMPTY 101\n"}) {
    Script script;
    script.Play(kRegistered);
    script.Play(kRefused);
    EXPECT_TRUE(script.rig().TakeUntold().empty());
    script.Play(refusal);
    const bool had_it = std::string_view(refusal).starts_with("--> ACK EMPTY");
    EXPECT_EQ(script.rig().TakeUntold().size(), had_it ? 0u : 1u) << refusal;
  }
}

// Sent in vain it becomes a block, and the fate of that one counts.
TEST(Observe, LongWordOfARefusedTokenBecomesABlockThenItsFateCounts) {
  for (const bool acknowledged : {true, false}) {
    RigConfig config = LockstepConfig();
    config.passed_bytes = 0;
    Script script(config);
    script.Play(kRegistered);
    script.Play(R"(
    at 10s
    <== 4.01 format=60 body=#900 refused poll=ended
    <-- CON 4.01 $e token=0a format=60 body=#900
    at 12s
    <-- CON 4.01 $e token=0a format=60 body=#900
    at 16s
    <-- CON 4.01 $e token=0a format=60 body=#900
    at 24s
    <-- CON 4.01 $f token=0a etag=$t format=60 block2=0/1/256 size2=900 body=#256
  )");
    if (acknowledged) script.Play("--> ACK EMPTY $f\n");
    script.rig().AdvanceTo(script.rig().now() + std::chrono::seconds(200));
    while (script.rig().TakeSent()) {
    }
    EXPECT_EQ(script.rig().TakeUntold().size(), acknowledged ? 0u : 1u);
  }
}

constexpr std::string_view kTold = R"(
    at 10s
    <== 5.02 format=60 body="away" poll=failed
    at 12s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 5.02 format=60 body="away" poll=failed
    at 16s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 5.02 format=60 body="away" poll=failed
    at 24s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 5.02 format=60 body="away" poll=failed
    at 40s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 5.04 format=60 body="away"                # made by the uplink
    <-- CON 5.04 $e token=0a format=60 body="away"
    --> ACK EMPTY $e
)";

// RFC 7641 section 4.2: for this client the error was the end.
TEST(Observe, ToldThenANewRegistrationReplacesTheOneThatWasKept) {
  Script script;
  script.Play(kRegistered);
  script.Play(kTold);
  script.Play(R"(
    at 50s
    --> CON GET 50 token=0b observe=0 path=7 query=since=s1
    ==> $n GET path=7 query=since=s1 auth=tok observe
    <== $n observable
    <-- ACK 2.05 50 token=0b observe=4
    at 100s
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 1u);
}

TEST(Observe, ToldThenResetToTheNextNotificationIsTheEnd) {
  Script script;
  script.Play(kRegistered);
  script.Play(kTold);
  script.Play(R"(
    at 72s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 2.05 format=60 body="two" poll=changed cursor=c2
    <-- CON 2.05 $m token=0a observe=4 format=60 body="two"
    --> RST EMPTY $m
    at 200s
  )");
  EXPECT_EQ(script.rig().requests().usage().observations, 0u);
}

// The error is still on its way when there is news: one at a time.
TEST(Observe, ToldInVainThenTheNewsTakeItsPlace) {
  Script script;
  script.Play(kRegistered);
  std::string told(kTold);
  told.erase(told.find("    --> ACK EMPTY $e"));
  script.Play(told);
  script.Play(R"(
    <-- again 4 times
    at 72s
    ==> GET path=7 query=timeout=0 auth=tok cursor=c1
    <== 2.05 format=60 body="two" poll=changed cursor=c2
    <-- CON 2.05 $m token=0a observe=4 format=60 body="two"
    --> ACK EMPTY $m
    ==> GET path=7 query=timeout=0 auth=tok cursor=c2
    at 120s
  )");
}

}  // namespace
}  // namespace lowband::edge::testing
