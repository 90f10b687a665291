#include "services/translator/upstream/breaker.h"

#include <gtest/gtest.h>

namespace lowband::translator {
namespace {

constexpr TimePoint kStart{};
constexpr Duration kInstant = std::chrono::milliseconds(1);

Breaker Opened() {
  Breaker breaker;
  for (unsigned i = 0; i < kBreakerFailures; ++i) breaker.Unreachable(kStart);
  return breaker;
}

TEST(Breaker, FewerFailuresThanTheLimitThenAllPass) {
  Breaker breaker;
  for (unsigned i = 0; i + 1 < kBreakerFailures; ++i) {
    EXPECT_FALSE(breaker.Unreachable(kStart));
    EXPECT_TRUE(breaker.Allow(kStart));
  }
  breaker.Reached();
  EXPECT_FALSE(breaker.Unreachable(kStart)) << "failures in a row are what counts";
  EXPECT_TRUE(breaker.Allow(kStart));
}

TEST(Breaker, LastFailureThenItOpensOnce) {
  Breaker breaker;
  for (unsigned i = 0; i + 1 < kBreakerFailures; ++i) breaker.Unreachable(kStart);
  EXPECT_TRUE(breaker.Unreachable(kStart));
  EXPECT_FALSE(breaker.Unreachable(kStart)) << "it was open already";
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.Allow(kStart));
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
  EXPECT_FALSE(breaker.Unreachable(kStart + kBreakerProbe + kInstant));
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
}  // namespace lowband::translator
