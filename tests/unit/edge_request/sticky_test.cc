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
  EXPECT_EQ(*sticky.TakeToken(AsBytes("")), Sticky::Change::kNone);
  EXPECT_EQ(*sticky.TakeToken(AsBytes("a")), Sticky::Change::kSet);
  const AccessToken first = sticky.token();
  EXPECT_EQ(*sticky.TakeToken(AsBytes("Bearer a")), Sticky::Change::kNone);
  EXPECT_EQ(sticky.token(), first);
  EXPECT_EQ(*sticky.TakeToken(AsBytes("b")), Sticky::Change::kSet);
  EXPECT_EQ(*first, "a") << "a request under way keeps its own";
  EXPECT_EQ(*sticky.TakeToken(AsBytes("")), Sticky::Change::kCleared);
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

TEST(Sticky, RefusedOneEndsOnlyWhileItIsInForce) {
  Sticky sticky;
  ASSERT_TRUE(sticky.TakeToken(AsBytes("a")));
  const AccessToken a = sticky.token();
  ASSERT_TRUE(sticky.TakeToken(AsBytes("b")));
  EXPECT_FALSE(sticky.OnRefused(a));
  EXPECT_FALSE(sticky.OnRefused(nullptr));
  EXPECT_EQ(*sticky.token(), "b");
  ASSERT_TRUE(sticky.TakeToken(AsBytes("a")));
  EXPECT_TRUE(sticky.OnRefused(a)) << "the same token, given again";
  EXPECT_EQ(sticky.token(), nullptr);
  EXPECT_FALSE(sticky.OnRefused(a));
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
