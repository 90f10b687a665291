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
    parser.Choice("choice", choice, {"r0", "v3"}, "A choice");
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
