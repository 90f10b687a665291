#include "libs/base/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "libs/base/config_error.h"
#include "libs/base/metrics.h"

namespace lowband {
namespace {

using testing::HasSubstr;

struct Running {
  explicit Running(AdminServer::Hooks hooks) : server(std::move(hooks)) {
    server.Bind("--admin-addr", *ParseBindAddress("127.0.0.1:0"));
    server.Serve();
  }
  httplib::Result Get(const char* path) {
    return httplib::Client("127.0.0.1", server.port()).Get(path);
  }
  AdminServer server;
};

TEST(AdminServer, ScrapeThenTheMetricsOfThatMoment) {
  MetricSet metrics("demo_");
  Running running({.metrics =
                       [&] {
                         metrics.Total("scrapes_total", "Scrapes.", {{"kind", "a"}}, 1);
                         metrics.Distribution("wait_seconds", "Waits.", {}, {0.5, 1}, {2, 0, 1}, 4);
                         metrics.Process();
                         return metrics.Text();
                       },
                   .not_ready = {}});
  const auto response = running.Get("/metrics");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  for (const char* line : {"# TYPE demo_scrapes_total counter", "demo_scrapes_total{kind=\"a\"} 1",
                           "demo_wait_seconds_bucket{le=\"0.5\"} 2",
                           "demo_wait_seconds_bucket{le=\"+Inf\"} 3", "demo_wait_seconds_count 3",
                           "demo_build_info{version=", "process_resident_memory_bytes "}) {
    EXPECT_THAT(response->body, HasSubstr(line));
  }
  EXPECT_THAT(response->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
}

TEST(AdminServer, NotReadyThen503WithTheReason) {
  std::string reason = "no translator";
  Running running({.metrics = {}, .not_ready = [&] { return reason; }});
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
  AdminServer second({});
  const std::string address = "127.0.0.1:" + std::to_string(running.server.port());
  try {
    second.Bind("--admin-addr", *ParseBindAddress(address));
    FAIL() << "bound twice";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--admin-addr"));
    EXPECT_THAT(error.what(), HasSubstr(address));
    EXPECT_THAT(error.what(), HasSubstr("in use"));
  }
}

}  // namespace
}  // namespace lowband
