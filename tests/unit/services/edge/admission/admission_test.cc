#include "services/edge/admission/admission.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {
namespace {

TEST(AdmissionLimits, BadValuesThenTheFieldIsNamed) {
  EXPECT_EQ(Limits().Validate(), "");
  const auto names = [](const Limits& limits, const std::string& field) {
    return limits.Validate().starts_with("admission." + field + " ");
  };
  EXPECT_TRUE(names({.sessions = 0}, "sessions"));
  EXPECT_TRUE(names({.sessions = kSessionsMax + 1}, "sessions"));
  EXPECT_TRUE(names({.handshakes = 0}, "handshakes"));
  EXPECT_TRUE(names({.handshakes = kHandshakesMax + 1}, "handshakes"));
  EXPECT_TRUE(names({.handshakes_per_prefix_burst = 0}, "handshakes_per_prefix_burst"));
}

TEST(Admission, OneSiteSpreadsOverItsPrefixesThenItGetsEightTimesOneOfThem) {
  Admission admission({.handshakes_per_prefix_rate = 5, .handshakes_per_prefix_burst = 20});
  const TimePoint now(std::chrono::seconds(1000));
  const auto address = [](int site, int prefix) {
    return *SocketAddress::FromLiteral(
        "2001:db8:" + std::to_string(site) + ":" + std::to_string(prefix) + "00::1", 1);
  };
  int begun = 0;
  for (int prefix = 1; prefix < 90; ++prefix) {
    for (int i = 0; i < 30; ++i) begun += admission.TakeHandshake(now, address(1, prefix), kWhole);
  }
  EXPECT_EQ(begun, 160);
  EXPECT_TRUE(admission.TakeHandshake(now, address(2, 1), kWhole));
}

// The edge has crashed. Each handshake takes three seconds, on slow links.
TEST(Admission, AHundredThousandPhonesOfManyNetworksAreBackThenAllAreInWithinAMinute) {
  constexpr size_t kPhones = 100'000;
  constexpr size_t kNetworks = 2'000;
  constexpr size_t kASecond = kPhones / 60 + 1;
  Admission admission({});
  std::deque<Holder> under_way;
  size_t begun = 0;
  size_t in = 0;
  for (int second = 0; second < 60 + 3; ++second) {
    const TimePoint now(std::chrono::seconds(1000 + second));
    while (!under_way.empty() && (second == 62 || under_way.size() > 2 * kASecond)) {
      admission.handshakes.Give(under_way.front(), 1);
      ASSERT_EQ(admission.sessions.Take(under_way.front(), 1), Ledger::Verdict::kFits);
      under_way.pop_front();
      ++in;
    }
    for (size_t i = 0; i < kASecond && begun < kPhones; ++i, ++begun) {
      const size_t network = begun % kNetworks;
      const auto peer = *SocketAddress::FromLiteral(
          "10.1." + std::to_string(network / 250) + "." + std::to_string(network % 250),
          static_cast<uint16_t>(1000 + begun / kNetworks));
      ASSERT_TRUE(admission.TakeHandshake(now, peer, kWhole)) << begun;
      const Holder holder{NetworkOf(peer), Standing::kUnproven, static_cast<unsigned>(begun % 8)};
      ASSERT_EQ(admission.handshakes.Take(holder, 1), Ledger::Verdict::kFits);
      under_way.push_back(holder);
    }
  }
  EXPECT_EQ(in, kPhones);
}

}  // namespace
}  // namespace lowband::edge::admission
