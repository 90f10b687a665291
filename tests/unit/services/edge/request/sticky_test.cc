#include "services/edge/request/sticky.h"

#include <gtest/gtest.h>

#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

std::string TokenAfter(std::string_view value) {
  Sticky sticky;
  EXPECT_TRUE(sticky.TakeToken(AsBytes(value)));
  return sticky.token() ? *sticky.token() : "(none)";
}

TEST(Sticky, TokenComesWithOrWithoutItsScheme) {
  EXPECT_EQ(TokenAfter("syt_abc"), "syt_abc");
  EXPECT_EQ(TokenAfter("Bearer syt_abc"), "syt_abc");
  EXPECT_EQ(TokenAfter("bearer syt_abc"), "syt_abc");
  EXPECT_EQ(TokenAfter("BEARER   syt_abc"), "syt_abc");
  EXPECT_EQ(TokenAfter("Bearersyt_abc"), "Bearersyt_abc");
  EXPECT_EQ(TokenAfter("Bear"), "Bear");
  EXPECT_EQ(TokenAfter(""), "(none)");
  EXPECT_EQ(TokenAfter("Bearer "), "(none)");
  EXPECT_EQ(TokenAfter("Bearer   "), "(none)");
}

TEST(Sticky, ChangesAreTold) {
  Sticky sticky;
  EXPECT_EQ(sticky.TakeToken(AsBytes(""))->change, Sticky::Change::kNone);
  EXPECT_EQ(sticky.TakeToken(AsBytes("a"))->change, Sticky::Change::kSet);
  const AccessToken first = sticky.token();
  EXPECT_EQ(sticky.TakeToken(AsBytes("Bearer a"))->change, Sticky::Change::kNone);
  EXPECT_EQ(sticky.token(), first);
  EXPECT_EQ(sticky.TakeToken(AsBytes("b"))->change, Sticky::Change::kSet);
  EXPECT_EQ(*first, "a") << "a request under way keeps its own";
  EXPECT_EQ(sticky.TakeToken(AsBytes(""))->change, Sticky::Change::kCleared);
  EXPECT_EQ(sticky.token(), nullptr);
}

TEST(Sticky, TokenOverTheLimitIsRefused) {
  Sticky sticky;
  const std::string limit(kAccessTokenBytesMax, 'x');
  EXPECT_TRUE(sticky.TakeToken(AsBytes(limit)));
  const auto refused = sticky.TakeToken(AsBytes(limit + "x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, coap::kBadRequest);
  EXPECT_EQ(refused.error().error.find(limit), std::string::npos);
  EXPECT_EQ(*sticky.token(), limit);
}

// The homeserver's own word on it is what its client shall go on getting.
TEST(Sticky, RefusedOneStaysInForceAndIsMarked) {
  Sticky sticky;
  ASSERT_TRUE(sticky.TakeToken(AsBytes("a")));
  const AccessToken a = sticky.token();
  ASSERT_TRUE(sticky.TakeToken(AsBytes("b")));
  EXPECT_FALSE(sticky.OnRefused(a));
  EXPECT_FALSE(sticky.OnRefused(nullptr));
  EXPECT_FALSE(sticky.refused());
  ASSERT_TRUE(sticky.TakeToken(AsBytes("a")));
  EXPECT_TRUE(sticky.OnRefused(a)) << "the same token, given again";
  EXPECT_EQ(*sticky.token(), "a");
  EXPECT_TRUE(sticky.refused());
  EXPECT_TRUE(sticky.TokenFor(0)->refused);
  EXPECT_FALSE(sticky.OnRefused(a)) << "nothing new";
  EXPECT_EQ(sticky.TakeToken(AsBytes("a"))->change, Sticky::Change::kSet) << "its client insists";
  EXPECT_FALSE(sticky.refused());
}

std::string TokenAt(const Sticky& sticky, uint64_t sequence) {
  const auto applied = sticky.TokenFor(sequence);
  if (!applied) return "(forgotten)";
  return applied->token ? *applied->token : "(none)";
}

TEST(Sticky, WhatWasSentBeforeAChangeThenGoesWithWhatHeldThen) {
  Sticky sticky;
  ASSERT_TRUE(sticky.TakeToken(AsBytes("a"), 10));
  ASSERT_TRUE(sticky.TakeToken(AsBytes("c"), 30));
  EXPECT_EQ(TokenAt(sticky, 5), "a") << "the first one was overtaken";
  EXPECT_EQ(TokenAt(sticky, 29), "a");
  EXPECT_EQ(TokenAt(sticky, 31), "c");
  // Late, and the one in force stays.
  EXPECT_EQ(sticky.TakeToken(AsBytes("b"), 20)->change, Sticky::Change::kNone);
  EXPECT_EQ(*sticky.token(), "c");
  EXPECT_EQ(TokenAt(sticky, 19), "a");
  EXPECT_EQ(TokenAt(sticky, 21), "b");
  EXPECT_EQ(sticky.TakeToken(AsBytes(""), 40)->change, Sticky::Change::kCleared);
  EXPECT_EQ(TokenAt(sticky, 41), "(none)");
  EXPECT_EQ(TokenAt(sticky, 39), "c");
}

TEST(Sticky, ChangesAreForgottenWhenNoRecordCanComeFromBefore) {
  Sticky sticky;
  ASSERT_TRUE(sticky.TakeToken(AsBytes("a"), 10));
  ASSERT_TRUE(sticky.TakeToken(AsBytes("b"), 20));
  ASSERT_TRUE(sticky.TakeToken(AsBytes("c"), 20 + kReplayWindowRecords));
  EXPECT_EQ(TokenAt(sticky, 15), "(forgotten)");
  EXPECT_EQ(TokenAt(sticky, 21), "b");
  for (size_t i = 0; i <= kTokenChangesMax; ++i) {
    ASSERT_TRUE(sticky.TakeToken(AsBytes("d" + std::to_string(i)), 100 + i));
  }
  EXPECT_EQ(TokenAt(sticky, 100), "(forgotten)");
  EXPECT_EQ(TokenAt(sticky, 102), "d2");
}

TEST(Sticky, LateKeyTableLeavesTheOneInForce) {
  Sticky sticky;
  EXPECT_TRUE(sticky.TakeKeyTable(0, 5));
  EXPECT_TRUE(sticky.TakeKeyTable(1, 4));
  EXPECT_EQ(sticky.key_table(1), transcode::KeyTable::kStrings);
}

TEST(Sticky, KeyTableIsZeroOrOne) {
  using transcode::KeyTable;
  Sticky sticky;
  EXPECT_EQ(sticky.key_table(1), KeyTable::kV1);
  EXPECT_EQ(sticky.key_table(0), KeyTable::kStrings);
  EXPECT_TRUE(sticky.TakeKeyTable(0));
  EXPECT_EQ(sticky.key_table(1), KeyTable::kStrings);
  EXPECT_TRUE(sticky.TakeKeyTable(1));
  EXPECT_EQ(sticky.key_table(0), KeyTable::kV1);
  for (const uint32_t version : {2u, 256u, 0xffffffffu}) {
    const auto refused = sticky.TakeKeyTable(version);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, coap::kBadOption);
  }
  EXPECT_EQ(sticky.key_table(0), KeyTable::kV1);
}

}  // namespace
}  // namespace lowband::edge::request
