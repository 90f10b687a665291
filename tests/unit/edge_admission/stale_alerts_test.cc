#include "services/edge/admission/stale_alerts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {
namespace {

using std::chrono::seconds;

SocketAddress Address(const std::string& host, uint16_t port = 4000) {
  return *SocketAddress::FromLiteral(host, port);
}

// Of a network of its own each, like clients all over the world.
SocketAddress Elsewhere(size_t i) {
  return Address("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                 std::to_string(i & 255));
}

TEST(StaleAlerts, OneNetworkThenItUsesUpItsOwnShareOnly) {
  StaleAlerts alerts(100'000);
  const TimePoint start(seconds(100));
  size_t sent = 0;
  for (uint16_t port = 1; port < 10'000; ++port) {
    sent += alerts.Take(start, Address("198.51.100.7", port)) ? 1 : 0;
  }
  EXPECT_EQ(sent, kStaleAlertsOfAPrefixAtOnce);
  EXPECT_TRUE(alerts.Take(start, Elsewhere(1)));
}

TEST(StaleAlerts, EverybodyAtOnceThenAllAreToldWithinAMinute) {
  constexpr size_t kClients = 12'000;
  StaleAlerts alerts(kClients);
  std::vector<SocketAddress> clients;
  for (size_t i = 0; i < kClients; ++i) clients.push_back(Elsewhere(i));
  std::vector<bool> told(kClients);
  size_t left = kClients;
  for (int second = 0; second < 61; ++second) {
    for (size_t i = 0; i < kClients; ++i) {
      if (told[i] || !alerts.Take(TimePoint(seconds(100 + second)), clients[i])) continue;
      told[i] = true;
      --left;
    }
  }
  EXPECT_EQ(left, 0u);
}

TEST(StaleAlerts, SmallTableThenAHundredASecond) {
  StaleAlerts alerts(10);
  size_t sent = 0;
  for (size_t i = 0; i < 400; ++i) sent += alerts.Take(TimePoint(seconds(5)), Elsewhere(i)) ? 1 : 0;
  EXPECT_EQ(sent, 100u);
}

// A client whose records reach several workers is told once.
TEST(StaleAlerts, ManyThreadsThenOneAlertForAnAddress) {
  StaleAlerts alerts(100'000);
  std::atomic<size_t> sent = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (size_t peer = 0; peer < 1000; ++peer) {
        if (alerts.Take(TimePoint(seconds(5)), Elsewhere(peer))) ++sent;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sent, 1000u);
}

}  // namespace
}  // namespace lowband::edge::admission
