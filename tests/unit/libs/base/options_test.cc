#include "libs/base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace lowband {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// A program with one flag of each kind.
struct Program {
  std::string text = "before";
  bool toggle = false;
  uint64_t number = 3;
  Duration time = seconds(1);
  uint64_t size = 1024;
  size_t choice = 0;
  std::string errors;
  std::string output;

  std::optional<int> Run(std::vector<const char*> arguments) {
    OptionParser parser("prog", "Does it.", "Example: prog");
    parser.Text("text", text, "A text");
    parser.Switch("toggle", toggle, "A switch");
    parser.Number("number", number, 1, 10, "A number");
    parser.Time("wait-time", time, milliseconds(1), seconds(60), "A time");
    parser.Size("size", size, 1, 1 << 20, "A size");
    parser.Choice<size_t>("choice", choice, {{"r0", 0}, {"v3", 1}}, "A choice");
    arguments.insert(arguments.begin(), "prog");
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    const auto code = parser.Parse(static_cast<int>(arguments.size()), arguments.data());
    errors = testing::internal::GetCapturedStderr();
    output = testing::internal::GetCapturedStdout();
    return code;
  }
};

TEST(OptionParser, NothingGivenThenDefaultsStay) {
  Program program;
  EXPECT_EQ(program.Run({}), std::nullopt);
  EXPECT_EQ(program.text, "before");
  EXPECT_EQ(program.time, seconds(1));
}

TEST(OptionParser, EachKindGivenThenAssigned) {
  Program program;
  EXPECT_EQ(program.Run({"--text", "x", "--toggle", "--number=7", "--wait-time", "250ms", "--size",
                         "2KiB", "--choice", "v3"}),
            std::nullopt);
  EXPECT_EQ(program.text, "x");
  EXPECT_TRUE(program.toggle);
  EXPECT_EQ(program.number, 7U);
  EXPECT_EQ(program.time, milliseconds(250));
  EXPECT_EQ(program.size, 2048U);
  EXPECT_EQ(program.choice, 1U);
}

TEST(OptionParser, CommandLineThenWinsOverEnvironmentOverFile) {
  const std::string path = testing::TempDir() + "/options_test.conf";
  std::ofstream(path) << "text = file\nnumber = 4\nwait-time = 5s\n";
  setenv("LOWBAND_TEXT", "environment", 1);
  setenv("LOWBAND_NUMBER", "5", 1);
  Program program;
  EXPECT_EQ(program.Run({"--config", path.c_str(), "--text", "line"}), std::nullopt);
  unsetenv("LOWBAND_TEXT");
  unsetenv("LOWBAND_NUMBER");
  EXPECT_EQ(program.text, "line");
  EXPECT_EQ(program.number, 5U);
  EXPECT_EQ(program.time, seconds(5));
}

TEST(OptionParser, BadValueThenExitTwoAndOneLineThatNamesTheFlag) {
  const std::vector<std::vector<const char*>> cases = {
      {"--number", "11"}, {"--number", "x"},     {"--wait-time", "5"}, {"--wait-time", "2h"},
      {"--size", "9GiB"}, {"--choice", "v2"},    {"--bogus"},          {"--text"},
      {"stray"},          {"--config", "/none"},
  };
  for (const auto& arguments : cases) {
    Program program;
    EXPECT_EQ(program.Run(arguments), kExitBadConfig) << arguments[0];
    EXPECT_THAT(program.errors, HasSubstr(arguments[0]));
    EXPECT_EQ(std::ranges::count(program.errors, '\n'), 1) << program.errors;
  }
}

/// A file of flags, removed at the end.
class File {
 public:
  explicit File(const std::string& text) { std::ofstream(path_) << text; }
  ~File() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_ = testing::TempDir() + "/options_file.conf";
};

