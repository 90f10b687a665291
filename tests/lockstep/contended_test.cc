// What the ledgers count of those that find no room: each of them once, however often it asks.
#include <gtest/gtest.h>

#include <string>

#include "tests/lockstep/crowd.h"

namespace lowband::edge::testing {
namespace {

constexpr const char* kOne = "192.0.2.1";
constexpr const char* kOther = "198.51.100.7";

RigConfig ConfigWith(admission::RequestLedgers& ledgers) {
  RigConfig config;
  config.ledgers = &ledgers;
  return config;
}

TEST(Contended, RequestWaitsForAPlaceThenItIsRefusedOne) {
  admission::RequestLedgers ledgers({.exchanges = 4});
  Rig rig(ConfigWith(ledgers));
  Crowd crowd(rig);
  const SessionId busy = crowd.Join(kOne);
  for (int i = 0; i < 4; ++i) crowd.Send(busy, "GET path=hangs");
  const SessionId phone = crowd.Join(kOther);
  crowd.Send(phone, "GET path=a");
  EXPECT_EQ(ledgers.exchanges.usage().refused, 1u);
  crowd.Pass(std::chrono::seconds(2));
  EXPECT_EQ(ledgers.exchanges.usage().refused, 1u) << "it has asked twenty times";
  crowd.Send(phone, "GET path=b");
  EXPECT_EQ(ledgers.exchanges.usage().refused, 1u)
      << "it waits behind the first, and has not asked";
  crowd.Answer("hangs", "2.05");
  crowd.Answer("a", "2.05");
  crowd.Pass(std::chrono::seconds(1));
  crowd.Answer("b", "2.05");
  EXPECT_EQ(crowd.Codes(phone), "2.05 2.05");
  EXPECT_EQ(ledgers.exchanges.usage().made_room, 0u) << "nobody did";
}

TEST(Contended, RequestWaitsForOthersOfItsTokenThenItIsCountedOnce) {
  admission::RequestLedgers ledgers({.tokens = {.exchanges = 32, .polls = 8}});
  Rig rig(ConfigWith(ledgers));
  Crowd crowd(rig);
  const SessionId one = crowd.Join(kOne);
  const SessionId two = crowd.Join(kOther);
  for (int i = 0; i < 32; ++i) crowd.Send(one, "GET path=hangs auth=tok");
  crowd.Send(two, "GET path=a auth=tok");
  EXPECT_EQ(ledgers.tokens.refused(), 1u);
  crowd.Pass(std::chrono::seconds(2));
  EXPECT_EQ(ledgers.tokens.refused(), 1u);
  crowd.Answer("hangs", "2.05");
  crowd.Pass(std::chrono::seconds(1));
  crowd.Answer("a", "2.05");
  EXPECT_EQ(crowd.Codes(two), "2.05");
}

}  // namespace
}  // namespace lowband::edge::testing
