#include "libs/base/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

namespace lowband {
namespace {

TEST(Descriptors, SoftLimitThenRaisedToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{before.rlim_max / 2, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(RaiseDescriptorLimit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Descriptors, NumberAskedForThenShortWhereItDoesNotFit) {
  const auto share = [](uint64_t limit, uint64_t wanted) {
    const DescriptorShare got = ShareOfDescriptors({limit, 100, wanted, 20'000});
    return std::to_string(got.count) + (got.is_short ? " short" : "");
  };
  EXPECT_EQ(share(1100, 1000), "1000");
  EXPECT_EQ(share(1100, 1001), "1000 short");
  EXPECT_EQ(share(100, 1), "1");
  EXPECT_EQ(share(50, 2), "1 short");
  EXPECT_EQ(share(100'000, 30'000), "30000");
}

// Nobody asked for the number that does not fit.
TEST(Descriptors, NoNumberAskedForThenAsManyAsFitAndShortOnlyWhereTheyAreFew) {
  const auto share = [](uint64_t limit) {
    const DescriptorShare got = ShareOfDescriptors({limit, 100, 0, 20'000});
    return std::to_string(got.count) + (got.is_short ? " short" : "");
  };
  EXPECT_EQ(share(1'000'000), "20000");
  EXPECT_EQ(share(20'000), "19900");
  EXPECT_EQ(share(5'100), "5000");
  EXPECT_EQ(share(5'099), "4999 short");
  EXPECT_EQ(share(100), "1 short");
}

}  // namespace
}  // namespace lowband
