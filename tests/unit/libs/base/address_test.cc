#include "libs/base/address.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include <array>
#include <string>
#include <unordered_set>

namespace lowband {
namespace {

TEST(SocketAddress, LiteralsThenSameText) {
  EXPECT_EQ(SocketAddress::FromLiteral("192.0.2.1", 5684)->Text(), "192.0.2.1:5684");
  EXPECT_EQ(SocketAddress::FromLiteral("2001:db8::1", 5684)->Text(), "[2001:db8::1]:5684");
  EXPECT_FALSE(SocketAddress::FromLiteral("example.org", 1));
  EXPECT_FALSE(SocketAddress::FromLiteral("", 1));
}

TEST(SocketAddress, IPv4AndItsMappedFormThenOnePeer) {
  sockaddr_storage raw{};
  const auto v4 = *SocketAddress::FromLiteral("192.0.2.1", 7);
  v4.ToSockaddr(AF_INET, raw);
  EXPECT_EQ(raw.ss_family, AF_INET);
  EXPECT_EQ(SocketAddress::FromSockaddr(raw), v4);
  v4.ToSockaddr(AF_INET6, raw);
  EXPECT_EQ(raw.ss_family, AF_INET6);
  EXPECT_EQ(SocketAddress::FromSockaddr(raw), v4);
}

TEST(SocketAddress, ZoneThenKeptThroughTextSockaddrAndBack) {
  std::array<char, IF_NAMESIZE> name{};
  ASSERT_NE(if_indextoname(1, name.data()), nullptr);
  const std::string zone = name.data();
  const auto named = SocketAddress::FromLiteral("fe80::1%" + zone, 9);
  ASSERT_TRUE(named) << named.error();
  EXPECT_EQ(named->scope(), 1u);
  EXPECT_EQ(named->Text(), "[fe80::1%" + zone + "]:9");
  EXPECT_EQ(named->ZonedHostText(), "fe80::1%" + zone);
  EXPECT_EQ(named->HostText(), "fe80::1");
  EXPECT_EQ(SocketAddress::FromLiteral("fe80::1%1", 9), *named);
  sockaddr_storage raw{};
  named->ToSockaddr(AF_INET6, raw);
  EXPECT_EQ(SocketAddress::FromSockaddr(raw), *named);
  EXPECT_EQ(named->WithPort(10).Text(), "[fe80::1%" + zone + "]:10");
}

TEST(SocketAddress, ZoneOfNoInterfaceThenErrorNamesIt) {
  for (const char* text : {"fe80::1%nowhere", "fe80::1%", "fe80::1%999999", "fe80::1%1x"}) {
    const auto address = SocketAddress::FromLiteral(text, 9);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().find(text), std::string::npos) << address.error();
  }
  EXPECT_FALSE(SocketAddress::FromLiteral("192.0.2.1%1", 9));
}

TEST(SocketAddress, RangesThenLoopbackAndPrivate) {
  const auto is_private = [](const char* text) {
    return SocketAddress::FromLiteral(text, 0)->is_private();
  };
  for (const char* text : {"127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255",
                           "192.168.0.1", "169.254.1.1", "fd00::1", "fe80::1"}) {
    EXPECT_TRUE(is_private(text)) << text;
  }
  for (const char* text : {"172.32.0.1", "192.169.0.1", "8.8.8.8", "2001:db8::1", "::2"}) {
    EXPECT_FALSE(is_private(text)) << text;
  }
  EXPECT_TRUE(SocketAddress::FromLiteral("127.8.8.8", 0)->is_loopback());
  EXPECT_FALSE(SocketAddress::FromLiteral("10.0.0.1", 0)->is_loopback());
}

TEST(SocketAddress, NeighbouringPortsThenDifferentHashes) {
  std::unordered_set<size_t> seen;
  for (uint16_t port = 1; port < 5000; ++port) {
    seen.insert(std::hash<SocketAddress>{}(*SocketAddress::FromLiteral("10.0.0.1", port)));
  }
  EXPECT_EQ(seen.size(), 4999U);
}

TEST(BindAddress, FormsThenHostAndPort) {
  EXPECT_TRUE(ParseBindAddress(":8008")->any_host);
  EXPECT_EQ(ParseBindAddress(":8008")->address.port(), 8008);
  EXPECT_TRUE(ParseBindAddress("*:1")->any_host);
  EXPECT_EQ(ParseBindAddress("[::1]:9")->address.Text(), "[::1]:9");
  EXPECT_EQ(ParseBindAddress("127.0.0.1:0")->address.Text(), "127.0.0.1:0");
  EXPECT_TRUE(ParseBindAddress("localhost:8")->address.is_loopback());
}

TEST(BindAddress, ZoneThenKept) {
  const auto bound = ParseBindAddress("[fe80::1%1]:8008");
  ASSERT_TRUE(bound) << bound.error();
  EXPECT_EQ(bound->address.scope(), 1u);
  EXPECT_EQ(bound->address.port(), 8008);
  const auto unknown = ParseBindAddress("[fe80::1%nowhere]:8008");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().find("no network interface \"nowhere\""), std::string::npos);
}

TEST(BindAddress, MalformedThenErrorNamesThePart) {
  EXPECT_NE(ParseBindAddress("8008").error().find("no port"), std::string::npos);
  EXPECT_NE(ParseBindAddress("a:99999").error().find("99999"), std::string::npos);
  EXPECT_NE(ParseBindAddress("127.0.0.1:").error().find("port number"), std::string::npos);
  EXPECT_NE(ParseBindAddress("host.invalid:1").error().find("host.invalid"), std::string::npos);
}

TEST(SocketAddress, LocalIpIsNoPartOfWhoThePeerIs) {
  const auto peer = *SocketAddress::FromLiteral("192.0.2.1", 5684);
  const auto asked = peer.WithLocalIp(SocketAddress::FromLiteral("198.51.100.1", 0)->ip());
  EXPECT_FALSE(peer.has_local_ip());
  EXPECT_TRUE(asked.has_local_ip());
  EXPECT_EQ(peer, asked);
  EXPECT_EQ(std::hash<SocketAddress>()(peer), std::hash<SocketAddress>()(asked));
  EXPECT_EQ(asked.Text(), "192.0.2.1:5684");
  EXPECT_NE(peer, peer.WithPort(1));
}

}  // namespace
}  // namespace lowband
