// The end of a command of the tool: its exit status and its error line.
//
// Threading: main.
#pragma once

#include <iostream>
#include <stdexcept>
#include <string>

namespace lowband::tools {

inline constexpr int kExitOk = 0;
/// It ran and failed: bad data, no connection, an answer that is no 2.xx.
inline constexpr int kExitFailure = 1;
/// It could not run as requested: a wrong flag, a file that cannot be read or written.
inline constexpr int kExitUsage = 2;

/// Ends a command with kExitUsage; the text names the flag or file.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One line on standard error; returns `status`. `command` may be empty.
inline int Fail(const std::string& command, const std::string& problem, int status) {
  std::cout.flush();
  std::cerr << "lowband" << (command.empty() ? "" : " ") << command << ": " << problem << std::endl;
  return status;
}

}  // namespace lowband::tools
