#include "services/translator/ingress/awake.h"

#include <gtest/gtest.h>

#include <chrono>

namespace lowband::translator::ingress {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint At(Duration time) { return TimePoint(1000s) + time; }

TEST(Awake, NobodyTicksThenItNeverSleeps) {
  const Awake awake;
  EXPECT_FALSE(awake.SleptSince(At(0s), At(1h)));
}

TEST(Awake, TicksInTimeThenItNeverSleeps) {
  Awake awake;
  for (Duration time = 0s; time < 1h; time += kTickInterval) {
    EXPECT_FALSE(awake.Tick(At(time)));
    EXPECT_FALSE(awake.SleptSince(At(0s), At(time + kTickInterval)));
  }
}

TEST(Awake, SleepsThenOlderThingsHaveBeenThroughItAndNewerOnesNot) {
  Awake awake;
  EXPECT_FALSE(awake.Tick(At(0s)));
  // It slept from 100 ms to 15 s, and the tick is not the first to wake.
  EXPECT_FALSE(awake.SleptSince(At(50ms), At(100ms)));
  EXPECT_TRUE(awake.SleptSince(At(50ms), At(15s)));
  EXPECT_FALSE(awake.SleptSince(At(15s), At(15s + 1ms)));
  EXPECT_TRUE(awake.Tick(At(15s + 2ms)));
  for (const Duration later : {3ms, 900ms}) {
    EXPECT_TRUE(awake.SleptSince(At(50ms), At(15s + later)));
    EXPECT_FALSE(awake.SleptSince(At(15s + 1ms), At(15s + later)));
    awake.Tick(At(15s + later));
  }
}

TEST(Awake, StoppedThenTicksMayBeMissing) {
  Awake awake;
  awake.Tick(At(0s));
  awake.Stop();
  EXPECT_FALSE(awake.SleptSince(At(0s), At(1h)));
}

}  // namespace
}  // namespace lowband::translator::ingress
