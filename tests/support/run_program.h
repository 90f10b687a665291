// Runs the real programs, as a shell would.
//
// Threading: any. Limits: a child that runs for longer than kRunLimit is killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace lowband::tools {

inline constexpr std::chrono::seconds kRunLimit{50};

struct RunResult {
  int status = -1;  ///< Exit status; 128 + signal if one ended it.
  std::string out;
  std::string err;
};

/// `command` is the program's path and its arguments. `environment` adds NAME=VALUE.
RunResult RunProgram(const std::vector<std::string>& command, const std::string& input = "",
                     const std::vector<std::string>& environment = {});

/// The `lowband` of this build.
RunResult RunLowband(std::vector<std::string> arguments, const std::string& input = "",
                     const std::vector<std::string>& environment = {});

/// Where it is, for shells.
std::string LowbandPath();

/// A process in the background, killed when this ends. Its output goes nowhere.
class Background {
 public:
  explicit Background(const std::vector<std::string>& command);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  bool running();

 private:
  pid_t pid_ = -1;
};

}  // namespace lowband::tools
