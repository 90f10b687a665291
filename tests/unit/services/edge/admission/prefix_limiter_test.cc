#include "services/edge/admission/prefix_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SocketAddress Address(const std::string& host, uint16_t port = 4000) {
  return *SocketAddress::FromLiteral(host, port);
}

TEST(PrefixLimiter, RateAndBurstThenKept) {
  PrefixLimiter limiter({5, 20});
  TimePoint now(seconds(100));
  const SocketAddress peer = Address("192.0.2.1");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(limiter.Take(now, peer));
  EXPECT_FALSE(limiter.Take(now, peer));
  EXPECT_FALSE(limiter.Take(now + milliseconds(199), peer));
  EXPECT_TRUE(limiter.Take(now + milliseconds(200), peer));
  EXPECT_FALSE(limiter.Take(now + milliseconds(200), peer));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(limiter.Take(now + seconds(10), peer)) << i;
  EXPECT_FALSE(limiter.Take(now + seconds(10), peer));
}

TEST(PrefixLimiter, PrefixesThenOfTheRightLength) {
  PrefixLimiter limiter({1, 1});
  const TimePoint now(seconds(100));
  EXPECT_TRUE(limiter.Take(now, Address("2001:db8:0:ff00::1")));
  EXPECT_FALSE(limiter.Take(now, Address("2001:db8:0:ffff:1::2", 9)));  // the same /56
  EXPECT_TRUE(limiter.Take(now, Address("2001:db8:0:fe00::1")));
  EXPECT_TRUE(limiter.Take(now, Address("192.0.2.1")));
  EXPECT_FALSE(limiter.Take(now, Address("192.0.2.1", 9)));
  EXPECT_TRUE(limiter.Take(now, Address("192.0.2.3")));
}

TEST(PrefixRates, MorePrefixesThanItHoldsThenTheLongestUnusedIsForgotten) {
  PrefixRates rates({1, 1}, kPrefixesMax);
  const TimePoint now(seconds(100));
  const auto prefix = [](size_t i) {
    return PrefixOf(Address("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) +
                            "." + std::to_string(i & 255)));
  };
  for (size_t i = 0; i < kPrefixesMax; ++i) EXPECT_TRUE(rates.Take(now, prefix(i)));
  EXPECT_FALSE(rates.Take(now, prefix(0)));  // which makes it the latest used
  EXPECT_TRUE(rates.Take(now, prefix(kPrefixesMax)));
  EXPECT_EQ(rates.size(), kPrefixesMax);
  EXPECT_FALSE(rates.Take(now, prefix(0)));
  EXPECT_TRUE(rates.Take(now, prefix(1)));
}

TEST(PrefixLimiter, ResumptionsThenCostAnEighth) {
  PrefixLimiter limiter({5, 20});
  TimePoint now(seconds(100));
  const SocketAddress peer = Address("192.0.2.1");
  for (int i = 0; i < 160; ++i) EXPECT_TRUE(limiter.Take(now, peer, 1)) << i;
  EXPECT_FALSE(limiter.Take(now, peer, 1));
  EXPECT_TRUE(limiter.Take(now + milliseconds(25), peer, 1));
  EXPECT_FALSE(limiter.Take(now + milliseconds(200), peer));
  EXPECT_TRUE(limiter.Take(now + milliseconds(225), peer));
}

// Who says that it resumes, and does not, gets no more than who never said so.
TEST(PrefixLimiter, CheapOnesThatTurnOutDearThenNoMoreThanDearOnes) {
  PrefixLimiter limiter({5, 20});
  const SocketAddress peer = Address("192.0.2.1");
  int begun = 0;
  for (TimePoint now(seconds(100)); now < TimePoint(seconds(110)); now += milliseconds(5)) {
    while (limiter.Take(now, peer, 1)) {
      limiter.Charge(now, peer, kWhole - 1);
      ++begun;
    }
  }
  EXPECT_LE(begun, 20 + 10 * 5 + 1);
  EXPECT_GE(begun, 20 + 10 * 5 - 1);
}

TEST(PrefixLimiter, ManyThreadsThenTogetherTheyGetWhatOnePrefixMay) {
  PrefixLimiter limiter({5, 20});
  const TimePoint now(seconds(100));
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (uint16_t port = 1; port < 1000; ++port) {
        if (limiter.Take(now, Address("192.0.2.1", port))) ++taken;
        (void)limiter.Take(now, Address("198.51.100." + std::to_string(port % 250)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 20);
}

}  // namespace
}  // namespace lowband::edge::admission
