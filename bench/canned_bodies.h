// The answers of the canned homeserver: the bodies of the figures in docs/benchmarks.md.
//
// Threading: any; built once.
#pragma once

#include <string>
#include <string_view>

namespace lowband::bench {

/// The whole HTTP response to a request for `method` and `target`, ready to be written.
class CannedAnswers {
 public:
  CannedAnswers();
  std::string_view For(std::string_view method, std::string_view target) const;

 private:
  std::string versions_;
  std::string sent_;
  std::string sync_;
  std::string members_;
  std::string large_;
  std::string unknown_;
};

}  // namespace lowband::bench
