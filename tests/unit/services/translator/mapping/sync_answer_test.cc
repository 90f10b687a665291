#include "services/translator/mapping/sync_answer.h"

#include <gtest/gtest.h>

#include <set>

#include "services/translator/mapping/limits.h"
#include "tests/unit/services/translator/mapping/sync_bodies.h"

namespace lowband::translator::mapping {
namespace {

using testing::kAdditions;
using testing::kIdleBodies;
using testing::kIdleConduit;
using testing::kIdleMinimal;
using testing::kIdleSynapse;
using testing::With;

SyncAnswer Read(const std::string& json) {
  const auto answer = ReadSyncAnswer(json);
  EXPECT_TRUE(answer) << json;
  return answer.value_or(SyncAnswer{});
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(SyncAnswer, IdleBodiesThenNoNews) {
  for (const std::string& body : kIdleBodies) EXPECT_FALSE(Read(body).news) << body;
  EXPECT_EQ(Read(kIdleSynapse).next_batch, "s72_5_0_1_1_1_1_4_0_1");
  EXPECT_EQ(Read(kIdleConduit).next_batch, "25");
}

TEST(SyncAnswer, AnyAdditionThenNewsOrAnotherResidue) {
  for (const std::string& body : kIdleBodies) {
    const SyncAnswer idle = Read(body);
    for (const std::string& addition : kAdditions) {
      for (const bool behind : {false, true}) {
        const SyncAnswer more = Read(With(body, addition, behind));
        EXPECT_EQ(more.next_batch, idle.next_batch);
        EXPECT_TRUE(more.news || more.residue != idle.residue) << With(body, addition, behind);
      }
    }
  }
}

TEST(SyncAnswer, NextBatchAndEventsThenTheyAreNoResidue) {
  const uint64_t residue = Read(kIdleSynapse).residue;
  EXPECT_EQ(Read(Replaced(kIdleSynapse, "s72", "s73")).residue, residue);
  const SyncAnswer news = Read(With(kIdleSynapse, R"("rooms":{"join":{"!r:h":{}}})", false));
  EXPECT_TRUE(news.news);
  EXPECT_EQ(news.residue, residue) << "or the next idle poll would look like a change";
}

TEST(SyncAnswer, ResidueThenItsKeysValuesAndOrderCount) {
  const auto residue = [](const std::string& members) {
    return Read(R"({"next_batch":"1")" + members + "}").residue;
  };
  const uint64_t base = residue(R"(,"a":1,"b":{"c":[2]})");
  EXPECT_EQ(residue(R"( , "a" : 1 , "b" :{"c":[2]} )"), base) << "spaces around values do not";
  std::set<uint64_t> all = {base};
  size_t count = 1;
  for (const char* other :
       {"", R"(,"a":1)", R"(,"a":2,"b":{"c":[2]})", R"(,"b":{"c":[2]},"a":1)",
        R"(,"a":1,"b":{"c":[3]})", R"(,"A":1,"b":{"c":[2]})", R"(,"a":"1","b":{"c":[2]})",
        R"(,"a":1,"b":{"c":[2]},"b":{"c":[2]})", R"(,"a":1,"rooms":{"b":{"c":[2]}})"}) {
    all.insert(residue(other));
    EXPECT_EQ(all.size(), ++count) << other;
  }
}

TEST(SyncAnswer, ResidueThenTheSameInEveryBuild) {
  // Of the lengths, eight bytes each and the lowest first, and the texts: FNV-1a.
  EXPECT_EQ(Read(kIdleMinimal).residue, 0xcbf29ce484222325);
  EXPECT_EQ(Read(kIdleSynapse).residue, 0x28b068d8416a0e35);
}

TEST(SyncAnswer, NextBatchTwiceThenTheLastAsInTheClientsAnswer) {
  EXPECT_EQ(Read(R"({"next_batch":"a","next_batch":"b"})").next_batch, "b");
  EXPECT_EQ(Read(R"({"next_batch":"\u00e9\"/"})").next_batch, "\xc3\xa9\"/");
}

TEST(SyncAnswer, NoSyncThenNone) {
  for (const std::string& body :
       {std::string(),
        std::string("  "),
        std::string("<html>"),
        std::string("null"),
        std::string("[]"),
        std::string(R"("next_batch")"),
        std::string("{}"),
        std::string("{"),
        std::string(R"({"next_batch":1})"),
        std::string(R"({"next_batch":null})"),
        std::string(R"({"next_batch":""})"),
        std::string(R"({"next_batch":"\ud800"})"),
        std::string(R"({"next_batch":"a","next_batch":1})"),
        std::string(R"({"next_batch":"a")"),
        std::string(R"({"next_batch":"a"}})"),
        std::string(R"({"next_batch":"a"}{})"),
        std::string(R"([{"next_batch":"a"}])"),
        std::string(R"({"x":{"next_batch":"a"}})"),
        std::string("{\"next_batch\":\"a\",\"b\":\"\xff\"}"),
        R"({"next_batch":")" + std::string(kNextBatchBytesMax + 1, 'x') + "\"}"}) {
    EXPECT_FALSE(ReadSyncAnswer(body)) << body;
  }
}

}  // namespace
}  // namespace lowband::translator::mapping
