#include "tests/attack/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace lowband::edge {
namespace {

std::string Text(Duration time) {
  const double ms = std::chrono::duration<double, std::milli>(time).count();
  std::array<char, 32> text{};
  snprintf(text.data(), text.size(), ms < 10 ? "%.1f ms" : "%.0f ms", ms);
  return text.data();
}

}  // namespace

Duration Percentile99(std::vector<Duration> times) {
  if (times.empty()) return {};
  std::ranges::sort(times);
  return times[(times.size() * 99 + 99) / 100 - 1];
}

void ExpectUnharmed(const Figures& before, const Figures& during, Duration floor) {
  EXPECT_EQ(during.answered, during.asked);
  EXPECT_LE(during.p99, std::max(2 * before.p99, floor));
}

void Report(const std::string& attack, const Figures& before, const Figures& during,
            const std::string& held) {
  printf("%-22s honest %zu of %zu, p99 %s (before %s); %s\n", attack.c_str(), during.answered,
         during.asked, Text(during.p99).c_str(), Text(before.p99).c_str(), held.c_str());
}

}  // namespace lowband::edge
