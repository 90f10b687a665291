#include "libs/base/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>

#include "libs/base/version.h"

namespace lowband {
namespace {

struct Unit {
  const char* suffix;
  uint64_t factor;
};
constexpr std::array kTimeUnits = {Unit{"ms", 1}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                   Unit{"s", 1000}};
constexpr std::array kSizeUnits = {Unit{"KiB", 1024}, Unit{"MiB", 1024 * 1024},
                                   Unit{"GiB", 1024 * 1024 * 1024}, Unit{"", 1}};

// The number and the rest of the text.
std::optional<std::pair<uint64_t, std::string>> SplitNumber(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return std::pair{number, std::string(end, text.data() + text.size())};
}

template <class Units>
std::optional<uint64_t> WithUnit(const std::string& text, const Units& units) {
  const auto split = SplitNumber(text);
  if (!split) return std::nullopt;
  for (const Unit& unit : units) {
    if (split->second != unit.suffix) continue;
    if (split->first > UINT64_MAX / unit.factor) return std::nullopt;
    return split->first * unit.factor;
  }
  return std::nullopt;
}

std::string SizeText(uint64_t bytes) {
  for (const Unit& unit : {kSizeUnits[2], kSizeUnits[1], kSizeUnits[0]}) {
    if (bytes >= unit.factor && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + unit.suffix;
    }
  }
  return std::to_string(bytes);
}

std::string EnvironmentName(const std::string& flag) {
  std::string name = "LOWBAND_" + flag;
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

/// "--flag", or "--flag, from SOURCE" for a value that is not from the command line.
std::string Named(const std::string& flag, const OptionSources& sources) {
  const auto source = sources.find(flag);
  return source == sources.end() ? flag : flag + ", from " + source->second;
}

/// The values for a switch in the environment and in files.
std::optional<bool> ParseSwitch(const std::string& text) {
  for (const char* yes : {"true", "1", "on", "yes"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"false", "0", "off", "no"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

/// The number of the last line of `text` that gives `name` a value, which is the effective one.
size_t LineOf(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  std::string line;
  size_t found = 0;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    const size_t begin = line.find_first_not_of(" \t\"'");
    if (begin == std::string::npos || line.compare(begin, name.size(), name) != 0) continue;
    const size_t after = line.find_first_not_of(" \t\"'", begin + name.size());
    if (after == std::string::npos || line[after] == '=') found = number;
  }
  return found;
}

// One line that begins with the flag. CLI11's errors are sentences, at times of several lines.
std::string Describe(const CLI::ParseError& error) {
  const std::string text = std::string(error.what());
  std::string line = text.substr(0, text.find('\n'));
  if (dynamic_cast<const CLI::FileError*>(&error) != nullptr) return line;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return line.substr(line.rfind(": ") + 2) + ": unknown flag or argument; see --help";
  }
  return line;
}

// A paragraph per flag: name and placeholder, then its text and its default. The footer has the
// rule for its name in the environment.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string& text = option->get_description();
    const std::string value = option->get_default_str();
    return value.empty() ? text : text + " [" + value + "]";
  }
};

}  // namespace

std::optional<Duration> ParseDuration(const std::string& text) {
  const auto ms = WithUnit(text, kTimeUnits);
  if (!ms || *ms > 1'000'000'000'000ULL) return std::nullopt;
  return std::chrono::milliseconds(*ms);
}

std::optional<uint64_t> ParseSize(const std::string& text) { return WithUnit(text, kSizeUnits); }

std::string DurationText(Duration duration) {
  const auto ms = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  for (const Unit& unit : {kTimeUnits[1], kTimeUnits[2], kTimeUnits[3]}) {
    if (ms != 0 && ms % unit.factor == 0) return std::to_string(ms / unit.factor) + unit.suffix;
  }
  return std::to_string(ms) + "ms";
}

int ReportBadConfig(const std::string& program, const std::string& problem) {
  std::cerr << program << ": " << problem << std::endl;
  return kExitBadConfig;
}

int ReportBadConfig(const std::string& program, const ConfigError& error,
                    const OptionSources& sources) {
  return ReportBadConfig(program, Named(error.flag(), sources) + ": " + error.problem());
}

class OptionParser::Impl {
 public:
  Impl(std::string program, std::string description, const std::string& footer)
      : program_(std::move(program)), app_(std::move(description), program_) {
    app_.set_version_flag("--version", program_ + " " + std::string(kVersion),
                          "Print the version and exit");
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.add_option("--config", config_file_, "Read flags from FILE, one `name = value` per line")
        ->type_name("FILE");
    auto formatter = std::make_shared<HelpFormatter>();
    formatter->column_width(36);
    app_.formatter(std::move(formatter));
    app_.footer(footer + (footer.empty() ? "" : "\n\n") +
                "Every flag --some-name is also read from the environment variable\n"
                "LOWBAND_SOME_NAME and from --config FILE; the command line wins.\n"
                "Exit codes: 0 clean stop, 1 failure at run time, 2 bad configuration.");
  }

