#include "libs/grpc/target.h"

#include <gmock/gmock.h>

namespace lowband {
namespace {

using ::testing::HasSubstr;

TEST(GrpcTarget, OnlyThisMachineIsMeantThenLocal) {
  for (const char* text :
       {"127.0.0.1:9090", "127.8.9.10:1", "localhost:9090", "localhost.:9090", "a.localhost:9090",
        "ip6-localhost:9090", "[::1]:9090", "[::ffff:127.0.0.1]:9090", "dns:///localhost:9090",
        "dns:localhost:9090", "dns:///127.0.0.1:9090", "ipv4:127.0.0.1:9090",
        "ipv4:127.0.0.1:9090,127.0.0.2:9091", "ipv6:[::1]:9090", "unix:/run/lowband.sock",
        "unix:relative.sock", "unix:///run/lowband.sock"}) {
    const auto target = ParseGrpcTarget(text);
    ASSERT_TRUE(target) << text << ": " << target.error();
    EXPECT_TRUE(target->local) << text;
    EXPECT_EQ(target->name, text);
  }
}

TEST(GrpcTarget, AnythingElseMayBeMeantThenNotLocal) {
  for (const char* text :
       {"192.0.2.1:9090", "10.0.0.1:9090", "translator:9090", "localhost.example.org:9090",
        "notlocalhost:9090", "dns:///translator.lowband.svc.cluster.local:9090", "0.0.0.0:9090",
        "[::]:9090", "[2001:db8::1]:9090", "ipv4:127.0.0.1:9090,192.0.2.1:9090",
        "ipv6:[2001:db8::1]:9090", "dns://192.0.2.53/localhost:9090"}) {
    const auto target = ParseGrpcTarget(text);
    ASSERT_TRUE(target) << text << ": " << target.error();
    EXPECT_FALSE(target->local) << text;
  }
}

TEST(GrpcTarget, MalformedThenTheErrorSaysWhatIsWrong) {
  const auto error = [](std::string_view text) {
    const auto target = ParseGrpcTarget(text);
    return target ? std::string("accepted") : target.error();
  };
  EXPECT_THAT(error(""), HasSubstr("empty"));
  EXPECT_THAT(error("translator"), HasSubstr("names no port"));
  EXPECT_THAT(error("dns:///translator"), HasSubstr("names no port"));
  EXPECT_THAT(error("dns://translator:9090"), HasSubstr("three slashes"));
  EXPECT_THAT(error("http://translator:9090"), HasSubstr("not the name of a gRPC server"));
  EXPECT_THAT(error("translator:9090/path"), HasSubstr("not the name of a gRPC server"));
  EXPECT_THAT(error("translator:http"), HasSubstr("'http' is not a port"));
  EXPECT_THAT(error("translator:70000"), HasSubstr("not a port"));
  EXPECT_THAT(error("translator:"), HasSubstr("not a port"));
  EXPECT_THAT(error(":9090"), HasSubstr("names no host"));
  EXPECT_THAT(error("::1:9090"), HasSubstr("brackets"));
  EXPECT_THAT(error("[::1]"), HasSubstr("names no port"));
  EXPECT_THAT(error("ipv4:translator:9090"), HasSubstr("not an address"));
  EXPECT_THAT(error("unix:"), HasSubstr("names no path"));
  EXPECT_THAT(error("unix://relative"), HasSubstr("absolute"));
  EXPECT_THAT(error("unix:" + std::string(108, 'x')), HasSubstr("too long"));
}

TEST(GrpcListenAddress, WellFormedThenAsGrpcWantsIt) {
  const auto check = [](const char* text, const char* name, bool local) {
    const auto address = ParseGrpcListenAddress(text);
    ASSERT_TRUE(address) << text << ": " << address.error();
    EXPECT_EQ(address->name, name);
    EXPECT_EQ(address->local, local) << text;
  };
  check("127.0.0.1:9090", "127.0.0.1:9090", true);
  check("localhost:0", "localhost:0", true);
  check("[::1]:9090", "[::1]:9090", true);
  check("unix:/run/lowband.sock", "unix:/run/lowband.sock", true);
  check("0.0.0.0:9090", "0.0.0.0:9090", false);
  check(":9090", "[::]:9090", false);
}

TEST(GrpcListenAddress, NotAnAddressThenRefused) {
  for (const char* text :
       {"", "translator:9090", "9090", "dns:///localhost:9090", "localhost", "127.0.0.1:99999"}) {
    EXPECT_FALSE(ParseGrpcListenAddress(text)) << text;
  }
}

}  // namespace
}  // namespace lowband
