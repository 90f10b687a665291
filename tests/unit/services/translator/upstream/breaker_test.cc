#include "services/translator/upstream/breaker.h"

#include <gtest/gtest.h>

namespace lowband::translator::upstream {
namespace {

constexpr TimePoint kStart{};
constexpr Duration kInstant = std::chrono::milliseconds(1);
constexpr Duration kTimeout = std::chrono::seconds(3);
constexpr Duration kTook = kTimeout + kInstant;

Breaker Opened() {
  Breaker breaker(kTimeout);
  for (unsigned i = 0; i < kBreakerFailures; ++i) breaker.Unreachable(kStart, kTook);
  return breaker;
}

TEST(Breaker, FewerFailuresThanTheLimitThenAllPass) {
  Breaker breaker(kTimeout);
  for (unsigned i = 0; i + 1 < kBreakerFailures; ++i) {
    EXPECT_FALSE(breaker.Unreachable(kStart, kTook));
    EXPECT_TRUE(breaker.Allow(kStart));
  }
  breaker.Reached();
  EXPECT_FALSE(breaker.Unreachable(kStart, kTook)) << "failures in a row are what counts";
  EXPECT_TRUE(breaker.Allow(kStart));
}

TEST(Breaker, LastFailureThenItOpensOnce) {
  Breaker breaker(kTimeout);
  for (unsigned i = 0; i + 1 < kBreakerFailures; ++i) breaker.Unreachable(kStart, kTook);
  EXPECT_TRUE(breaker.Unreachable(kStart, kTook));
  EXPECT_FALSE(breaker.Unreachable(kStart, kTook)) << "it was open already";
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.Allow(kStart));
}

TEST(Breaker, ProcessSleptThenItsFailuresOfThatTimeSayNothing) {
  Breaker breaker(kTimeout);
  for (unsigned i = 0; i < 2 * kBreakerFailures; ++i) {
    EXPECT_FALSE(breaker.Unreachable(kStart, kTimeout + kConnectLate + kInstant));
  }
  EXPECT_FALSE(breaker.is_open());
}

TEST(Breaker, OpenThenOneProbeInEachPeriod) {
  Breaker breaker = Opened();
  EXPECT_FALSE(breaker.Allow(kStart + kBreakerProbe - kInstant));
  EXPECT_TRUE(breaker.Allow(kStart + kBreakerProbe));
  EXPECT_FALSE(breaker.Allow(kStart + kBreakerProbe + kInstant));
  EXPECT_TRUE(breaker.Allow(kStart + 2 * kBreakerProbe)) << "a probe that was lost is replaced";
}

TEST(Breaker, ProbeFailsThenItStaysOpenForAnotherPeriod) {
  Breaker breaker = Opened();
  ASSERT_TRUE(breaker.Allow(kStart + kBreakerProbe));
  EXPECT_FALSE(breaker.Unreachable(kStart + kBreakerProbe + kInstant, kTook));
  EXPECT_FALSE(breaker.Allow(kStart + 2 * kBreakerProbe));
  EXPECT_TRUE(breaker.Allow(kStart + 2 * kBreakerProbe + kInstant));
}

TEST(Breaker, ProbeReachesTheHomeserverThenItCloses) {
  Breaker breaker = Opened();
  ASSERT_TRUE(breaker.Allow(kStart + kBreakerProbe));
  breaker.Reached();
  EXPECT_FALSE(breaker.is_open());
  EXPECT_TRUE(breaker.Allow(kStart + kBreakerProbe));
  EXPECT_TRUE(breaker.Allow(kStart + kBreakerProbe));
}

}  // namespace
}  // namespace lowband::translator::upstream
