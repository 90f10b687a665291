// Places at the homeserver, shared out among owners that behave and one that does not.
#include "services/translator/upstream/places.h"

#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "libs/base/random.h"
#include "services/translator/upstream/limits.h"

namespace lowband::translator::upstream {
namespace {

using Kind = Places::Kind;
using Verdict = Places::Verdict;

constexpr Owner kGreedy = 1'000'000;

/// What became of each request.
class Scene {
 public:
  explicit Scene(const PlaceLimits& limits) : places(limits) {}

  uint64_t Enter(Owner owner, Kind kind) {
    const uint64_t id = ++last_;
    const auto admission = places.Enter(now, id, owner, kind);
    if (admission.dropped) dropped.push_back(*admission.dropped);
    if (admission.dropped) active.erase(*admission.dropped);
    if (admission.verdict == Verdict::kStart) active[id] = owner;
    if (admission.verdict == Verdict::kRefuse) refused.push_back(id);
    if (admission.verdict == Verdict::kTooMany) too_many.push_back(id);
    return id;
  }
  uint64_t Poll(Owner owner) { return Enter(owner, Kind::kPoll); }
  uint64_t Short(Owner owner) { return Enter(owner, Kind::kShort); }
  void End(uint64_t id) {
    places.Leave(id);
    active.erase(id);
    StartAll();
  }
  bool IsActive(uint64_t id) const { return active.contains(id); }
  size_t ActiveOf(Owner owner) const {
    size_t count = 0;
    for (const auto& [id, whose] : active) count += whose == owner ? 1 : 0;
    return count;
  }

  Places places;
  TimePoint now{};
  std::map<uint64_t, Owner> active;
  std::vector<uint64_t> started;  ///< From the line.
  std::vector<uint64_t> dropped;
  std::vector<uint64_t> refused;
  std::vector<uint64_t> too_many;

 private:
  void StartAll() {
    while (const auto id = places.StartNext(now)) {
      active[*id] = 0;
      started.push_back(*id);
    }
  }
  uint64_t last_ = 0;
};

TEST(ReserveOf, AnyNumberThenAnEighthAndOneAtLeastButNotTheOnlyOne) {
  EXPECT_EQ(ReserveOf(0), 0u);
  EXPECT_EQ(ReserveOf(1), 0u);
  EXPECT_EQ(ReserveOf(2), 1u);
  EXPECT_EQ(ReserveOf(15), 1u);
  EXPECT_EQ(ReserveOf(256), 32u);
}

TEST(Places, PollsOfManyOwnersTakeAllTheyMayThenAnEighthIsLeftToOthers) {
  Scene scene({.active_max = 256, .pending_max = 1024, .polls_per_owner_max = 64});
  for (Owner owner = 1; owner <= 1000; ++owner) scene.Poll(owner);
  EXPECT_EQ(scene.places.polls_active(), 224u);
  EXPECT_EQ(scene.places.waiting(), 776u);
  for (Owner owner = 1; owner <= 32; ++owner) EXPECT_TRUE(scene.IsActive(scene.Short(owner)));
  EXPECT_TRUE(scene.dropped.empty()) << "nobody has more than one";
  EXPECT_EQ(scene.places.active(), 256u);
}

TEST(Places, OneTokenHasTenThousandPollsBesideAHundredOthersThenEachOfTheseHasItsOwn) {
  Scene scene({.active_max = 256, .pending_max = 64, .polls_per_owner_max = 256});
  std::vector<uint64_t> honest;
  Owner next = 1;
  for (int i = 0; i < 10'000; ++i) {
    scene.Poll(kGreedy);
    if (i % 100 == 50) honest.push_back(scene.Poll(next++));
    // Others are never behind polls.
    const uint64_t quick = scene.Short(next);
    ASSERT_TRUE(scene.IsActive(quick));
    scene.End(quick);
  }
  ASSERT_EQ(honest.size(), 100u);
  for (const uint64_t id : honest) EXPECT_TRUE(scene.IsActive(id));
  EXPECT_EQ(scene.ActiveOf(kGreedy), 124u) << "what nobody else wants";
  EXPECT_EQ(scene.places.most_polls(), 124u);
  // A second poll of each, too.
  for (Owner owner = 1; owner <= 100; ++owner) EXPECT_TRUE(scene.IsActive(scene.Poll(owner)));
  EXPECT_EQ(scene.ActiveOf(kGreedy), 24u);
  EXPECT_EQ(scene.places.waiting(), 0u);
  EXPECT_TRUE(scene.refused.empty());
}

TEST(Places, OwnerIsAtItsMaximumThenItsOldestMakesRoomThoughThereIsPlenty) {
  Scene scene({.active_max = 8192, .pending_max = 1024, .polls_per_owner_max = 64});
  const uint64_t first = scene.Poll(kGreedy);
  for (int i = 1; i < 64; ++i) scene.Poll(kGreedy);
  scene.now += kPollHeldMin;
  EXPECT_TRUE(scene.dropped.empty());
  const uint64_t newest = scene.Poll(kGreedy);
  EXPECT_THAT(scene.dropped, ::testing::ElementsAre(first));
  EXPECT_TRUE(scene.IsActive(newest));
  EXPECT_EQ(scene.places.polls_active(), 64u);
}

// Deployed clients, and loads of tests, ask again at once.
TEST(Places, OwnerAsksAgainAndAgainThenItsPollsKeepTheirPlacesForAWhile) {
  Scene scene({.active_max = 8192, .pending_max = 1024, .polls_per_owner_max = 64});
  for (int i = 0; i < 64; ++i) scene.Poll(kGreedy);
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 100; ++i) scene.Poll(kGreedy);
    scene.now += std::chrono::seconds(1);
  }
  EXPECT_LE(scene.dropped.size(), 64u * 60 / 5);
  EXPECT_EQ(scene.too_many.size() + scene.dropped.size(), 6000u);
  EXPECT_EQ(scene.ActiveOf(kGreedy), 64u);
}