  // One flag whose text form is converted by `assign`, which returns the fault or an empty text.
  CLI::Option* Add(const std::string& name, const std::string& help, const std::string& placeholder,
                   const std::string& default_text,
                   std::function<std::string(const std::string&)> assign) {
    CLI::Option* option = app_.add_option_function<std::string>(
        "--" + name, [this, name](const std::string& text) { Assign(name, text); }, help);
    flags_[name] = {option, std::move(assign)};
    option->type_name(placeholder)->group(group_);
    // The default is our own text, not a value to be parsed.
    if (!default_text.empty()) option->default_str(default_text);
    return option;
  }

  void AddSwitch(const std::string& name, bool& value, const std::string& help) {
    CLI::Option* option = app_.add_flag("--" + name, value, help);
    option->group(group_);
    flags_[name] = {option, [&value](const std::string& text) -> std::string {
                      const auto parsed = ParseSwitch(text);
                      if (!parsed) return "\"" + text + "\" is neither true nor false";
                      value = *parsed;
                      return {};
                    }};
  }

  std::optional<int> Parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
      ReadEnvironment();
      if (!config_file_.empty()) ReadFile();
      return std::nullopt;
    } catch (const CLI::Success& done) {  // --help, --version
      return app_.exit(done);
    } catch (const CLI::ParseError& error) {
      return ReportBadConfig(program_, Describe(error));
    }
  }

  const OptionSources& sources() const { return sources_; }

  std::string program_;
  std::string group_ = "Options";
  CLI::App app_;

 private:
  struct Flag {
    CLI::Option* option = nullptr;
    std::function<std::string(const std::string&)> assign;
  };

  void Assign(const std::string& name, const std::string& text) {
    const std::string problem = flags_.at(name).assign(text);
    if (problem.empty()) return;
    throw CLI::ValidationError(Named("--" + name, sources_), problem);
  }
  void AssignFrom(const std::string& source, const std::string& name, const std::string& text) {
    sources_["--" + name] = source;
    Assign(name, text);
  }

  /// An empty variable counts as not set.
  static const char* Variable(const std::string& name) {
    const char* text = std::getenv(name.c_str());
    return text != nullptr && *text != '\0' ? text : nullptr;
  }

  // CLI11 reads the environment too, but its errors would not name it as the source.
  void ReadEnvironment() {
    const auto source = [](const std::string& variable) {
      return "the environment variable " + variable;
    };
    for (const auto& [name, flag] : flags_) {
      const std::string variable = EnvironmentName(name);
      const char* text = Variable(variable);
      if (text != nullptr && flag.option->count() == 0) AssignFrom(source(variable), name, text);
    }
    const std::string variable = EnvironmentName("config");
    const char* path = Variable(variable);
    if (path == nullptr || !config_file_.empty()) return;
    config_file_ = path;
    sources_["--config"] = source(variable);
  }

  // In CLI11 the file would win over the environment; so here it sets only the remaining flags.
  void ReadFile() {
    const std::string config = Named("--config", sources_) + ": ";
    std::ifstream file(config_file_);
    if (!file) {
      throw CLI::FileError(config + config_file_ + " cannot be read: " + std::strerror(errno));
    }
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream lines(text);
    const OptionSources environment = sources_;
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(lines)) {
      if (item.name == "++" || item.name == "--") continue;  // section marks
      const std::string line = "line " + std::to_string(LineOf(text, item.name));
      const auto flag = flags_.find(item.name);
      if (flag == flags_.end() || item.inputs.size() != 1) {
        std::string problem = config;
        problem.append(config_file_).append(" ").append(line).append(": \"");
        problem.append(item.fullname()).append("\" is not a flag of this program with one value");
        throw CLI::FileError(problem);
      }
      const std::string name = "--" + item.name;
      if (flag->second.option->count() != 0 || environment.contains(name)) continue;
      AssignFrom(config_file_ + " " + line, item.name, item.inputs[0]);
    }
  }

  OptionSources sources_;
  std::string config_file_;
  std::map<std::string, Flag> flags_;
};

