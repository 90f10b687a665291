// lb-proxy: both processes on one machine. Starts the translator, then the edge, and passes signals
// on. It never restarts either: if one dies, it stops the other and exits non-zero.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "libs/base/log.h"
#include "libs/base/options.h"
#include "libs/base/shutdown.h"
#include "tools/lb_proxy/arguments.h"
#include "tools/lb_proxy/child.h"

namespace lowband::lb_proxy {
namespace {

constexpr Duration kPollInterval = std::chrono::milliseconds(50);
constexpr Duration kStartLimit = std::chrono::seconds(10);
// The edge answers the requests in flight within 10 s of SIGTERM.
constexpr Duration kStopLimit = std::chrono::seconds(15);

// A directory that only this user can enter, removed at the end.
class PrivateDirectory {
 public:
  PrivateDirectory() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::string parent = runtime != nullptr && *runtime != '\0' ? runtime : "/tmp";
    std::string pattern = parent + "/lb-proxy-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      problem_ = "cannot make a directory in '" + parent + "': " + std::strerror(errno);
      return;
    }
    path_ = pattern;
    if (socket().size() < sizeof(sockaddr_un::sun_path)) return;
    problem_ = "'" + parent + "' is too long for the path of a unix socket";
  }
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;
  ~PrivateDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  /// The socket between the services.
  std::string socket() const { return path_ + "/translator.sock"; }
  /// The reason why there is none; empty: it exists.
  const std::string& problem() const { return problem_; }

 private:
  std::string path_;
  std::string problem_;
};

bool AcceptsConnections(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return connected;
}

// Stops `child` and waits for it; kills it when it takes too long.
void Stop(Child& child, int signal_number) {
  child.Signal(signal_number);
  if (!child.Wait(kStopLimit)) child.Signal(SIGKILL);
}

// A child that could not start with its configuration has printed the reason in its own line.
int ExitCodeOf(Logger& log, const Child& child, const Ending& ending) {
  if (ending.signal == 0 && ending.exit_code == kExitBadConfig) return kExitBadConfig;
  log.Error("child_died", {{"program", child.name()}, {"how", ending.Text()}});
  return kExitFailure;
}

int Supervise(Logger& log, ShutdownSignal& shutdown, Child& translator, Child& edge) {
  while (true) {
    if (const auto number = shutdown.Wait(kPollInterval)) {
      // The edge first: it still needs the translator for requests in flight.
      Stop(edge, *number);
      Stop(translator, *number);
      return kExitOk;
    }
    if (const auto ended = edge.Poll()) {
      Stop(translator, SIGTERM);
      return ExitCodeOf(log, edge, *ended);
    }
    if (const auto ended = translator.Poll()) {
      Stop(edge, SIGTERM);
      return ExitCodeOf(log, translator, *ended);
    }
  }
}

// Runs a service's --check before any service starts; it prints its fault in one line, and its
// other output is suppressed. Returns zero, or the exit code.
int Check(Logger& log, std::vector<std::string> command) {
  command.push_back("--check");
  command.push_back("--log-level=warning");
  Child child(std::move(command));
  const auto ended = child.Wait(kStartLimit);
  if (!ended) {
    log.Error("check_hangs", {{"program", child.name()}});
    return kExitFailure;
  }
  const bool passed = ended->signal == 0 && ended->exit_code == kExitOk;
  return passed ? kExitOk : ExitCodeOf(log, child, *ended);
}

int Run(const Arguments& arguments) {
  ShutdownSignal shutdown;
  Logger log("lb-proxy", LogLevel::kInfo,
             arguments.log_format == "json" ? Logger::Format::kJson : Logger::Format::kText);
  const PrivateDirectory directory;
  if (!directory.problem().empty()) {
    return ReportBadConfig("lb-proxy", "XDG_RUNTIME_DIR: " + directory.problem() +
                                           "; set it to a directory that can be written");
  }
  const std::string socket = directory.socket();
  for (auto& command : {EdgeCommand(arguments, socket), TranslatorCommand(arguments, socket)}) {
    if (const int code = Check(log, command)) return code;
  }
  Child translator(TranslatorCommand(arguments, socket));
  for (Duration waited{}; !AcceptsConnections(socket); waited += kPollInterval) {
    if (const auto ended = translator.Wait(kPollInterval)) {
      return ExitCodeOf(log, translator, *ended);
    }
    if (shutdown.Wait(Duration::zero())) return kExitOk;
    if (waited > kStartLimit) {
      log.Error("translator_does_not_listen", {{"waited_s", 10}});
      return kExitFailure;
    }
  }
  Child edge(EdgeCommand(arguments, socket));
  return Supervise(log, shutdown, translator, edge);
}

}  // namespace
}  // namespace lowband::lb_proxy

int main(int argc, char** argv) {
  lowband::lb_proxy::Arguments arguments;
  if (const auto code = lowband::lb_proxy::ParseArguments(argc, argv, arguments)) return *code;
  return lowband::lb_proxy::Run(arguments);
}
