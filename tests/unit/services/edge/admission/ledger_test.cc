#include "services/edge/admission/ledger.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <thread>

namespace lowband::edge::admission {
namespace {

using Verdict = Ledger::Verdict;

Holder Unproven(uint64_t network, unsigned worker = 0) {
  return {Network{network}, Standing::kUnproven, worker};
}
Holder Proven(uint64_t network, unsigned worker = 0) {
  return {Network{network}, Standing::kProven, worker};
}

TEST(Ledger, RoomThenBookedAndNobodyIsNamed) {
  Ledger ledger(10, Yield::kToProven);
  EXPECT_EQ(ledger.Take(Unproven(1), 10), Verdict::kFits);
  EXPECT_FALSE(ledger.Overdraft());
  EXPECT_EQ(ledger.usage().held[0], 10u);
}

TEST(Ledger, FullThenTheUnprovenOfTheHeaviestNetworkMakeRoom) {
  Ledger ledger(100, Yield::kToProven);
  ASSERT_EQ(ledger.Take(Unproven(1, 3), 90), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Proven(2), 10), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(7), 1), Verdict::kMakeRoom);
  const auto victim = ledger.Overdraft();
  ASSERT_TRUE(victim);
  EXPECT_EQ(victim->network, Network{1});
  EXPECT_EQ(victim->worker, 3u);
  EXPECT_EQ(victim->standing, Standing::kUnproven);
  ledger.Give(Unproven(1, 3), 1);
  EXPECT_FALSE(ledger.Overdraft());
}

TEST(Ledger, TheHeaviestAsksForMoreThenItsOwnMakeRoom) {
  Ledger ledger(100, Yield::kToProven);
  ASSERT_EQ(ledger.Take(Unproven(1), 99), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(2), 1), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(1), 1), Verdict::kMakeRoom);
  EXPECT_EQ(ledger.Overdraft()->network, Network{1});
}

TEST(Ledger, AskedForANewcomerThenWhoWouldMakeRoomIsNamedBeforeItIsBooked) {
  Ledger ledger(10, Yield::kToAll);
  ASSERT_EQ(ledger.Take(Unproven(1, 2), 10), Verdict::kFits);
  EXPECT_FALSE(ledger.Overdraft());
  const auto victim = ledger.Overdraft({.more = 1});
  ASSERT_TRUE(victim);
  EXPECT_EQ(victim->network, Network{1});
  EXPECT_EQ(victim->worker, 2u);
  EXPECT_EQ(victim->held, 10u);
  ledger.Give(Unproven(1, 2), 1);
  EXPECT_FALSE(ledger.Overdraft({.more = 1}));
}

TEST(Ledger, NothingProvenCanGoThenAnUnprovenHoldingIsNamedOrNobody) {
  Ledger ledger(100, Yield::kToAll);
  ASSERT_EQ(ledger.Take(Proven(1), 97), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(2, 1), 2), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(3), 1), Verdict::kFits);
  EXPECT_EQ(ledger.Overdraft({.more = 1})->network, Network{1});
  const auto other = ledger.Overdraft({.more = 1, .proven_in_use = true});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->network, Network{2});
  EXPECT_EQ(other->standing, Standing::kUnproven);
  ledger.Give(Unproven(2, 1), 2);
  ledger.Give(Unproven(3), 1);
  ASSERT_EQ(ledger.Take(Proven(1), 3), Verdict::kFits);
  EXPECT_FALSE(ledger.Overdraft({.more = 1, .proven_in_use = true}));
}

TEST(Ledger, HeldThenToldWithoutALock) {
  Ledger ledger(100, Yield::kToAll);
  ASSERT_EQ(ledger.Take(Unproven(1), 7), Verdict::kFits);
  ledger.Move(Unproven(1), Proven(1), 3);
  EXPECT_EQ(ledger.held(Standing::kUnproven), 4u);
  EXPECT_EQ(ledger.held(Standing::kProven), 3u);
  ledger.Give(Proven(1), 3);
  EXPECT_EQ(ledger.held(Standing::kProven), 0u);
}

TEST(Ledger, TheWorkerThatHasMostOfItIsNamed) {
  Ledger ledger(100, Yield::kToProven);
  ASSERT_EQ(ledger.Take(Unproven(1, 0), 20), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(1, 5), 70), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(1, 9), 10), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Unproven(2, 1), 1), Verdict::kMakeRoom);
  EXPECT_EQ(ledger.Overdraft()->worker, 5u);
}

TEST(Ledger, OnlyProvenAreThereThenAnUnprovenNewcomerIsRefused) {
  Ledger ledger(10, Yield::kToProven);
  ASSERT_EQ(ledger.Take(Proven(1), 10), Verdict::kFits);
  EXPECT_EQ(ledger.Take(Unproven(2), 1), Verdict::kFull);
  EXPECT_EQ(ledger.usage().refused, 1u);
  EXPECT_EQ(ledger.usage().held[1], 10u);
}

TEST(Ledger, OnlyProvenAreThereThenTheHeavierYieldsToAProvenNewcomer) {
  Ledger ledger(100, Yield::kToProven);
  ASSERT_EQ(ledger.Take(Proven(1), 60), Verdict::kFits);
  ASSERT_EQ(ledger.Take(Proven(2), 40), Verdict::kFits);
  EXPECT_EQ(ledger.Take(Proven(3), 6), Verdict::kMakeRoom);
  EXPECT_EQ(ledger.Overdraft()->network, Network{1});
  ledger.Give(Proven(1), 6);
  // One that would have more than the heaviest gets nothing.
  EXPECT_EQ(ledger.Take(Proven(2), 40), Verdict::kFull);
}

