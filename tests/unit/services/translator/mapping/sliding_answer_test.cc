#include "services/translator/mapping/sliding_answer.h"

#include <gtest/gtest.h>

#include "services/translator/mapping/limits.h"
#include "tests/unit/services/translator/mapping/sliding_bodies.h"

namespace lowband::translator::mapping {
namespace {

using testing::Changed;
using testing::kIdleSliding;
using testing::kIdleSlidingMinimal;
using testing::kSlidingChanges;
using testing::SlidingChange;

SyncAnswer Read(const std::string& json) {
  const auto answer = ReadSlidingAnswer(json);
  EXPECT_TRUE(answer) << json;
  return answer.value_or(SyncAnswer{});
}

TEST(SlidingAnswer, IdleBodiesThenPositionsAndNoNews) {
  const SyncAnswer idle = Read(kIdleSliding);
  EXPECT_FALSE(idle.news);
  EXPECT_EQ(idle.next_batch, "5/s72_5_0_1");
  EXPECT_EQ(idle.positions, (ExtensionPositions{{"to_device", "9"}}));
  const SyncAnswer minimal = Read(kIdleSlidingMinimal);
  EXPECT_FALSE(minimal.news);
  EXPECT_TRUE(minimal.positions.empty());
}

TEST(SlidingAnswer, AnyChangeThenNewsOrAnotherResidue) {
  const SyncAnswer idle = Read(kIdleSliding);
  for (const SlidingChange& change : kSlidingChanges) {
    const std::string body = Changed(kIdleSliding, change);
    const SyncAnswer more = Read(body);
    EXPECT_TRUE(more.news != (more.residue != idle.residue)) << body;
  }
}

TEST(SlidingAnswer, OtherPositionsThenTheSameResidue) {
  const SyncAnswer idle = Read(kIdleSliding);
  for (const SlidingChange& change :
       {SlidingChange{"5/s72", "6/s73"},
        SlidingChange{R"("next_batch":"9")", R"("next_batch":"10")"}}) {
    const SyncAnswer later = Read(Changed(kIdleSliding, change));
    EXPECT_FALSE(later.news);
    EXPECT_EQ(later.residue, idle.residue);
  }
}

// Synapse leaves device_lists out of the first answer, and writes empty ones into all others.
TEST(SlidingAnswer, EmptyNewsThenAsIfLeftOut) {
  const uint64_t residue = Read(kIdleSliding).residue;
  for (const char* empty :
       {R"(,"device_lists":{"changed":[],"left":[]})", R"("typing":{"rooms":{}})",
        R"("account_data":{"global":[],"rooms":{}},)", R"("rooms":{},)", R"(,"events":[])"}) {
    std::string without = Changed(kIdleSliding, {empty, ""});
    const size_t comma = without.find(",}");
    if (comma != std::string::npos) without.erase(comma, 1);
    EXPECT_EQ(Read(without).residue, residue) << without;
  }
}

TEST(SlidingAnswer, ResidueThenTheSameInEveryBuild) {
  EXPECT_EQ(Read(kIdleSlidingMinimal).residue, 0xcbf29ce484222325);
  EXPECT_EQ(Read(R"({"pos":"1","a":1})").residue, 0x41c840a72d0b433d);
}

TEST(SlidingAnswer, PositionOfAnyExtensionThenTaken) {
  EXPECT_EQ(Read(R"({"pos":"1","extensions":{"a":{"next_batch":"x"},"b":{"next_batch":7},"c":{}}})")
                .positions,
            (ExtensionPositions{{"a", "x"}}));
}

TEST(SlidingAnswer, NothingThatACursorCouldHoldThenNone) {
  for (const std::string& body :
       {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"pos":7})"),
        std::string(R"({"pos":""})"), std::string(R"({"pos":"1",)"), std::string(R"({"pos":"1"}x)"),
        std::string(R"({"next_batch":"1"})"),
        R"({"pos":")" + std::string(kNextBatchBytesMax + 1, 'p') + R"("})",
        R"({"pos":"1","extensions":{"a":{"next_batch":")" +
            std::string(kExtensionPositionBytesMax + 1, 'p') + R"("}}})"}) {
    EXPECT_FALSE(ReadSlidingAnswer(body)) << body;
  }
}

}  // namespace
}  // namespace lowband::translator::mapping
