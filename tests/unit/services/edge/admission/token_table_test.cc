#include "services/edge/admission/token_table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

namespace lowband::edge::admission {
namespace {

using Kind = TokenTable::Kind;

TEST(TokenTable, OneTokenHasOneIdAndOthersHaveOthers) {
  const TokenTable table({});
  const TokenTable other({});
  EXPECT_EQ(table.IdOf("syt_a"), table.IdOf("syt_a"));
  EXPECT_NE(table.IdOf("syt_a"), table.IdOf("syt_b"));
  EXPECT_NE(table.IdOf("syt_a"), other.IdOf("syt_a")) << "with a key of its own";
}

TEST(TokenTable, TooManyPollsThenTheWorkerWithMostLetsTheOldestGo) {
  TokenTable table({.exchanges = 10, .polls = 3});
  const TokenId token{1};
  EXPECT_FALSE(table.Take(token, 0, Kind::kPoll).makes_room);
  EXPECT_FALSE(table.Take(token, 5, Kind::kPoll).makes_room);
  EXPECT_FALSE(table.Take(token, 5, Kind::kPoll).makes_room);
  const auto fourth = table.Take(token, 0, Kind::kPoll);
  EXPECT_TRUE(fourth.booked);
  EXPECT_EQ(fourth.makes_room, 5u);
  EXPECT_TRUE(table.TakeLeaving(0).empty());
  EXPECT_EQ(table.TakeLeaving(5), std::vector<TokenId>{token});
  EXPECT_TRUE(table.TakeLeaving(5).empty()) << "once";
  table.Give(token, 5, Kind::kPoll);
  EXPECT_EQ(table.Take(TokenId{2}, 0, Kind::kPoll).makes_room, std::nullopt) << "by token";
}

TEST(TokenTable, TooManyRequestsThenAPollGoesOrWithoutAnyTheNewcomerWaits) {
  TokenTable table({.exchanges = 2, .polls = 2});
  const TokenId token{1};
  ASSERT_TRUE(table.Take(token, 0, Kind::kShort).booked);
  ASSERT_TRUE(table.Take(token, 0, Kind::kShort).booked);
  EXPECT_FALSE(table.Take(token, 0, Kind::kShort).booked);
  EXPECT_EQ(table.refused(), 1u);
  EXPECT_FALSE(table.BecomePoll(token, 0).makes_room);
  EXPECT_EQ(table.Take(token, 1, Kind::kShort).makes_room, 0u);
  EXPECT_FALSE(table.Take(token, 1, Kind::kShort).booked) << "that one goes for another already";
}

TEST(TokenTable, OneThatIsToGoEndsByItselfThenNobodyElseHasTo) {
  TokenTable table({.exchanges = 9, .polls = 1});
  const TokenId token{1};
  ASSERT_TRUE(table.Take(token, 0, Kind::kPoll).booked);
  ASSERT_EQ(table.Take(token, 1, Kind::kPoll).makes_room, 0u);
  table.Give(token, 0, Kind::kPoll);
  EXPECT_TRUE(table.TakeLeaving(0).empty());
  EXPECT_TRUE(table.TakeLeaving(1).empty());
  table.Give(token, 1, Kind::kPoll);
  EXPECT_EQ(table.size(), 0u);
}

TEST(TokenTable, WorkersTakeAndGiveAtOnceThenNothingIsLeft) {
  TokenTable table({.exchanges = 40, .polls = 8});
  const auto work = [&](unsigned worker) {
    std::mt19937 random(worker);
    for (int round = 0; round < 5000; ++round) {
      const TokenId token{random() % 5};
      const Kind kind = random() % 2 == 0 ? Kind::kShort : Kind::kPoll;
      const bool booked = table.Take(token, worker, kind).booked;
      (void)table.TakeLeaving(worker);
      if (booked) table.Give(token, worker, kind);
    }
  };
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < 3; ++worker) workers.emplace_back(work, worker);
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace lowband::edge::admission
