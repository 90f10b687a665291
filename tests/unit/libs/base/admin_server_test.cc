#include "libs/base/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <string>
#include <vector>

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

TEST(AdminServer, NotAliveThen503WithTheReason) {
  Running running({.metrics = {}, .not_ready = {}, .not_alive = [] { return "worker 0 hangs"; }});
  const auto response = running.Get("/healthz");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body, "worker 0 hangs\n");
}

TEST(AdminServer, OtherMethodsThen405AndHeadThenNoBody) {
  Running running({});
  httplib::Client client("127.0.0.1", running.server.port());
  const auto posted = client.Post("/healthz", "x", "text/plain");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 405);
  EXPECT_EQ(posted->get_header_value("Allow"), "GET, HEAD");
  const auto head = client.Head("/healthz");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->get_header_value("Content-Length"), "3");
}

/// Connections that hold their place and say nothing, or begin and stop.
class Silent {
 public:
  Silent(uint16_t port, size_t count, std::string_view words) {
    const sockaddr_in to{.sin_family = AF_INET,
                         .sin_port = htons(port),
                         .sin_addr = {htonl(INADDR_LOOPBACK)},
                         .sin_zero = {}};
    for (size_t i = 0; i < count; ++i) {
      fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      EXPECT_EQ(connect(fds_.back(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
      EXPECT_EQ(send(fds_.back(), words.data(), words.size(), MSG_NOSIGNAL), ssize_t(words.size()));
    }
  }
  ~Silent() {
    for (const int fd : fds_) close(fd);
  }

 private:
  std::vector<int> fds_;
};

TEST(AdminServer, SilentConnectionsThenProbesAreAnsweredAllTheSame) {
  Running running({});
  const Silent silent(running.server.port(), 2 * AdminServer::kConnectionsMax, "");
  const Silent halves(running.server.port(), 2 * AdminServer::kConnectionsMax, "GET /heal");
  for (int i = 0; i < 20; ++i) {
    const auto response = running.Get("/healthz");
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->status, 200);
  }
}

TEST(AdminServer, MetricsHangThenProbesAreAnsweredAllTheSame) {
  std::promise<void> go_on;
  const auto going_on = go_on.get_future().share();
  std::atomic<int> scrapes = 0;
  Running running({.metrics =
                       [&] {
                         going_on.wait();
                         return "scrape " + std::to_string(++scrapes) + "\n";
                       },
                   .not_ready = {}});
  // More scrapers than there is room for: the probe takes the place of one.
  const Silent scrapers(running.server.port(), AdminServer::kConnectionsMax,
                        "GET /metrics HTTP/1.1\r\n\r\n");
  const auto probe = running.Get("/healthz");
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->status, 200);
  go_on.set_value();
  const auto scraped = running.Get("/metrics");
  ASSERT_TRUE(scraped);
  EXPECT_THAT(scraped->body, HasSubstr("scrape "));
  EXPECT_LE(scrapes.load(), 3) << "one for all who wait";
}

TEST(AdminServer, RequestThatIsNoneThen400) {
  Running running({});
  for (const std::string& words : {std::string("nonsense\r\n\r\n"), std::string(5000, 'x')}) {
    const sockaddr_in to{.sin_family = AF_INET,
                         .sin_port = htons(running.server.port()),
                         .sin_addr = {htonl(INADDR_LOOPBACK)},
                         .sin_zero = {}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    ASSERT_GT(send(fd, words.data(), words.size(), MSG_NOSIGNAL), 0);
    std::array<char, 12> start{};
    EXPECT_EQ(recv(fd, start.data(), start.size(), MSG_WAITALL), ssize_t(start.size()));
    EXPECT_EQ(std::string_view(start.data(), start.size()), "HTTP/1.1 400");
    close(fd);
  }
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