TEST(Places, FullAndSomebodyHasMoreThenItsOldestMakesRoom) {
  Scene scene({.active_max = 5, .pending_max = 8, .polls_per_owner_max = 64});
  scene.Poll(2);
  const uint64_t oldest = scene.Poll(1);
  scene.Poll(1);
  scene.Poll(1);
  const uint64_t newcomer = scene.Poll(3);
  EXPECT_TRUE(scene.IsActive(newcomer));
  EXPECT_THAT(scene.dropped, ::testing::ElementsAre(oldest));
}

TEST(Places, FullAndNobodyHasMoreThenANewOwnerWaitsAndAnOldOneReplacesItsOwn) {
  Scene scene({.active_max = 4, .pending_max = 8, .polls_per_owner_max = 64});
  const uint64_t one = scene.Poll(1);
  const uint64_t two = scene.Poll(2);
  scene.Poll(3);
  const uint64_t waits = scene.Poll(4);
  EXPECT_FALSE(scene.IsActive(waits));
  scene.now += kPollHeldMin;
  const uint64_t again = scene.Poll(1);
  EXPECT_THAT(scene.dropped, ::testing::ElementsAre(one));
  EXPECT_TRUE(scene.IsActive(again));
  scene.End(two);
  EXPECT_THAT(scene.started, ::testing::ElementsAre(waits));
}

TEST(Places, OthersHaveThePlacesOfPollsThenAnOwnersPollWaitsAndKeepsItsFirst) {
  Scene scene({.active_max = 4, .pending_max = 8, .polls_per_owner_max = 64});
  const uint64_t first = scene.Poll(1);
  const uint64_t quick = scene.Short(2);
  scene.Short(3);
  scene.Short(4);
  const uint64_t second = scene.Poll(1);
  EXPECT_TRUE(scene.IsActive(first));
  EXPECT_FALSE(scene.IsActive(second));
  scene.End(quick);
  EXPECT_THAT(scene.started, ::testing::ElementsAre(second));
}

TEST(Places, ManyWaitOfOneThenOthersAreServedInTurn) {
  Scene scene({.active_max = 1, .pending_max = 100, .polls_per_owner_max = 64});
  uint64_t served = scene.Short(kGreedy);
  for (int i = 0; i < 50; ++i) scene.Short(kGreedy);
  const uint64_t a = scene.Short(1);
  const uint64_t b = scene.Short(2);
  for (int turn = 0; turn < 3; ++turn) {
    scene.End(served);
    served = scene.started.back();
  }
  EXPECT_THAT(scene.started, ::testing::ElementsAre(::testing::_, a, b));
}

TEST(Places, LineIsFullThenTheNewestOfWhoeverHasMostWaitingMakesRoom) {
  Scene scene({.active_max = 1, .pending_max = 8, .polls_per_owner_max = 64});
  scene.Short(kGreedy);
  uint64_t newest = 0;
  for (int i = 0; i < 8; ++i) newest = scene.Short(kGreedy);
  scene.Short(1);
  EXPECT_THAT(scene.dropped, ::testing::ElementsAre(newest));
  const uint64_t too_many = scene.Short(kGreedy);
  EXPECT_THAT(scene.refused, ::testing::ElementsAre(too_many));
  EXPECT_EQ(scene.places.waiting(), 8u);
}

TEST(Places, PollsWaitThenTheyLeaveAnEighthOfTheLineToOthers) {
  Scene scene({.active_max = 8, .pending_max = 16, .polls_per_owner_max = 64});
  for (Owner owner = 1; owner <= 100; ++owner) scene.Poll(owner);
  EXPECT_EQ(scene.places.waiting(), 14u);
  const uint64_t quick = scene.Short(200);
  EXPECT_TRUE(scene.IsActive(quick)) << "the reserve";
  scene.Short(201);
  scene.Short(202);
  EXPECT_EQ(scene.places.waiting(), 16u);
  scene.End(quick);
  EXPECT_EQ(scene.started.size(), 1u) << "of the two that are not polls";
  EXPECT_EQ(scene.places.polls_active(), 7u);
}

