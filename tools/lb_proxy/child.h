// One child process: started, watched, stopped.
//
// Threading: main. Ownership: the destructor kills a child that still runs.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "libs/base/time.h"

namespace lowband::lb_proxy {

/// The end of a child.
struct Ending {
  int exit_code = 0;  ///< Its own, or 128 + the signal's number.
  int signal = 0;     ///< The signal that killed it, or 0.
  std::string Text() const;
};

class Child {
 public:
  /// Starts `command`, found beside this program, else in PATH. It gets SIGTERM if
  /// this process dies. LOWBAND_CONFIG is not passed on: it is for this program.
  explicit Child(std::vector<std::string> command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const std::string& name() const { return name_; }
  /// None while it runs.
  std::optional<Ending> Poll();
  /// Waits up to `limit`.
  std::optional<Ending> Wait(Duration limit);
  void Signal(int number);

 private:
  std::string name_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<Ending> ending_;
};

}  // namespace lowband::lb_proxy
