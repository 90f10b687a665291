#include "tools/lb_proxy/child.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace lowband::lb_proxy {
namespace {

std::string Beside(const std::string& program) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return program;
  const auto candidate = self.parent_path() / program;
  return access(candidate.c_str(), X_OK) == 0 ? candidate.string() : program;
}

[[noreturn]] void RunChild(const std::string& path, const std::vector<std::string>& command,
                           pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // The parent died before the line above.
  // The terminal's Ctrl-C goes to the foreground group; only the parent passes it on, in order.
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  unsetenv("LOWBAND_CONFIG");
  std::vector<char*> argv;
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(path.c_str(), argv.data());
  std::fprintf(stderr, "lb-proxy: cannot start %s: %s\n", command[0].c_str(), std::strerror(errno));
  _exit(127);
}

}  // namespace

std::string Ending::Text() const {
  if (signal != 0) return "killed by signal " + std::to_string(signal);
  return "exit code " + std::to_string(exit_code);
}

Child::Child(std::vector<std::string> command) : name_(command.at(0)) {
  const std::string path = Beside(name_);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) RunChild(path, command, parent);
  if (pid_ > 0) pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
}

Child::~Child() {
  if (!Poll()) {
    Signal(SIGKILL);
    (void)Wait(std::chrono::seconds(5));
  }
  if (pidfd_ >= 0) close(pidfd_);
}

std::optional<Ending> Child::Poll() {
  if (ending_) return ending_;
  if (pid_ <= 0) return ending_ = Ending{1, 0};
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  if (WIFSIGNALED(status)) {
    ending_ = Ending{128 + WTERMSIG(status), WTERMSIG(status)};
  } else {
    ending_ = Ending{WEXITSTATUS(status), 0};
  }
  return ending_;
}

std::optional<Ending> Child::Wait(Duration limit) {
  if (auto ended = Poll()) return ended;
  pollfd waiting{pidfd_, POLLIN, 0};
  poll(&waiting, 1,
       static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()));
  return Poll();
}

void Child::Signal(int number) {
  if (pid_ > 0 && !ending_) kill(pid_, number);
}

}  // namespace lowband::lb_proxy
