// Lanes that open, answer, drain and die at random: whatever happens, each exchange gets exactly
// one answer, and what is not safe to repeat is begun on one lane at most.
#include <algorithm>
#include <array>
#include <set>

#include "services/edge/uplink/lane_set.h"
#include "tests/unit/services/edge/uplink/rig.h"

namespace lowband::edge::uplink {
namespace {

/// A translator for each lane, with what it has got.
class World {
 public:
  explicit World(uint64_t seed)
      : rig_(MakeConfig(seed), seed), dice_(MakeSeededRandom(seed ^ 77)) {}

  void Run(int steps) {
    rig_.Advance(0s);
    for (int i = 0; i < steps; ++i) Step();
    rig_.set.Stop(rig_.now);
    rig_.Pump();
    // Nothing new; every deadline passes.
    for (int i = 0; i < 400 && !rig_.set.stopped(); ++i) {
      rig_.RunFor(500ms);
      Learn();
      for (const LaneId lane : Alive()) {
        if (rig_.streams.at(lane).finished || !opened_.contains(lane)) {
          Kill(lane);
        } else {
          rig_.Written(lane);
        }
      }
    }
  }

  void Check() const {
    EXPECT_TRUE(rig_.set.stopped());
    EXPECT_EQ(rig_.set.exchanges_in_flight(), 0u);
    for (const auto& [id, method] : submitted_) {
      const auto it = rig_.answer_counts.find(id);
      const int answers = it == rig_.answer_counts.end() ? 0 : it->second;
      if (cancelled_.contains(id)) {
        EXPECT_LE(answers, 1) << id;
      } else {
        EXPECT_EQ(answers, 1) << id;
      }
      const auto begun = begun_.find(id);
      const size_t times = begun == begun_.end() ? 0 : begun->second;
      EXPECT_LE(times, method == v1::POST || method == v1::FETCH ? 1u : 2u) << id;
    }
    for (const auto& [id, bytes] : executed_bytes_) EXPECT_EQ(bytes, sizes_.at(id)) << id;
  }

  const Rig& rig() const { return rig_; }

 private:
  static Config MakeConfig(uint64_t seed) {
    Config config;
    config.lanes = 1 + seed % 4;
    config.lane_life_min = 1s;
    config.lane_life_max = 4s;
    return config;
  }

  bool Chance(unsigned percent) { return dice_->Below(100) < percent; }

  void Step() {
    const uint64_t what = dice_->Below(100);
    if (what < 35) {
      SubmitOne();
    } else if (what < 40) {
      CancelOne();
    } else if (what < 90) {
      for (const LaneId lane : Alive()) Serve(lane);
    } else {
      rig_.RunFor(std::chrono::milliseconds(dice_->Below(2000)));
    }
    rig_.Pump();
    Learn();
  }

  void SubmitOne() {
    constexpr std::array kMethods = {v1::GET, v1::POST, v1::PUT, v1::DELETE, v1::FETCH};
    const v1::Method method = kMethods[dice_->Below(kMethods.size())];
    const uint64_t id = ++last_id_;
    const size_t size = Chance(20) ? dice_->Below(500000) : dice_->Below(500);
    submitted_.emplace(id, method);
    sizes_.emplace(id, size);
    rig_.Submit(id, method, std::string(size, 'x'),
                std::chrono::milliseconds(1 + dice_->Below(20000)));
  }

  void CancelOne() {
    if (last_id_ == 0) return;
    const uint64_t id = last_id_ - std::min<uint64_t>(last_id_ - 1, dice_->Below(10));
    cancelled_.insert(id);
    rig_.Cancel(id);
  }

  std::vector<LaneId> Alive() const {
    std::vector<LaneId> alive;
    for (const auto& [lane, stream] : rig_.streams) {
      if (!dead_.contains(lane) && !stream.aborted) alive.push_back(lane);
    }
    return alive;
  }

  void Kill(LaneId lane) {
    dead_.insert(lane);
    rig_.Dead(lane);
  }

