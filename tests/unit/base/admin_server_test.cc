#include "libs/base/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "libs/base/config_error.h"

namespace lowband {
namespace {

using testing::HasSubstr;

struct Running {
  explicit Running(AdminServer::Hooks hooks)
      : registry(std::make_shared<prometheus::Registry>()), server(registry, std::move(hooks)) {
    server.Start("--admin-addr", *ParseBindAddress("127.0.0.1:0"));
  }
  httplib::Result Get(const char* path) {
    return httplib::Client("127.0.0.1", server.port()).Get(path);
  }
  std::shared_ptr<prometheus::Registry> registry;
  AdminServer server;
};

TEST(AdminServer, ScrapeThenGaugesAreBroughtUpToDateFirst) {
  prometheus::Counter* counter = nullptr;
  Running running({.before_scrape = [&] { counter->Increment(); }, .not_ready = {}});
  counter = &prometheus::BuildCounter().Name("scrapes_total").Register(*running.registry).Add({});
  const auto response = running.Get("/metrics");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("scrapes_total 1"));
  EXPECT_THAT(response->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
}

TEST(AdminServer, NotReadyThen503WithTheReason) {
  std::string reason = "no translator";
  Running running({.before_scrape = {}, .not_ready = [&] { return reason; }});
  auto response = running.Get("/readyz");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_THAT(response->body, HasSubstr("no translator"));
  EXPECT_EQ(running.Get("/healthz")->status, 200);
  reason.clear();
  EXPECT_EQ(running.Get("/readyz")->status, 200);
  EXPECT_EQ(running.Get("/other")->status, 404);
}

TEST(AdminServer, PortInUseThenConfigErrorNamesFlagAndAddress) {
  Running running({});
  AdminServer second(running.registry, {});
  const std::string address = "127.0.0.1:" + std::to_string(running.server.port());
  try {
    second.Start("--admin-addr", *ParseBindAddress(address));
    FAIL() << "bound twice";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--admin-addr"));
    EXPECT_THAT(error.what(), HasSubstr(address));
    EXPECT_THAT(error.what(), HasSubstr("in use"));
  }
}

}  // namespace
}  // namespace lowband
