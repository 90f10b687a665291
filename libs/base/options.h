// A program's flags, defined once: on the command line (--name), in the environment (LOWBAND_NAME)
// and in a file (--config FILE, one name = value a line). The command line wins over the
// environment, the environment over the file, the file over the default.
//
// Threading: main, before anything else runs. Ownership: writes into the caller's variables, which
// outlive the parser.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/config_error.h"
#include "libs/base/time.h"

namespace lowband {

/// Exit codes of every program.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;    ///< It ran and failed.
inline constexpr int kExitBadConfig = 2;  ///< It could not start with this configuration.

/// The sources of values that are not from the command line, as text, by flag with its two dashes.
using OptionSources = std::map<std::string, std::string>;

class OptionParser {
 public:
  /// `description` is the first line of --help; `footer` its last lines (examples).
  OptionParser(std::string program, std::string description, std::string footer = "");
  ~OptionParser();

  // Each flag: `name` without dashes, the variable for its value (whose present value is the
  // default) and its text for --help. `group` heads a part of --help.
  void Group(std::string group);
  void Text(const std::string& name, std::string& value, const std::string& help,
            const std::string& placeholder = "TEXT");
  void Switch(const std::string& name, bool& value, const std::string& help);
  void Number(const std::string& name, uint64_t& value, uint64_t min, uint64_t max,
              const std::string& help);
  /// Written as 250ms, 2s, 5m, 24h.
  void Time(const std::string& name, Duration& value, Duration min, Duration max,
            const std::string& help);
  /// Written as 4096, 256KiB, 8MiB.
  void Size(const std::string& name, uint64_t& value, uint64_t min, uint64_t max,
            const std::string& help);
  /// One of `choices`, the present value among them.
  template <class Value>
  void Choice(const std::string& name, Value& value,
              const std::vector<std::pair<std::string, Value>>& choices, const std::string& help) {
    std::vector<std::string> names;
    size_t present = 0;
    for (const auto& [text, choice] : choices) {
      if (choice == value) present = names.size();
      names.push_back(text);
    }
    Choice(name, names, present, help,
           [&value, choices](size_t chosen) { value = choices[chosen].second; });
  }

  /// Parses all sources. None: continue. Otherwise the program's exit code, after printing (--help
  /// and --version on standard output; an error as one line on standard error that names the flag,
  /// and the environment variable or the file and line if the value is from there).
  std::optional<int> Parse(int argc, const char* const* argv);
  /// Valid after Parse.
  const OptionSources& sources() const;

 private:
  void Choice(const std::string& name, const std::vector<std::string>& choices, size_t present,
              const std::string& help, std::function<void(size_t)> choose);

  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// "250ms", "2s", "5m", "24h": what --help and error texts print.
std::string DurationText(Duration duration);
std::optional<Duration> ParseDuration(const std::string& text);
std::optional<uint64_t> ParseSize(const std::string& text);

/// Prints "program: problem" on standard error; returns kExitBadConfig.
int ReportBadConfig(const std::string& program, const std::string& problem);
/// For a value that proved to be wrong later: names also its source.
int ReportBadConfig(const std::string& program, const ConfigError& error,
                    const OptionSources& sources);

}  // namespace lowband
