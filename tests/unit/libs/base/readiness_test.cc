#include "libs/base/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/admin_server.h"
#include "libs/base/config_error.h"
#include "libs/base/options.h"

namespace lowband {
namespace {

using testing::HasSubstr;

struct Service {
  explicit Service(const std::string& listen, std::string reason = "")
      : server({.metrics = {}, .not_ready = [reason] { return reason; }}) {
    server.Bind("--admin-addr", *ParseBindAddress(listen));
    server.Serve();
  }
  std::string Port() const { return std::to_string(server.port()); }
  AdminServer server;
};

TEST(Readiness, ReadyThenExitCodeZeroAndNoWord) {
  Service service("127.0.0.1:0");
  testing::internal::CaptureStderr();
  EXPECT_EQ(CheckReadiness("demo", "127.0.0.1:" + service.Port()), kExitOk);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Readiness, BoundToEveryAddressThenAskedOnLoopback) {
  Service service("0.0.0.0:0");
  EXPECT_EQ(CheckReadiness("demo", "0.0.0.0:" + service.Port()), kExitOk);
  EXPECT_EQ(CheckReadiness("demo", ":" + service.Port()), kExitOk);
}

TEST(Readiness, BoundToEveryAddressOfIpv6ThenAskedOnItsLoopback) {
  Service service("[::]:0");
  EXPECT_EQ(CheckReadiness("demo", "[::]:" + service.Port()), kExitOk);
}

TEST(Readiness, NotReadyThenFailureWithTheServicesReason) {
  Service service("127.0.0.1:0", "draining");
  testing::internal::CaptureStderr();
  EXPECT_EQ(CheckReadiness("demo", "127.0.0.1:" + service.Port()), kExitFailure);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "demo: not ready: draining\n");
}

TEST(Readiness, NobodyThereThenFailureThatNamesTheAddress) {
  std::string port;
  {
    Service gone("127.0.0.1:0");
    port = gone.Port();
  }
  testing::internal::CaptureStderr();
  EXPECT_EQ(CheckReadiness("demo", "127.0.0.1:" + port), kExitFailure);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "demo: not ready: no answer from 127.0.0.1:" + port + "\n");
}

TEST(Readiness, NothingToAskThenConfigErrorNamesTheFlag) {
  for (const char* address : {"off", "nonsense", "127.0.0.1:0"}) {
    try {
      (void)CheckReadiness("demo", address);
      FAIL() << address;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr("--admin-addr"));
    }
  }
}

}  // namespace
}  // namespace lowband
