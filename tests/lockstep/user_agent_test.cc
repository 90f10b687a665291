// What a client calls itself (option 2050), for the rest of its session.
#include <gtest/gtest.h>

#include <string>

#include "libs/coap/limits.h"
#include "tests/lockstep/script.h"

namespace lowband::edge::testing {
namespace {

TEST(StickyUserAgent, HoldsForLaterRequestsUntilReplacedOrCleared) {
  Script().Play(R"(
    --> CON GET 1 path=a
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON GET 2 path=a agent=Phone/1.0
    ==> GET path=a agent=Phone/1.0
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
    --> CON POST 3 path=a
    ==> POST path=a agent=Phone/1.0
    <== 2.05
    <-- ACK 2.05 3 format=60 body=hex:a0
    --> CON GET 4 path=a agent=Phone/2.0
    ==> GET path=a agent=Phone/2.0
    <== 2.05
    <-- ACK 2.05 4 format=60 body=hex:a0
    --> CON GET 5 path=a agent=""
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 5 format=60 body=hex:a0
  )");
}

TEST(StickyUserAgent, OvertakenMessageThenTheLaterOneHolds) {
  Script().Play(R"(
    --> record=9 CON GET 1 path=a agent=new
    ==> GET path=a agent=new
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> record=7 CON GET 2 path=a agent=old
    ==> GET path=a agent=new
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
  )");
}

// RFC 7252 §5.4.3, §5.4.5: an elective option out of its range, or repeated, is as if unknown.
TEST(StickyUserAgent, OverItsLimitOrRepeatedThenIgnored) {
  const std::string limit(coap::kUserAgentBytesMax, 'x');
  Script().Play("--> CON GET 1 path=a agent=" + limit + "x\n" + R"(
    ==> GET path=a
    <== 2.05
    <-- ACK 2.05 1 format=60 body=hex:a0
    --> CON GET 2 path=a agent=first agent=second
    ==> GET path=a agent=first
    <== 2.05
    <-- ACK 2.05 2 format=60 body=hex:a0
    --> CON GET 3 path=a agent=)" +
                limit + "\n==> GET path=a agent=" + limit + R"(
    <== 2.05
    <-- ACK 2.05 3 format=60 body=hex:a0
  )");
}

}  // namespace
}  // namespace lowband::edge::testing
