#include "services/edge/admission/prefix.h"

#include <gtest/gtest.h>

namespace lowband::edge::admission {
namespace {

SocketAddress At(const char* host) { return SocketAddress::FromLiteral(host, 5684).value(); }

TEST(Prefix, AnIpv4AddressIsOneParty) {
  EXPECT_EQ(PrefixOf(At("192.0.2.1")), PrefixOf(At("192.0.2.1").WithPort(9)));
  EXPECT_NE(PrefixOf(At("192.0.2.1")), PrefixOf(At("192.0.2.2")));
  EXPECT_NE(NetworkOf(At("192.0.2.1")), NetworkOf(At("192.0.2.2")));
}

TEST(Prefix, ACustomerHas56BitsOfIpv6AndASite48) {
  const auto one = At("2001:db8:1:200::1");
  EXPECT_EQ(PrefixOf(one), PrefixOf(At("2001:db8:1:2ff:9::1")));
  EXPECT_NE(PrefixOf(one), PrefixOf(At("2001:db8:1:300::1")));
  EXPECT_EQ(NetworkOf(one), NetworkOf(At("2001:db8:1:300::1")));
  EXPECT_NE(NetworkOf(one), NetworkOf(At("2001:db8:2:200::1")));
}

TEST(Prefix, TheFamiliesAreKeptApart) {
  EXPECT_NE(NetworkOf(At("0.0.0.0")), NetworkOf(At("::")));
  EXPECT_NE(PrefixOf(At("0.0.0.1")), PrefixOf(At("::1")));
}

}  // namespace
}  // namespace lowband::edge::admission