TEST(OptionParser, BadValueOfTheEnvironmentThenItsVariableIsNamed) {
  setenv("LOWBAND_WAIT_TIME", "5", 1);
  Program program;
  EXPECT_EQ(program.Run({}), kExitBadConfig);
  EXPECT_THAT(program.errors, HasSubstr("prog: --wait-time, from the environment variable "
                                        "LOWBAND_WAIT_TIME: \"5\" is not a time"));
  EXPECT_EQ(program.Run({"--wait-time", "6"}), kExitBadConfig);
  EXPECT_THAT(program.errors, HasSubstr("prog: --wait-time: \"6\" is not a time"));
  unsetenv("LOWBAND_WAIT_TIME");
  setenv("LOWBAND_TOGGLE", "maybe", 1);
  EXPECT_EQ(program.Run({}), kExitBadConfig);
  EXPECT_THAT(program.errors, HasSubstr("--toggle, from the environment variable LOWBAND_TOGGLE: "
                                        "\"maybe\" is neither true nor false"));
  setenv("LOWBAND_TOGGLE", "1", 1);
  EXPECT_EQ(program.Run({}), std::nullopt);
  EXPECT_TRUE(program.toggle);
  unsetenv("LOWBAND_TOGGLE");
}

TEST(OptionParser, BadValueOfAFileThenItsLineIsNamed) {
  const File file("# number = 1\ntext = \"x\"\n\n number=11\n");
  Program program;
  EXPECT_EQ(program.Run({"--config", file.path().c_str()}), kExitBadConfig);
  EXPECT_THAT(program.errors, HasSubstr("prog: --number, from " + file.path() + " line 4: \"11\""));
  const File wrong("text = x\nno-such-flag = 1\n");
  setenv("LOWBAND_CONFIG", wrong.path().c_str(), 1);
  EXPECT_EQ(program.Run({}), kExitBadConfig);
  EXPECT_THAT(program.errors, HasSubstr("--config, from the environment variable LOWBAND_CONFIG: " +
                                        wrong.path() + " line 2: \"no-such-flag\""));
  unsetenv("LOWBAND_CONFIG");
}

TEST(OptionParser, EmptyFileThenDefaultsStayAndTheLastOfTwoLinesCounts) {
  Program program;
  {
    const File file("");
    EXPECT_EQ(program.Run({"--config", file.path().c_str()}), std::nullopt);
    EXPECT_EQ(program.number, 3U);
  }
  const File file("number = 4\ntext = x\nnumber = 5\n");
  EXPECT_EQ(program.Run({"--config", file.path().c_str()}), std::nullopt);
  EXPECT_EQ(program.number, 5U);
}

TEST(ReportBadConfig, ValueThatProvesWrongLaterThenItsSourceIsNamed) {
  const ConfigError error("--local", "'x' needs a scheme");
  const auto report = [&](const OptionSources& sources) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(ReportBadConfig("prog", error, sources), kExitBadConfig);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(report({}), "prog: --local: 'x' needs a scheme\n");
  EXPECT_EQ(report({{"--local", "/etc/x.conf line 3"}}),
            "prog: --local, from /etc/x.conf line 3: 'x' needs a scheme\n");
}

TEST(OptionParser, UnknownKeyInFileThenExitTwo) {
  const std::string path = testing::TempDir() + "/options_bad.conf";
  std::ofstream(path) << "no-such-flag = 1\n";
  Program program;
  EXPECT_EQ(program.Run({"--config", path.c_str()}), kExitBadConfig);
  EXPECT_THAT(program.errors, HasSubstr("no-such-flag"));
}

TEST(OptionParser, HelpThenExitZeroWithUnitsAndDefaults) {
  Program program;
  EXPECT_EQ(program.Run({"--help"}), kExitOk);
  EXPECT_THAT(program.output, HasSubstr("--wait-time TIME"));
  EXPECT_THAT(program.output, HasSubstr("[1s]"));
  EXPECT_THAT(program.output, HasSubstr("[1KiB]"));
  EXPECT_THAT(program.output, HasSubstr("LOWBAND_SOME_NAME"));
  EXPECT_EQ(program.Run({"--version"}), kExitOk);
  EXPECT_THAT(program.output, HasSubstr("prog "));
}

TEST(DurationText, RoundTrip) {
  for (const char* text : {"1ms", "250ms", "1s", "90s", "5m", "24h"}) {
    EXPECT_EQ(DurationText(*ParseDuration(text)), text);
  }
  EXPECT_FALSE(ParseDuration("-1s"));
  EXPECT_FALSE(ParseDuration("1 s"));
  EXPECT_FALSE(ParseDuration("99999999999999999999s"));
}

}  // namespace
}  // namespace lowband
