// How lanes spread over the replicas: finding them, leaving them, taking turns.
#include <gmock/gmock.h>

#include "services/edge/uplink/limits.h"
#include "tests/unit/services/edge/uplink/rig.h"

namespace lowband::edge::uplink {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A lane set before a name with replicas: lanes come out at one after the other.
class Fleet {
 public:
  explicit Fleet(std::vector<std::string> names, Config config = {})
      : rig(config), replicas(std::move(names)) {
    rig.Advance(0s);
    OpenAsked();
  }
  void RunFor(Duration by) {
    for (const TimePoint end = rig.now + by; rig.now < end;) {
      rig.Advance(100ms);
      OpenAsked();
    }
  }
  /// Open lanes to each replica.
  std::map<std::string, int> Lanes() const {
    std::map<std::string, int> count;
    for (const auto& [lane, replica] : replica_of_) {
      const Rig::Stream& stream = rig.streams.at(lane);
      if (!stream.finished && !stream.aborted) ++count[replica];
    }
    return count;
  }
  size_t LanesOpen() const { return rig.set.lanes_open(); }
  /// How many of `count` new requests each replica got, each answered at once unless `silent`.
  std::map<std::string, int> Ask(int count, const std::string& silent = "none") {
    std::map<std::string, int> got;
    for (int i = 0; i < count; ++i) {
      const uint64_t id = ++last_id_;
      rig.Send(id, v1::GET, "", 300s);
      const LaneId lane = rig.LaneOf(id);
      const std::string& replica = replica_of_.at(lane);
      ++got[replica];
      rig.Written(lane);
      if (replica != silent) rig.Answer(lane, id);
    }
    return got;
  }
  void Drain(const std::string& replica) {
    std::erase(replicas, replica);
    for (const auto& [lane, name] : replica_of_) {
      if (name == replica && !rig.streams.at(lane).finished) rig.Drain(lane);
    }
    OpenAsked();
  }

  Rig rig;
  std::vector<std::string> replicas;

 private:
  void OpenAsked() {
    while (!rig.asked.empty()) {
      const std::vector<LaneId> asked = rig.asked;
      for (const LaneId lane : asked) {
        const std::string& replica = replicas[turn_++ % replicas.size()];
        replica_of_[lane] = replica;
        waiting_.push_back(lane);
      }
      rig.Pump();
      for (const LaneId lane : std::exchange(waiting_, {})) {
        const std::vector<LaneId> before = rig.asked;
        rig.Opened(lane, replica_of_[lane]);
        rig.asked.insert(rig.asked.end(), before.begin(), before.end());
      }
    }
  }

  size_t turn_ = 0;
  uint64_t last_id_ = 0;
  std::vector<LaneId> waiting_;
  std::map<LaneId, std::string> replica_of_;
};

TEST(Replicas, FourReplicasThenALaneToEachAndAProbe) {
  Fleet fleet({"a", "b", "c", "d"});
  EXPECT_THAT(fleet.Lanes(), SizeIs(4));
  EXPECT_EQ(fleet.LanesOpen(), 5u);
}

TEST(Replicas, ReplicasAreAddedThenAllAreFoundInHalfAMinute) {
  Fleet fleet({"a"});
  fleet.RunFor(120s);
  fleet.replicas = {"a", "b", "c", "d", "e", "f", "g", "h"};
  fleet.RunFor(30s);
  EXPECT_THAT(fleet.Lanes(), SizeIs(8));
}

TEST(Replicas, NothingChangesThenLanesStayAndProbesAreRare) {
  Fleet fleet({"a", "b", "c"});
  fleet.RunFor(60s);
  const size_t before = fleet.rig.streams.size();
  fleet.RunFor(600s);
  EXPECT_THAT(fleet.Lanes(), SizeIs(3));
  // One probe each five seconds, and a few lanes whose replica was not met again in their life.
  EXPECT_NEAR(static_cast<double>(fleet.rig.streams.size() - before), 120, 10);
  EXPECT_EQ(fleet.LanesOpen(), 4u);
}

TEST(Replicas, ReplicaIsGoneFromTheNameThenItIsLeftThoughItServesOn) {
  Fleet fleet({"a", "b", "c"});
  fleet.RunFor(60s);
  fleet.replicas = {"a", "b"};
  fleet.RunFor(130s);
  EXPECT_THAT(fleet.Lanes(), SizeIs(2));
}

TEST(Replicas, MoreReplicasThanLanesMayBeThenTheLanesMoveAmongThem) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("r" + std::to_string(i));
  Fleet fleet(names);
  std::map<std::string, int> seen;
  for (int i = 0; i < 40; ++i) {
    fleet.RunFor(10s);
    EXPECT_GE(fleet.LanesOpen(), kLanesMax);
    EXPECT_LE(fleet.LanesOpen(), kLanesMax + 1);
    for (const auto& [replica, lanes] : fleet.Lanes()) seen[replica] += lanes;
  }
  EXPECT_THAT(seen, SizeIs(40));
}

TEST(Replicas, ReplicaDrainsThenTheOthersShareAtOnce) {
  Fleet fleet({"a", "b", "c"});
  fleet.Drain("b");
  const auto got = fleet.Ask(100);
  EXPECT_THAT(got, SizeIs(2));
  EXPECT_EQ(got.at("a"), 50);
}

TEST(Replicas, RequestsThenReplicasTakeTurnsWhateverLanesTheyHave) {
  Config config;
  config.lanes = 8;
  Fleet fleet({"a", "b", "c"}, config);
  EXPECT_EQ(fleet.LanesOpen(), 9u);
  const auto got = fleet.Ask(300);
  EXPECT_THAT(got, SizeIs(3));
  for (const auto& [replica, count] : got) EXPECT_EQ(count, 100) << replica;
}

TEST(Replicas, OneReplicaSaysNothingThenItGetsNoMoreThanAFew) {
  Fleet fleet({"a", "b", "c"});
  const auto got = fleet.Ask(900, "b");
  EXPECT_LE(got.at("b"), 60);
  // It comes back: a word from it, and it has its share again.
  EXPECT_NEAR(fleet.Ask(300).at("b"), 100, 10);
}

TEST(Replicas, ANewReplicaThenItGetsItsShareAndNotEverything) {
  Fleet fleet({"a"});
  // Five hundred long polls wait at the old one.
  for (uint64_t id = 10'001; id <= 10'500; ++id) {
    fleet.rig.Send(id, v1::GET, "", 300s);
    fleet.rig.Written(fleet.rig.LaneOf(id));
  }
  fleet.replicas = {"a", "b"};
  fleet.RunFor(10s);
  ASSERT_THAT(fleet.Lanes(), SizeIs(2));
  const auto got = fleet.Ask(100);
  EXPECT_NEAR(got.at("b"), 50, 5);
}

TEST(Replicas, TheOnlyOtherLaneDiesThenTheProbeTakesOver) {
  Config config;
  config.lanes = 1;
  Fleet fleet({"a"}, config);
  ASSERT_EQ(fleet.LanesOpen(), 2u);
  fleet.rig.Dead(1);
  fleet.rig.Send(1);
  EXPECT_EQ(fleet.rig.LaneOf(1), 2u);
}

}  // namespace
}  // namespace lowband::edge::uplink
