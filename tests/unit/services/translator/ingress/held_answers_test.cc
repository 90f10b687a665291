#include "services/translator/ingress/held_answers.h"

#include <gtest/gtest.h>

namespace lowband::translator::ingress {
namespace {

class Holder : public AnswerHolder {
 public:
  void DropAnswer(uint64_t) override {}
};

class HeldAnswersTest : public ::testing::Test {
 protected:
  using Admission = HeldAnswers::Admission;
  Admission Admit(AnswerOwner owner, size_t bytes) {
    return held_.Admit(owner, bytes, holder_, ++last_);
  }
  /// Admitted; what was dropped for it, by number.
  std::vector<uint64_t> Hold(AnswerOwner owner, size_t bytes) {
    auto admission = Admit(owner, bytes);
    EXPECT_TRUE(admission.place);
    if (admission.place) places_.push_back(std::move(*admission.place));
    std::vector<uint64_t> dropped;
    for (const auto& each : admission.dropped) dropped.push_back(each.exchange);
    return dropped;
  }

  std::shared_ptr<Holder> holder_ = std::make_shared<Holder>();
  HeldAnswers held_{1000};
  std::vector<HeldAnswers::Place> places_;
  uint64_t last_ = 0;
};

TEST_F(HeldAnswersTest, PlaceEndsThenItsRoomIsFree) {
  EXPECT_TRUE(Hold(1, 400).empty());
  EXPECT_EQ(held_.bytes(), 400U);
  EXPECT_EQ(held_.size(), 1U);
  places_.clear();
  EXPECT_EQ(held_.bytes(), 0U);
  EXPECT_EQ(held_.size(), 0U);
}

TEST_F(HeldAnswersTest, FullThenTheLargestOfWhoeverHoldsMostMakesRoom) {
  Hold(1, 100);
  Hold(1, 300);
  Hold(1, 50);
  Hold(2, 400);
  EXPECT_EQ(Hold(3, 200), std::vector<uint64_t>{2}) << "owner 1 has 450 bytes, 300 of them in one";
  EXPECT_EQ(held_.bytes(), 750U);
}

TEST_F(HeldAnswersTest, EverybodyHasAsMuchThenTheNewcomerIsRefused) {
  for (AnswerOwner owner = 1; owner <= 10; ++owner) Hold(owner, 100);
  const auto refused = Admit(11, 100);
  EXPECT_FALSE(refused.place);
  EXPECT_TRUE(refused.dropped.empty()) << "it would ask again, and push out the next";
  EXPECT_TRUE(Hold(12, 99).size() == 1) << "less than others have";
}

TEST_F(HeldAnswersTest, OneAsksForEverMoreThenOnlyItsOwnMakesRoom) {
  Hold(1, 300);
  for (int i = 0; i < 20; ++i) (void)Hold(2, 250);
  EXPECT_EQ(held_.size(), 3U) << "half is one owner's most";
  EXPECT_EQ(held_.bytes(), 800U);
}

TEST_F(HeldAnswersTest, DroppedThenItsPlaceGivesNothingBackTwice) {
  Hold(1, 400);
  Hold(2, 350);
  EXPECT_EQ(Hold(3, 300), std::vector<uint64_t>{1});
  EXPECT_EQ(held_.bytes(), 650U);
  places_.erase(places_.begin());
  EXPECT_EQ(held_.bytes(), 650U);
  places_.clear();
  EXPECT_EQ(held_.bytes(), 0U);
}

TEST_F(HeldAnswersTest, NoneIsHeldThenNothingFits) {
  EXPECT_FALSE(HeldAnswers(0).Fits(1));
  EXPECT_TRUE(held_.Fits(500));
  EXPECT_FALSE(held_.Fits(501)) << "half is one owner's most";
}

}  // namespace
}  // namespace lowband::translator::ingress
