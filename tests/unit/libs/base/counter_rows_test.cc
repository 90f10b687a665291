#include "libs/base/counter_rows.h"

#include <gtest/gtest.h>

#include <array>

namespace lowband {
namespace {

struct Counters {
  uint64_t taken = 0;
  uint64_t dropped = 0;
  uint64_t refused = 0;
};
using Row = CounterRow<Counters, uint64_t>;

constexpr auto kRows = std::to_array<Row>({
    {&Counters::taken, "things_total", "Things.", "end", "taken"},
    {&Counters::dropped, "things_total", "Things.", "end", "lost"},
    {&Counters::refused, "things_total", "Things.", "end", "lost"},
});
static_assert(AreComplete<Counters, uint64_t>(kRows));

constexpr auto kOneMissing = std::to_array<Row>({kRows[0], kRows[1]});
static_assert(!AreComplete<Counters, uint64_t>(kOneMissing));
static_assert(AreComplete<Counters, uint64_t>(kOneMissing, sizeof(Counters::refused)));

constexpr auto kOneTwice = std::to_array<Row>({kRows[0], kRows[1], kRows[1]});
static_assert(!AreComplete<Counters, uint64_t>(kOneTwice));

TEST(CounterRows, RowsOfOneSeriesThenTheirSum) {
  const Counters counters{.taken = 1, .dropped = 20, .refused = 300};
  MetricSet metrics("x_");
  SetTotals<Counters, uint64_t>(metrics, kRows,
                                [&](uint64_t Counters::*counter) { return counters.*counter; });
  const std::string text = metrics.Text();
  EXPECT_NE(text.find("x_things_total{end=\"taken\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("x_things_total{end=\"lost\"} 320\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace lowband
