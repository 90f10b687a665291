// The scripts' own test: one that is wrong must fail.
#include "tests/lockstep/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lowband::edge::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> FailuresOf(const std::string& text) {
  ::testing::TestPartResultArray results;
  {
    ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    Script().Play(text);
  }
  std::vector<std::string> failures;
  for (int i = 0; i < results.size(); ++i) {
    failures.emplace_back(results.GetTestPartResult(i).message());
  }
  return failures;
}

const char* const kGood = R"(
    --> CON GET 1 token=01 path=a/b query=x=1 auth="t"
    ==> GET path=a/b query=x=1 auth=t
    <== 2.05 format=60 body="x"
    <-- ACK 2.05 1 token=01 format=60 body="x"
)";

TEST(Script, RightOnePasses) { EXPECT_TRUE(FailuresOf(kGood).empty()); }

TEST(Script, EachWrongExpectationFails) {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"<-- ACK", "<-- NON"},
      {"<-- ACK 2.05", "<-- ACK 2.04"},
      {"2.05 1 token", "2.05 2 token"},
      {"1 token=01 format", "1 token=02 format"},
      {"token=01 format=60 body=\"x\"", "token=01 format=50 body=\"x\""},
      {"token=01 format=60 body=\"x\"", "token=01 body=\"x\""},
      {"token=01 format=60 body=\"x\"", "token=01 format=60 body=\"y\""},
      {"==> GET", "==> PUT"},
      {"==> GET path=a/b", "==> GET path=a"},
      {"x=1 auth=t", "x=1 auth=u"},
      {"==> GET path=a/b query=x=1", "==> GET path=a/b"},
  };
  for (const auto& [from, to] : changes) {
    std::string text = kGood;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    EXPECT_FALSE(FailuresOf(text).empty()) << to;
  }
}

TEST(Script, WhatIsNotExpectedFails) {
  EXPECT_FALSE(FailuresOf("--> CON EMPTY 1").empty());
  EXPECT_FALSE(FailuresOf("--> CON EMPTY 1\n at 1s").empty());
  EXPECT_FALSE(FailuresOf("--> CON GET 1 path=a").empty());
  EXPECT_FALSE(FailuresOf("<-- RST EMPTY 1").empty());
  EXPECT_FALSE(FailuresOf("==> GET path=a").empty());
}

TEST(Script, WrongMomentFails) {
  EXPECT_FALSE(FailuresOf(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    at 1.5s
    <-- ACK EMPTY 1
  )")
                   .empty());
}

// Its one message is retransmitted after 2, 6, 14 and 30 s and given up after 62 s.
std::vector<std::string> FailuresWhileUnacknowledged(const std::string& then) {
  return FailuresOf(R"(
    --> CON GET 1 token=01 path=a
    ==> GET path=a
    at 1s
    <-- ACK EMPTY 1
    <== 2.05 format=60 body="x"
    <-- CON 2.05 $m token=01 format=60 body="x"
)" + then);
}

TEST(Script, RetransmissionsAsManyAsThereArePass) {
  EXPECT_THAT(FailuresWhileUnacknowledged("<-- again 2 times\n --> ACK EMPTY $m\n at 300s"),
              IsEmpty());
  EXPECT_THAT(FailuresWhileUnacknowledged("<-- again 4 times\n at 300s"), IsEmpty());
  EXPECT_THAT(FailuresWhileUnacknowledged("at 3s\n <-- again\n at 7s\n <-- again\n at 15s\n"
                                          "<-- again\n at 31s\n <-- again\n at 300s"),
              IsEmpty());
  EXPECT_THAT(FailuresWhileUnacknowledged("gives up\n at 63s\n at 300s"), IsEmpty());
}

TEST(Script, AnotherNumberOfRetransmissionsFails) {
  EXPECT_THAT(FailuresWhileUnacknowledged("<-- again 3 times\n at 300s"), Not(IsEmpty()));
  EXPECT_THAT(FailuresWhileUnacknowledged("<-- again 5 times"), Not(IsEmpty()));
  EXPECT_THAT(FailuresWhileUnacknowledged("--> ACK EMPTY $m\n gives up"), Not(IsEmpty()));
  EXPECT_THAT(FailuresWhileUnacknowledged("at 2s\n gives up"), Not(IsEmpty())) << "another moment";
  EXPECT_THAT(FailuresWhileUnacknowledged("gives up\n at 62s"), Not(IsEmpty())) << "time went on";
}

TEST(Script, UnreadableLineFails) {
  for (const char* line :
       {"-->", "--> CON", "--> CON GET", "--> CON GOT 1", "--> CON GET 1 x=1", "--> CON GET x",
        "what", "at 1", "at", "gives in", "<-- again some times"}) {
    EXPECT_FALSE(FailuresOf(line).empty()) << line;
  }
}

}  // namespace
}  // namespace lowband::edge::testing
