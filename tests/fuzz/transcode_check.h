// What the fuzzers of the transcoder share.
#pragma once

#include <cstdio>
#include <string_view>

namespace lowband::transcode {

/// Ends the run as a crash, which is how libFuzzer learns of a broken property.
inline void Check(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(property.size()), property.data());
  __builtin_trap();
}

}  // namespace lowband::transcode
