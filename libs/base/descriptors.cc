#include "libs/base/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

#include "libs/base/log.h"

namespace lowband {

uint64_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

DescriptorShare ShareOfDescriptors(const DescriptorNeed& need) {
  constexpr uint64_t kFewShare = 4;
  const uint64_t fit = need.limit > need.others ? need.limit - need.others : 1;
  if (need.named > 0) return {std::min(need.named, fit), need.named > fit};
  const uint64_t count = std::min(need.usual, fit);
  return {count, count < need.usual / kFewShare};
}

uint64_t TakeDescriptors(Logger& log, const DescriptorNeed& need, std::string_view flag,
                         std::string_view what) {
  const DescriptorShare share = ShareOfDescriptors(need);
  if (!share.is_short) return share.count;
  const bool named = need.named > 0;
  log.Warning("few_descriptors",
              {{"limit", need.limit},
               {"others", need.others},
               {"flag", flag},
               {"wanted", named ? need.named : need.usual},
               {what, share.count},
               {"remedy", named ? "raise the hard limit (ulimit -Hn), or lower the flag"
                                : "raise the hard limit (ulimit -Hn)"}});
  return share.count;
}

}  // namespace lowband