TEST(Ledger, WhereAllYieldAnUnprovenNewcomerIsBooked) {
  Ledger ledger(160, Yield::kToAll);
  ASSERT_EQ(ledger.Take(Proven(1), 160), Verdict::kFits);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(ledger.Take(Unproven(2), 1), Verdict::kMakeRoom);
    ASSERT_EQ(ledger.Overdraft()->standing, Standing::kProven) << "a newcomer must not go at once";
    ledger.Give(Proven(1), 1);
  }
  // Those that crowd in make room for each other.
  ASSERT_EQ(ledger.Take(Unproven(2), 1), Verdict::kMakeRoom);
  EXPECT_EQ(ledger.Overdraft()->standing, Standing::kUnproven);
}

TEST(Ledger, NobodyMakesRoomThenTheSlackIsTheEnd) {
  Ledger ledger(160, Yield::kToAll);
  ASSERT_EQ(ledger.Take(Unproven(1), 160), Verdict::kFits);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ledger.Take(Unproven(2), 1), Verdict::kMakeRoom);
  EXPECT_EQ(ledger.Take(Unproven(2), 1), Verdict::kFull);
}

TEST(Ledger, MovedThenTheOtherHasIt) {
  Ledger ledger(10, Yield::kToProven);
  ASSERT_EQ(ledger.Take(Unproven(1), 10), Verdict::kFits);
  ledger.Move(Unproven(1), Proven(2), 4);
  EXPECT_EQ(ledger.usage().held, (std::array<size_t, 2>{6, 4}));
  ledger.Give(Proven(2), 4);
  ledger.Give(Unproven(1), 6);
  EXPECT_EQ(ledger.usage().networks, 0u) << "nothing is kept of who holds nothing";
}

// One network holds all it can get, by many steps of any size; the others ask for little each.
TEST(Ledger, AHogThenEverybodyElseGetsWhatTheyAskFor) {
  Ledger ledger(1'000, Yield::kToProven);
  std::deque<std::pair<Holder, size_t>> hog;
  const auto relieve = [&] {
    while (const auto victim = ledger.Overdraft()) {
      ASSERT_EQ(victim->network, Network{1}) << "somebody else lost something";
      ledger.Give(hog.front().first, hog.front().second);
      hog.pop_front();
    }
  };
  std::mt19937_64 random(7);
  for (uint64_t i = 0; i < 10'000; ++i) {
    const Holder more = Unproven(1, static_cast<unsigned>(random() % 4));
    const size_t amount = 1 + random() % 20;
    if (ledger.Take(more, amount) != Verdict::kFull) hog.emplace_back(more, amount);
    relieve();
    if (i % 20 == 0) {
      ASSERT_NE(ledger.Take(Unproven(2 + i), 1), Verdict::kFull);
      relieve();
    }
    ASSERT_LE(ledger.usage().held[0], 1'000u);
  }
}

TEST(Ledger, AnyOrderThenTheSumsAreRight) {
  Ledger ledger(1'000'000, Yield::kToAll);
  std::vector<std::pair<Holder, size_t>> held;
  std::mt19937_64 random(11);
  size_t sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 3 != 0 || held.empty()) {
      const Holder holder{Network{random() % 50}, static_cast<Standing>(random() % 2),
                          static_cast<unsigned>(random() % 8)};
      const size_t amount = 1 + random() % 100;
      ASSERT_EQ(ledger.Take(holder, amount), Verdict::kFits);
      held.emplace_back(holder, amount);
      sum += amount;
    } else {
      std::swap(held[random() % held.size()], held.back());
      if (random() % 2 == 0) {
        const Holder to{Network{random() % 50}, Standing::kProven, held.back().first.worker};
        ledger.Move(held.back().first, to, held.back().second);
        held.back().first = to;
      } else {
        ledger.Give(held.back().first, held.back().second);
        sum -= held.back().second;
        held.pop_back();
      }
    }
  }
  EXPECT_EQ(ledger.usage().held[0] + ledger.usage().held[1], sum);
  for (const auto& [holder, amount] : held) ledger.Give(holder, amount);
  EXPECT_EQ(ledger.usage().networks, 0u);
}

TEST(Ledger, ManyWorkersAtOnceThenNeverBeyondTheSlack) {
  constexpr size_t kMax = 1'600;
  Ledger ledger(kMax, Yield::kToAll);
  std::vector<std::thread> threads;
  for (unsigned worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&, worker] {
      std::deque<Holder> held;
      for (uint64_t i = 0; i < 5'000; ++i) {
        const Holder holder = Unproven(i % 7, worker);
        if (ledger.Take(holder, 1) != Verdict::kFull) held.push_back(holder);
        if (const auto victim = ledger.Overdraft(); victim && !held.empty()) {
          ledger.Give(held.front(), 1);
          held.pop_front();
        }
      }
      for (const Holder& holder : held) ledger.Give(holder, 1);
    });
  }
  for (int i = 0; i < 1'000; ++i) ASSERT_LE(ledger.usage().held[0], kMax + kMax / 16);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ledger.usage().networks, 0u);
}

}  // namespace
}  // namespace lowband::edge::admission
