#include "services/translator/mapping/owner.h"

#include <gtest/gtest.h>

#include "tests/support/mapping_fixture.h"

namespace lowband::translator::mapping {
namespace {

using testing::Ask;

constexpr OwnerKey kKey{'k'};

Owner OfNetwork(std::string_view address) { return OwnerOf(kKey, "", address); }

TEST(OwnerOf, SameTokenThenTheSameFromWherever) {
  EXPECT_EQ(OwnerOf(kKey, "t", "192.0.2.1"), OwnerOf(kKey, "t", "2001:db8::1"));
  EXPECT_NE(OwnerOf(kKey, "t", "192.0.2.1"), OwnerOf(kKey, "u", "192.0.2.1"));
}

TEST(OwnerOf, NoTokenThenTheNetwork) {
  EXPECT_EQ(OfNetwork("192.0.2.1"), OfNetwork("::ffff:192.0.2.1"));
  EXPECT_NE(OfNetwork("192.0.2.1"), OfNetwork("192.0.2.2"));
  EXPECT_EQ(OfNetwork("2001:db8:0:aa01::1"), OfNetwork("2001:db8:0:aaff:1:2:3:4"));
  EXPECT_NE(OfNetwork("2001:db8:0:aa01::1"), OfNetwork("2001:db8:0:ab01::1"));
  EXPECT_NE(OfNetwork("192.0.2.1"), OwnerOf(kKey, "192.0.2.1", "192.0.2.1"));
  EXPECT_EQ(OfNetwork(""), OfNetwork("")) << "whoever is not known is one";
}

TEST(OwnerOf, AnotherKeyThenAnotherOwner) {
  EXPECT_NE(OwnerOf(kKey, "t", ""), OwnerOf(OwnerKey{'l'}, "t", ""));
}

TEST(OwnerOf, RequestMappedThenThatOfTheTokenItGoesWith) {
  MappingConfig config;
  config.owner_key = kKey;
  v1::Request request = Ask(v1::GET, {"0"});
  request.set_client_address("192.0.2.1");
  EXPECT_EQ(Mapping(config).ToHttp(request)->http.owner, OfNetwork("192.0.2.1"));
  request.set_token("t");
  EXPECT_EQ(Mapping(config).ToHttp(request)->http.owner, OwnerOf(kKey, "Bearer t", ""));
  request.add_queries("access_token=u");
  EXPECT_EQ(Mapping(config).ToHttp(request)->http.owner, OwnerOf(kKey, "Bearer u", ""));
}

}  // namespace
}  // namespace lowband::translator::mapping
