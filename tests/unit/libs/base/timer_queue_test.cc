#include "libs/base/timer_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "libs/base/random.h"

namespace lowband {
namespace {

using std::chrono::milliseconds;

TimePoint At(int64_t ms) { return TimePoint() + milliseconds(ms); }

TEST(TimerQueue, MovedDeadlineThenOnlyTheNewOneFires) {
  TimerQueue<int> timers;
  timers.Set(1, At(10));
  timers.Set(1, At(30));
  EXPECT_EQ(timers.Next(), At(30));
  EXPECT_FALSE(timers.PopDue(At(20)));
  EXPECT_EQ(timers.PopDue(At(30)), 1);
  EXPECT_FALSE(timers.PopDue(At(99)));
  timers.Set(1, At(50));
  timers.Set(1, At(40));  // earlier again
  EXPECT_EQ(timers.PopDue(At(45)), 1);
  EXPECT_FALSE(timers.PopDue(At(60)));
}

TEST(TimerQueue, CancelledThenNeverFires) {
  TimerQueue<int> timers;
  timers.Set(1, At(10));
  timers.Set(2, At(20));
  timers.Cancel(1);
  EXPECT_EQ(timers.Next(), At(20));
  EXPECT_EQ(timers.PopDue(At(30)), 2);
  EXPECT_EQ(timers.Next(), std::nullopt);
}

TEST(TimerQueue, RandomOperationsThenAgreesWithAMap) {
  auto random = MakeSeededRandom(1);
  TimerQueue<uint64_t> timers;
  std::map<uint64_t, TimePoint> model;
  int64_t now_ms = 0;
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t key = random->Below(50);
    switch (random->Below(3)) {
      case 0: {
        const TimePoint at = At(now_ms + static_cast<int64_t>(random->Below(1000)));
        timers.Set(key, at);
        model[key] = at;
        break;
      }
      case 1:
        timers.Cancel(key);
        model.erase(key);
        break;
      default:
        now_ms += static_cast<int64_t>(random->Below(20));
        while (const auto due = timers.PopDue(At(now_ms))) {
          ASSERT_TRUE(model.contains(*due));
          ASSERT_LE(model[*due], At(now_ms));
          model.erase(*due);
        }
        for (const auto& [left, at] : model) ASSERT_GT(at, At(now_ms)) << left;
    }
    ASSERT_EQ(timers.size(), model.size());
  }
}

}  // namespace
}  // namespace lowband
