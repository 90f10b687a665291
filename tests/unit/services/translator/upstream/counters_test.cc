#include "services/translator/upstream/counters.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string_view>

namespace lowband::translator::upstream {
namespace {

TEST(UpstreamCounters, DurationThenTheBucketWhoseBoundItDoesNotPass) {
  DurationHistogram histogram;
  histogram.Add(std::chrono::milliseconds(1));  // exactly the first bound
  histogram.Add(std::chrono::microseconds(1001));
  histogram.Add(std::chrono::seconds(60));
  histogram.Add(std::chrono::seconds(61));
  EXPECT_EQ(histogram.buckets.front().load(), 1u);
  EXPECT_EQ(histogram.buckets[1].load(), 1u);
  EXPECT_EQ(histogram.buckets[histogram.kBoundsSeconds.size() - 1].load(), 1u);
  EXPECT_EQ(histogram.buckets.back().load(), 1u);
  EXPECT_EQ(histogram.sum_us.load(), 1000u + 1001u + 121'000'000u);
}

TEST(UpstreamCounters, EveryFaultThenANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < mapping::kUpstreamFaultCount; ++i)
    names.insert(Text(static_cast<mapping::UpstreamFault>(i)));
  EXPECT_EQ(names.size(), mapping::kUpstreamFaultCount);
  EXPECT_EQ(names.count("?"), 0u);
  EXPECT_EQ(Text(static_cast<mapping::UpstreamFault>(mapping::kUpstreamFaultCount)), "?")
      << "count them again";
}

}  // namespace
}  // namespace lowband::translator::upstream
