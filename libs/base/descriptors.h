// The process's limit of open descriptors.
//
// Threading: call it in main, before any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace lowband {

/// Raises the soft limit (RLIMIT_NOFILE, mostly 1,024) to the hard one and returns the new limit:
/// no code here uses select(), the reason for the low soft limit.
uint64_t RaiseDescriptorLimit();

/// The need for descriptors of one kind of object that holds one each.
struct DescriptorNeed {
  uint64_t limit = 0;   ///< Limit of the process.
  uint64_t others = 0;  ///< Of these, for other uses.
  uint64_t named = 0;   ///< The configured number; 0: none.
  uint64_t usual = 0;   ///< The default number, if none is configured.
};
struct DescriptorShare {
  uint64_t count = 1;  ///< The permitted number; at least 1.
  /// The configured number does not fit, or less than a quarter of the default.
  bool is_short = false;
};
DescriptorShare ShareOfDescriptors(const DescriptorNeed& need);

class Logger;
/// As ShareOfDescriptors, with a warning (few_descriptors) if it is short, which names the object
/// and `flag`.
uint64_t TakeDescriptors(Logger& log, const DescriptorNeed& need, std::string_view flag,
                         std::string_view what);

}  // namespace lowband
