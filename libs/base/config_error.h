// The one exception of start-up: a configuration that cannot work. main prints its text on one
// line and exits with 2.
#pragma once

#include <stdexcept>
#include <string>

namespace lowband {

/// `what()` names the flag, the value and its fault, in one line.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(const std::string& flag, const std::string& problem)
      : std::runtime_error(flag + ": " + problem), flag_(flag), problem_(problem) {}

  const std::string& flag() const { return flag_; }
  const std::string& problem() const { return problem_; }

 private:
  std::string flag_;
  std::string problem_;
};

}  // namespace lowband