OptionParser::OptionParser(std::string program, std::string description, std::string footer)
    : impl_(std::make_unique<Impl>(std::move(program), std::move(description), footer)) {}
OptionParser::~OptionParser() = default;

void OptionParser::Group(std::string group) { impl_->group_ = std::move(group); }

void OptionParser::Text(const std::string& name, std::string& value, const std::string& help,
                        const std::string& placeholder) {
  impl_->Add(name, help, placeholder, value, [&value](const std::string& text) {
    value = text;
    return std::string();
  });
}

void OptionParser::Switch(const std::string& name, bool& value, const std::string& help) {
  impl_->AddSwitch(name, value, help);
}

void OptionParser::Number(const std::string& name, uint64_t& value, uint64_t min, uint64_t max,
                          const std::string& help) {
  impl_->Add(name, help, "N", std::to_string(value), [&value, min, max](const std::string& text) {
    const auto split = SplitNumber(text);
    if (!split || !split->second.empty() || split->first < min || split->first > max) {
      return "\"" + text + "\" is not a whole number from " + std::to_string(min) + " to " +
             std::to_string(max);
    }
    value = split->first;
    return std::string();
  });
}

void OptionParser::Time(const std::string& name, Duration& value, Duration min, Duration max,
                        const std::string& help) {
  impl_->Add(name, help, "TIME", DurationText(value), [&value, min, max](const std::string& text) {
    const auto parsed = ParseDuration(text);
    if (!parsed || *parsed < min || *parsed > max) {
      return "\"" + text + "\" is not a time from " + DurationText(min) + " to " +
             DurationText(max) + " (write 250ms, 2s, 5m, 24h)";
    }
    value = *parsed;
    return std::string();
  });
}

void OptionParser::Size(const std::string& name, uint64_t& value, uint64_t min, uint64_t max,
                        const std::string& help) {
  impl_->Add(name, help, "SIZE", SizeText(value), [&value, min, max](const std::string& text) {
    const auto parsed = ParseSize(text);
    if (!parsed || *parsed < min || *parsed > max) {
      return "\"" + text + "\" is not a size from " + SizeText(min) + " to " + SizeText(max) +
             " (write 4096, 256KiB, 8MiB)";
    }
    value = *parsed;
    return std::string();
  });
}

void OptionParser::Choice(const std::string& name, const std::vector<std::string>& choices,
                          size_t present, const std::string& help,
                          std::function<void(size_t)> choose) {
  std::string listed;
  for (const std::string& choice : choices) listed += (listed.empty() ? "" : "|") + choice;
  impl_->Add(name, help, listed, choices[present],
             [choices, listed, choose = std::move(choose)](const std::string& text) {
               const auto it = std::ranges::find(choices, text);
               if (it == choices.end()) return "\"" + text + "\" is not one of " + listed;
               choose(static_cast<size_t>(it - choices.begin()));
               return std::string();
             });
}

const OptionSources& OptionParser::sources() const { return impl_->sources(); }

std::optional<int> OptionParser::Parse(int argc, const char* const* argv) {
  return impl_->Parse(argc, argv);
}

}  // namespace lowband