TEST(Places, BothLinesMayStartThenInTurn) {
  Scene scene({.active_max = 2, .pending_max = 16, .polls_per_owner_max = 64});
  const uint64_t a = scene.Short(1);
  const uint64_t b = scene.Short(2);
  const uint64_t waits = scene.Short(3);
  scene.Short(4);
  const uint64_t poll = scene.Poll(5);
  scene.End(a);
  scene.End(b);
  EXPECT_THAT(scene.started, ::testing::ElementsAre(poll, waits));
}

TEST(Places, OneOwnersSlowRequestsTakeWhatIsFreeThenTheLastEighthIsForThoseWithLess) {
  Scene scene({.active_max = 256, .pending_max = 1024, .polls_per_owner_max = 64});
  for (int i = 0; i < 500; ++i) scene.Short(kGreedy);
  EXPECT_EQ(scene.ActiveOf(kGreedy), 224u);
  for (Owner owner = 1; owner <= 32; ++owner) EXPECT_TRUE(scene.IsActive(scene.Short(owner)));
  EXPECT_FALSE(scene.IsActive(scene.Short(33)));
  EXPECT_TRUE(scene.refused.empty());
}

TEST(Places, OneTakesAQuarterThenItHasNoMoreThanOthersOfTheReserve) {
  Scene scene({.active_max = 8, .pending_max = 16, .polls_per_owner_max = 64});
  std::vector<uint64_t> greedy;
  for (int i = 0; i < 9; ++i) greedy.push_back(scene.Short(kGreedy));
  EXPECT_EQ(scene.places.active(), 7u);
  EXPECT_TRUE(scene.IsActive(scene.Short(1)));
  const uint64_t waits = scene.Short(2);
  scene.End(greedy[0]);
  EXPECT_THAT(scene.started, ::testing::ElementsAre(waits));
  scene.End(greedy[1]);
  EXPECT_EQ(scene.started.size(), 1u) << "the free one is the reserve";
}

TEST(Places, OnlyOnePlaceThenAPollMayHaveIt) {
  Scene scene({.active_max = 1, .pending_max = 1, .polls_per_owner_max = 1});
  const uint64_t poll = scene.Poll(1);
  EXPECT_TRUE(scene.IsActive(poll));
  const uint64_t waits = scene.Poll(2);
  EXPECT_TRUE(scene.refused.empty());
  scene.Poll(2);
  EXPECT_THAT(scene.dropped, ::testing::ElementsAre(waits)) << "one of an owner, waiting or not";
  scene.Poll(3);
  EXPECT_EQ(scene.refused.size(), 1u);
}

TEST(Places, NoLineThenRefused) {
  Scene scene({.active_max = 1, .pending_max = 0, .polls_per_owner_max = 1});
  scene.Short(1);
  scene.Short(2);
  scene.Poll(3);
  EXPECT_EQ(scene.refused.size(), 2u);
}

TEST(Places, UnknownLeavesThenNothing) {
  Scene scene({.active_max = 1, .pending_max = 1, .polls_per_owner_max = 1});
  scene.places.Leave(77);
  EXPECT_TRUE(scene.IsActive(scene.Short(1)));
}

// Whatever comes, no limit is passed, nobody waits while it may start, and nothing is lost.
TEST(Places, AnythingHappensThenTheLimitsHold) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const auto random = MakeSeededRandom(seed);
    const PlaceLimits limits{.active_max = 1 + random->Below(40),
                             .pending_max = random->Below(40),
                             .polls_per_owner_max = 1 + random->Below(10)};
    Scene scene(limits);
    std::set<uint64_t> known;
    for (int step = 0; step < 5'000; ++step) {
      scene.now += std::chrono::milliseconds(random->Below(1'000));
      if (random->Below(2) == 0 && !known.empty()) {
        auto it = known.lower_bound(random->Below(*known.rbegin() + 1));
        scene.End(*it);
        known.erase(it);
      } else {
        const auto kind = random->Below(2) == 0 ? Kind::kPoll : Kind::kShort;
        const size_t refused = scene.refused.size() + scene.too_many.size();
        const size_t dropped = scene.dropped.size();
        const uint64_t id = scene.Enter(random->Below(12) * random->Below(2), kind);
        if (scene.refused.size() + scene.too_many.size() == refused) known.insert(id);
        if (scene.dropped.size() != dropped) known.erase(scene.dropped.back());
      }
      ASSERT_LE(scene.places.active(), limits.active_max) << seed;
      ASSERT_LE(scene.places.polls_active(), limits.active_max - ReserveOf(limits.active_max));
      ASSERT_LE(scene.places.waiting(), limits.pending_max) << seed;
      ASSERT_LE(scene.places.most_polls(), limits.polls_per_owner_max) << seed;
      ASSERT_EQ(scene.places.active() + scene.places.waiting(), known.size()) << seed;
      ASSERT_EQ(scene.places.active(), scene.active.size()) << seed;
      ASSERT_FALSE(scene.places.StartNext(scene.now)) << seed;
    }
  }
}

}  // namespace
}  // namespace lowband::translator::upstream
