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

TEST(StaleAlerts, OneNetworkThenItUsesUpItsOwnShareAndWhatIsForSuchOnly) {
  constexpr size_t kUsual = 1000;
  StaleAlerts alerts(60 * kUsual);
  const TimePoint start(seconds(100));
  size_t sent = 0;
  for (uint16_t port = 1; port < 10'000; ++port) {
    sent += alerts.Take(start, Address("198.51.100.7", port)) ? 1 : 0;
  }
  EXPECT_EQ(sent, kStaleAlertsOfAPrefixAtOnce + kUsual);
  // All that others may have at once is theirs.
  size_t others = 0;
  for (size_t i = 0; i < 2 * kUsual; ++i) others += alerts.Take(start, Elsewhere(i)) ? 1 : 0;
  EXPECT_EQ(others + kStaleAlertsOfAPrefixAtOnce, kUsual);
}

TEST(StaleAlerts, ManyClientsBehindOneAddressThenAllAreToldWithinAMinute) {
  constexpr uint16_t kClients = 6000;
  StaleAlerts alerts(kClients);
  size_t told = 0;
  for (int second = 0; second < 60; ++second) {
    for (uint16_t client = 0; client < kClients; ++client) {
      if (client % 60 != second) continue;
      told += alerts.Take(TimePoint(seconds(100 + second)), Address("198.51.100.7", client + 1));
      alerts.NoteHandshake();
    }
  }
  EXPECT_EQ(told, kClients);
}

// Who names a network over and over uses up its alerts for as long as it takes to see that nobody
// comes back.
TEST(StaleAlerts, OneNetworkNamedWithForgedPortsThenWithinSecondsItsClientsAreTold) {
  StaleAlerts alerts(10);
  uint16_t forged = 0;
  uint16_t client = 60'000;
  size_t told = 0;
  const auto take = [&](TimePoint now, uint16_t port) {
    return alerts.Take(now, Address("198.51.100.7", port)) ? 1 : 0;
  };
  for (int second = 0; second < 20; ++second) {
    for (int i = 0; i < 2000; ++i) {
      const TimePoint now = TimePoint(seconds(100 + second)) + std::chrono::microseconds(500 * i);
      take(now, ++forged % 50'000);
      if (second >= 10 && i % 200 == 7) told += take(now, ++client);
    }
  }
  EXPECT_EQ(told, 100u);
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

// Those in whose names records are forged do not come back, and cost the others nothing.
TEST(StaleAlerts, SourcesForgedThenWithinSecondsEveryClientIsTold) {
  constexpr size_t kForgedASecond = 20'000;
  StaleAlerts alerts(10);
  size_t forged = 0;
  size_t told = 0;
  for (int second = 0; second < 20; ++second) {
    const TimePoint begin(seconds(100 + second));
    for (size_t i = 0; i < kForgedASecond; ++i) {
      const TimePoint now = begin + Duration(seconds(1)) * i / kForgedASecond;
      (void)alerts.Take(now, Elsewhere(forged++));
      const bool asks = second >= 10 && i % 1000 == 7;
      if (asks)
        told += alerts.Take(now, Address("172.16.0.1", static_cast<uint16_t>(forged))) ? 1 : 0;
    }
  }
  EXPECT_EQ(told, 200u);
}

TEST(StaleAlerts, ThoseWhoAreToldComeBackThenNoFasterThanUsual) {
  constexpr size_t kUsual = 100;
  StaleAlerts alerts(10);
  size_t client = 0;
  for (int second = 0; second < 30; ++second) {
    size_t told = 0;
    for (size_t i = 0; i < 10 * kUsual; ++i) {
      const TimePoint now = TimePoint(seconds(100 + second)) + std::chrono::milliseconds(i);
      if (!alerts.Take(now, Elsewhere(client++))) continue;
      ++told;
      alerts.NoteHandshake();
    }
    EXPECT_LE(told, 2 * kUsual) << second;
    EXPECT_GE(told, kUsual / 2) << second;
  }
}

TEST(StaleAlerts, FloodIsOverThenTheTotalIsTheUsualOneAgain) {
  StaleAlerts alerts(10);
  size_t forged = 0;
  const auto flood = [&](TimePoint second) {
    size_t sent = 0;
    for (size_t i = 0; i < 10'000; ++i) {
      sent += alerts.Take(second + std::chrono::microseconds(100 * i), Elsewhere(forged++)) ? 1 : 0;
    }
    return sent;
  };
  for (int second = 0; second < 10; ++second) flood(TimePoint(seconds(100 + second)));
  EXPECT_EQ(flood(TimePoint(seconds(110))), 10'000u);
  for (int second = 0; second < 10; ++second) {
    (void)alerts.Take(TimePoint(seconds(200 + second)), Elsewhere(forged++));
  }
  EXPECT_LE(flood(TimePoint(seconds(300))), 300u);
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