  void Serve(LaneId lane) {
    if (Chance(2)) return Kill(lane);
    if (!opened_.contains(lane)) {
      if (!Chance(70)) return;
      opened_.insert(lane);
      return rig_.Opened(lane);
    }
    if (rig_.streams.at(lane).finished) return Kill(lane);
    if (Chance(70)) rig_.Written(lane);
    if (Chance(2)) rig_.Drain(lane);
    AnswerSome(lane);
  }

  void AnswerSome(LaneId lane) {
    auto& whole = whole_[lane];
    while (!whole.empty() && Chance(60)) {
      const auto it = std::next(whole.begin(), static_cast<long>(dice_->Below(whole.size())));
      const uint64_t id = *it;
      whole.erase(it);
      if (Chance(30)) {
        rig_.Receive(lane, Rig::Head(id, "first", true));
        if (Chance(80)) rig_.Receive(lane, Rig::Chunk(id, "last", false));
      } else {
        rig_.Answer(lane, id);
      }
    }
  }

  /// Takes note of what was written, as the translators would.
  void Learn() {
    for (auto& [lane, stream] : rig_.streams) {
      for (const v1::EdgeBatch& batch : stream.batches) {
        for (const v1::EdgeFrame& frame : batch.frames()) LearnFrame(lane, frame);
      }
      stream.batches.clear();
    }
  }

  void LearnFrame(LaneId lane, const v1::EdgeFrame& frame) {
    const uint64_t id = frame.exchange();
    const auto key = std::pair(lane, id);
    if (frame.has_cancel()) {
      EXPECT_TRUE(partial_.contains(key)) << "cancelled what was never begun";
      whole_[lane].erase(id);
      return;
    }
    if (frame.has_request()) {
      ++begun_[id];
      EXPECT_FALSE(partial_.contains(key)) << "an id was used twice on one lane";
    } else {
      EXPECT_TRUE(partial_.contains(key));
    }
    partial_[key] +=
        frame.has_request() ? frame.request().body().size() : frame.body().data().size();
    const bool more = frame.has_request() ? frame.request().more() : frame.body().more();
    if (!more) {
      whole_[lane].insert(id);
      executed_bytes_[id] = partial_[key];
    }
  }

  Rig rig_;
  std::unique_ptr<Random> dice_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, v1::Method> submitted_;
  std::map<uint64_t, size_t> sizes_;
  std::set<uint64_t> cancelled_;
  std::set<LaneId> opened_;
  std::set<LaneId> dead_;
  std::map<LaneId, std::set<uint64_t>> whole_;
  std::map<std::pair<LaneId, uint64_t>, size_t> partial_;
  std::map<uint64_t, size_t> begun_;
  std::map<uint64_t, size_t> executed_bytes_;
};

TEST(RandomLanes, WhateverHappensThenExactlyOneAnswerAndNothingUnsafeTwice) {
  Counters sum;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    World world(seed);
    world.Run(600);
    world.Check();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    const Counters& counters = world.rig().set.counters();
    sum.answers += counters.answers;
    sum.resent += counters.resent;
    sum.failed_deadline += counters.failed_deadline;
    sum.failed_lane_lost += counters.failed_lane_lost;
    sum.failed_no_translator += counters.failed_no_translator;
    sum.lanes_drained += counters.lanes_drained;
    sum.lanes_recycled += counters.lanes_recycled;
    sum.lanes_lost += counters.lanes_lost;
  }
  // The dice reached every corner.
  EXPECT_GT(sum.answers, 1000u);
  EXPECT_GT(sum.resent, 100u);
  EXPECT_GT(sum.failed_deadline, 100u);
  EXPECT_GT(sum.failed_lane_lost, 100u);
  EXPECT_GT(sum.failed_no_translator, 10u);
  EXPECT_GT(sum.lanes_drained, 100u);
  EXPECT_GT(sum.lanes_recycled, 100u);
  EXPECT_GT(sum.lanes_lost, 100u);
}

}  // namespace
}  // namespace lowband::edge::uplink
