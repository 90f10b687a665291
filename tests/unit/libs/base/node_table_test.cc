#include "libs/base/node_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace lowband {
namespace {

TEST(NodeTable, KnownThenItselfAndNotNew) {
  NodeTable<int, std::string> table(2);
  EXPECT_EQ(table.Find(1), nullptr);
  const auto made = table.FindOrInsert(1);
  EXPECT_TRUE(made.fresh);
  made.value = "one";
  const auto again = table.FindOrInsert(1);
  EXPECT_FALSE(again.fresh);
  EXPECT_EQ(&again.value, &made.value);
  EXPECT_EQ(*table.Find(1), "one");
  EXPECT_EQ(table.size(), 1U);
}

TEST(NodeTable, ErasedThenTheNextHasItsNodeAndValue) {
  NodeTable<int, std::string> table(2);
  std::string& first = table.FindOrInsert(1).value;
  first = std::string(1000, 'x');
  const char* storage = first.data();
  table.Erase(1);
  EXPECT_EQ(table.Find(1), nullptr);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.spares(), 1U);
  const auto second = table.FindOrInsert(2);
  EXPECT_TRUE(second.fresh);
  EXPECT_EQ(second.value.data(), storage);
  EXPECT_EQ(table.spares(), 0U);
}

TEST(NodeTable, MoreErasedThanItKeepsThenTheRestIsFreed) {
  NodeTable<int, std::string> table(2);
  for (int key = 0; key < 5; ++key) table.FindOrInsert(key);
  for (int key = 0; key < 5; ++key) table.Erase(key);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.spares(), 2U);
}

TEST(NodeTable, ForEachThenEveryEntryOnce) {
  NodeTable<int, int> table(2);
  for (int key = 0; key < 100; ++key) table.FindOrInsert(key).value = 2 * key;
  table.Erase(7);
  std::map<int, int> seen;
  table.ForEach([&](int key, int& value) { EXPECT_TRUE(seen.emplace(key, value).second); });
  EXPECT_EQ(seen.size(), 99U);
  for (const auto& [key, value] : seen) EXPECT_EQ(value, 2 * key);
}

TEST(NodeTable, GrowsThenEveryEntryStaysWhereItIs) {
  NodeTable<uint64_t, uint64_t> table(0);
  std::map<uint64_t, uint64_t*> places;
  for (uint64_t i = 0; i < 10'000; ++i) {
    uint64_t& value = table.FindOrInsert(i << 8 | 4).value;
    value = i;
    places[i] = &value;
  }
  for (const auto& [i, place] : places) {
    EXPECT_EQ(table.Find(i << 8 | 4), place);
    EXPECT_EQ(*place, i);
  }
  EXPECT_EQ(table.Find(5), nullptr);
}

// Keys that all fall into one chain.
struct Same {
  size_t operator()(int) const { return 7; }
};

TEST(NodeTable, OneChainThenAnyOfItIsFoundAndErased) {
  NodeTable<int, int, Same> table(1);
  for (int key = 0; key < 100; ++key) table.FindOrInsert(key).value = key;
  for (int key = 0; key < 100; key += 3) table.Erase(key);
  for (int key = 0; key < 100; ++key) {
    ASSERT_EQ(table.Find(key) != nullptr, key % 3 != 0) << key;
  }
}

TEST(NodeTable, AnyOrderThenAsAMap) {
  NodeTable<unsigned, unsigned> table(8);
  std::map<unsigned, unsigned> model;
  std::mt19937 random(3);
  for (int step = 0; step < 100'000; ++step) {
    const unsigned key = random() % 500;
    if (random() % 2 == 0) {
      const auto [value, fresh] = table.FindOrInsert(key);
      ASSERT_EQ(fresh, !model.contains(key));
      value = model[key] = random();
    } else if (model.erase(key) > 0) {
      table.Erase(key);
    }
    ASSERT_EQ(table.size(), model.size());
    const unsigned other = random() % 500;
    const unsigned* found = table.Find(other);
    ASSERT_EQ(found != nullptr, model.contains(other));
    if (found != nullptr) {
      ASSERT_EQ(*found, model[other]);
    }
  }
}

}  // namespace
}  // namespace lowband
