#include "tests/support/run_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iterator>
#include <sstream>

namespace lowband::tools {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child: becomes `command`, or ends.
[[noreturn]] void Become(std::vector<std::string> command,
                         const std::vector<std::string>& environment, int in, int out, int err) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  for (std::string entry : environment) {
    const size_t equals = entry.find('=');
    setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  execvp(command[0].c_str(), Pointers(command).data());
  _exit(127);
}

// Reads both pipes until both are closed. False when the time was over first.
bool ReadBoth(std::array<int, 2> fds, std::array<std::string*, 2> texts) {
  const auto deadline = std::chrono::steady_clock::now() + kRunLimit;
  std::array<pollfd, 2> entries = {pollfd{fds[0], POLLIN, 0}, pollfd{fds[1], POLLIN, 0}};
  for (int open = 2; open > 0;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    poll(entries.data(), entries.size(), static_cast<int>(left.count()));
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].fd < 0 || entries[i].revents == 0) continue;
      std::array<char, 4096> buffer;
      const ssize_t got = read(entries[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        texts[i]->append(buffer.data(), static_cast<size_t>(got));
      } else {
        entries[i].fd = -1;
        --open;
      }
    }
  }
  return true;
}

int WaitStatus(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

RunResult RunProgram(const std::vector<std::string>& command, const std::string& input,
                     const std::vector<std::string>& environment) {
  // A file for the input: a pipe could fill up while nobody reads the output.
  std::FILE* in = std::tmpfile();
  std::fwrite(input.data(), 1, input.size(), in);
  std::rewind(in);
  std::array<int, 2> out{}, err{};
  EXPECT_EQ(pipe2(out.data(), O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(err.data(), O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) Become(command, environment, fileno(in), out[1], err[1]);
  std::fclose(in);
  close(out[1]);
  close(err[1]);
  RunResult result;
  if (!ReadBoth({out[0], err[0]}, {&result.out, &result.err})) {
    ADD_FAILURE() << command[0] << " did not end in time";
    kill(child, SIGKILL);
  }
  close(out[0]);
  close(err[0]);
  result.status = WaitStatus(child);
  return result;
}

RunResult RunLowband(std::vector<std::string> arguments, const std::string& input,
                     const std::vector<std::string>& environment) {
  arguments.insert(arguments.begin(), LOWBAND_BINARY);
  return RunProgram(arguments, input, environment);
}

std::string LowbandPath() { return LOWBAND_BINARY; }

Background::Background(const std::vector<std::string>& command) : pid_(fork()) {
  if (pid_ != 0) return;
  const int nowhere = open("/dev/null", O_RDWR);
  Become(command, {}, nowhere, nowhere, nowhere);
}

Background::~Background() {
  kill(pid_, SIGKILL);
  WaitStatus(pid_);
}

bool Background::running() {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

}  // namespace lowband::tools
