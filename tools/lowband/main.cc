// lowband: the command line tool for people and scripts.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "libs/base/version.h"
#include "tools/lowband/commands.h"
#include "tools/lowband/exit_status.h"
#include "tools/lowband/help_format.h"

namespace lowband::tools {
namespace {

constexpr const char* kFooter =
    "lowband COMMAND --help explains a command.\n"
    "Exit status: 0 done, 1 failed, 2 wrong flags or files.";

// The Go tools accept long flags with one dash, which CLI11 would read as letters.
std::vector<std::string> Normalize(int argc, char** argv) {
  constexpr std::array<std::string_view, 2> kOneDash = {"-c2j", "-out"};
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool one_dash = std::ranges::find(kOneDash, argument) != kOneDash.end();
    arguments.push_back((one_dash ? "-" : "") + std::string(argument));
  }
  // CLI11 wants them last to first.
  std::ranges::reverse(arguments);
  return arguments;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

int Run(int argc, char** argv) {
  CLI::App app("Tools for Matrix over CoAP (MSC3079).", "lowband");
  app.set_version_flag("--version", "lowband " + std::string(kVersion), "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.formatter(std::make_shared<HelpFormat>());
  const std::array<std::string, 4> names = {"convert", "request", "load", "sync"};
  const std::array<std::function<int()>, 4> runs = {AddConvertCommand(app), AddRequestCommand(app),
                                                    AddLoadCommand(app), AddSyncCommand(app)};
  std::string command;
  if (argc > 1 && argv[1][0] != '-' && std::ranges::find(names, argv[1]) == names.end()) {
    return Fail("", "there is no command \"" + std::string(argv[1]) + "\"; see --help", kExitUsage);
  }
  try {
    app.parse(Normalize(argc, argv));
    for (size_t i = 0; i < runs.size(); ++i) {
      command = names[i];
      if (app.got_subcommand(command)) return runs[i]();
    }
    return kExitUsage;
  } catch (const CLI::Success& done) {  // --help, --version
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    for (const CLI::App* used : app.get_subcommands()) command = used->get_name();
    return Fail(command, FirstLine(error.what()) + "; see --help", kExitUsage);
  } catch (const UsageError& error) {
    return Fail(command, error.what(), kExitUsage);
  }
}

}  // namespace
}  // namespace lowband::tools

int main(int argc, char** argv) {
  // If the reader (head, jq) closes the pipe, write fails and ends us, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  return lowband::tools::Run(argc, argv);
}
