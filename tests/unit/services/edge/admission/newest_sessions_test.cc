#include "services/edge/admission/newest_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace lowband::edge::admission {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ClientId kClient{7};
TimePoint At(int seconds) {
  return TimePoint(std::chrono::hours(1) + std::chrono::seconds(seconds));
}

TEST(NewestSessions, NewerOneThenWhatWasHeardBeforeIsOutlived) {
  NewestSessions sessions;
  auto first = sessions.Join(kClient, 0, At(1));
  auto other = sessions.Join(ClientId{8}, 0, At(1));
  EXPECT_TRUE(first.newest);
  EXPECT_THAT(first.tell, IsEmpty());
  EXPECT_FALSE(first.member.IsOutlived(At(1)));
  auto second = sessions.Join(kClient, 0, At(5));
  EXPECT_TRUE(second.newest);
  EXPECT_THAT(second.tell, IsEmpty()) << "its own worker need not be told";
  EXPECT_TRUE(first.member.IsOutlived(At(4)));
  EXPECT_FALSE(first.member.IsOutlived(At(5)));
  EXPECT_FALSE(second.member.IsOutlived(At(5)));
  EXPECT_FALSE(other.member.IsOutlived(At(1)));
}

TEST(NewestSessions, OlderOneJoinsLateThenNobodyIsTold) {
  NewestSessions sessions;
  auto newer = sessions.Join(kClient, 0, At(5));
  auto older = sessions.Join(kClient, 1, At(1));
  EXPECT_FALSE(older.newest);
  EXPECT_THAT(older.tell, IsEmpty());
  EXPECT_TRUE(older.member.IsOutlived(At(3)));
}

TEST(NewestSessions, OtherWorkersThenToldOnceUntilTheyAsk) {
  NewestSessions sessions;
  auto first = sessions.Join(kClient, 3, At(1));
  auto second = sessions.Join(kClient, 0, At(2));
  EXPECT_THAT(second.tell, ElementsAre(3U));
  auto third = sessions.Join(kClient, 0, At(3));
  EXPECT_THAT(third.tell, ElementsAre(3U)) << "the word before may have been lost";
  EXPECT_THAT(sessions.TakeNews(0), IsEmpty());
  EXPECT_THAT(sessions.TakeNews(3), ElementsAre(kClient));
  EXPECT_THAT(sessions.TakeNews(3), IsEmpty());
}

TEST(NewestSessions, MembersLeaveThenNothingIsLeft) {
  NewestSessions sessions;
  {
    auto first = sessions.Join(kClient, 3, At(1));
    auto second = sessions.Join(kClient, 0, At(9));
    first.member.Reset();
    EXPECT_THAT(sessions.TakeNews(3), IsEmpty()) << "it has none of them any more";
    EXPECT_EQ(sessions.size(), 1U);
  }
  EXPECT_EQ(sessions.size(), 0U);
  auto again = sessions.Join(kClient, 0, At(2));
  EXPECT_FALSE(again.member.IsOutlived(At(2)));
}

TEST(NewestSessions, ManyThreadsThenEachTakesWhatIsItsOwn) {
  NewestSessions sessions;
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&sessions, worker] {
      for (int i = 0; i < 2000; ++i) {
        const auto joined = sessions.Join(ClientId{static_cast<uint64_t>(i % 5)}, worker, At(i));
        (void)joined.member.IsOutlived(At(i));
        (void)sessions.TakeNews(worker);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(sessions.size(), 0U);
}

}  // namespace
}  // namespace lowband::edge::admission
