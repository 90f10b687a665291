// The process's limit of open descriptors.
//
// Threading: call it in main, before any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace lowband {

/// Raises the soft limit (RLIMIT_NOFILE, mostly 1,024) to the hard one and returns what holds then:
/// nothing here uses select(), for whose sake the soft limit is low.
uint64_t RaiseDescriptorLimit();

/// Things that hold a descriptor each, and how many of them there shall be.
struct DescriptorNeed {
  uint64_t limit = 0;   ///< Of the process.
  uint64_t others = 0;  ///< Of those, for other things.
  uint64_t named = 0;   ///< So many were asked for; 0: no number was.
  uint64_t usual = 0;   ///< As many as are of use, where no number was.
};
struct DescriptorShare {
  uint64_t count = 1;  ///< How many there may be; at least 1.
  /// What was named does not fit, or less than a quarter of the usual.
  bool is_short = false;
};
DescriptorShare ShareOfDescriptors(const DescriptorNeed& need);

class Logger;
/// The same, and warns (few_descriptors) where it is short: of what, and by which `flag`.
uint64_t TakeDescriptors(Logger& log, const DescriptorNeed& need, std::string_view flag,
                         std::string_view what);

}  // namespace lowband
