#include "services/translator/mapping/query.h"

#include <gtest/gtest.h>

#include <vector>

namespace lowband::translator::mapping {
namespace {

Query Make(const std::vector<std::string_view>& options) {
  Query query;
  for (const std::string_view option : options) query.Add(option);
  return query;
}

std::string Encoded(const Query& query) {
  std::string target = "/p";
  query.AppendTo(target);
  return target;
}

TEST(Query, OptionsThenEncodedInTheirOrder) {
  EXPECT_EQ(Encoded(Make({})), "/p");
  EXPECT_EQ(Encoded(Make({"since=s1_2", "timeout=0", "since=again"})),
            "/p?since=s1_2&timeout=0&since=again");
}

TEST(Query, NoEqualsThenAnEmptyValueAndNothingThenNothing) {
  EXPECT_EQ(Encoded(Make({"full_state", "", "a="})), "/p?full_state=&a=");
}

TEST(Query, SecondEqualsThenItBelongsToTheValue) {
  EXPECT_EQ(Encoded(Make({"a=b=c", "=x"})), "/p?a=b%3Dc&=x");
}

TEST(Query, EverythingButUnreservedThenItIsEncoded) {
  EXPECT_EQ(Encoded(Make({"filter={\"a\":[1]}&x=+ ;/?:@#%25\n\xc3\xa9"})),
            "/p?filter=%7B%22a%22%3A%5B1%5D%7D%26x%3D%2B%20%3B%2F%3F%3A%40%23%2525%0A%C3%A9");
  EXPECT_EQ(Encoded(Make({"a-._~Z9=a-._~Z9", "n&m=1"})), "/p?a-._~Z9=a-._~Z9&n%26m=1");
}

TEST(Query, ValueBeyondTheLimitOfAnOptionThenItIsKept) {
  const std::string long_value(5000, 'x');
  EXPECT_EQ(Encoded(Make({"filter=" + long_value})), "/p?filter=" + long_value);
}

TEST(Query, AccessTokensThenAllAreTakenAndTheFirstIsGiven) {
  Query query = Make({"a=1", "access_token=first=x", "access_token=second", "access_tokens=2"});
  EXPECT_EQ(query.TakeAccessToken(), "first=x");
  EXPECT_EQ(Encoded(query), "/p?a=1&access_tokens=2");
  EXPECT_EQ(query.TakeAccessToken(), std::nullopt);
}

TEST(Query, TimeoutThenItsNumberOrNone) {
  EXPECT_EQ(Make({"timeout=30000"}).TimeoutMs(), 30'000u);
  EXPECT_EQ(Make({"timeout=1", "timeout=2"}).TimeoutMs(), 1u);
  EXPECT_EQ(Make({"timeout=99999999999999999999999"}).TimeoutMs(), UINT64_MAX);
  for (const char* option : {"timeout=", "timeout", "timeout=-1", "timeout=1s", "timeouts=1"}) {
    EXPECT_EQ(Make({option}).TimeoutMs(), std::nullopt) << option;
  }
}

TEST(Query, TimeoutSetThenEveryOneIs) {
  Query query = Make({"timeout=1", "a=b", "timeout=2"});
  query.SetTimeoutMs(60'000);
  EXPECT_EQ(Encoded(query), "/p?timeout=60000&a=b&timeout=60000");
}

}  // namespace
}  // namespace lowband::translator::mapping
