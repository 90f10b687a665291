// `lowband convert`: the real program on documented examples, and on what can go wrong.
#include "tools/lowband/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/transcode/deflate.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"
#include "tools/lowband/json_layout.h"

namespace lowband::tools {
namespace {

using std::string_literals::operator""s;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string Hex(const std::string& bytes) { return ToHex(AsBytes(bytes)); }

// The examples of matrix-org/lb's jc, and what it prints for them.
TEST(Convert, ExampleOfJcThenSameBytes) {
  const RunResult result = RunLowband({"convert", R"({"foo":"bar"})"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Hex(result.out), "a163666f6f63626172");
}

TEST(Convert, ExampleOfJcWithEnumThenIntegerKey) {
  const RunResult result = RunLowband({"convert", "-out", "-", R"({"event_id":"$something"})"});
  EXPECT_EQ(Hex(result.out), "a1016a24736f6d657468696e67");
}

TEST(Convert, ExampleOfJcRoundTripThenSameJson) {
  const RunResult cbor =
      RunLowband({"convert", "-out", "-", R"({"event_id":"$something", "foo":"bar"})"});
  const RunResult json = RunLowband({"convert", "-c2j", "-out", "-", "-"}, cbor.out);
  EXPECT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(json.out, R"({"event_id":"$something","foo":"bar"})");
}

TEST(Convert, ExampleOfJcToFileThenSameLine) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("output");
  const RunResult result = RunLowband({"convert", "-out", path, R"({"foo":"bar"})"});
  EXPECT_EQ(result.out, "Output to '" + path + "' (9 bytes) a163666f6f63626172\n");
  EXPECT_EQ(Hex(ReadFileText(path)), "a163666f6f63626172");
}

TEST(Convert, NumbersThenShortestIntegers) {
  // jc makes floats of all numbers; protocol rules want integers.
  EXPECT_EQ(RunLowband({"convert", "--hex", "-"}, "[42,38]").out, "82182a1826\n");
}

TEST(Convert, FileInputThenRead) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("data.json", R"({"foo":"bar"})");
  EXPECT_EQ(Hex(RunLowband({"convert", "@" + path}).out), "a163666f6f63626172");
}

TEST(Convert, CborInputThenDirectionFound) {
  EXPECT_EQ(RunLowband({"convert", "-"}, "\xa1\x01\x62$x"s).out, R"({"event_id":"$x"})");
  EXPECT_EQ(RunLowband({"convert", "--to", "json", "-"}, "\x63"s + "foo").out, R"("foo")");
}

TEST(Convert, HexThenBothWays) {
  EXPECT_EQ(RunLowband({"convert", "--hex", R"({"foo":"bar"})"}).out, "a163666f6f63626172\n");
  EXPECT_EQ(RunLowband({"convert", "--hex", "a1 63 66 6F 6f\n63626172"}).out, R"({"foo":"bar"})");
}

TEST(Convert, CanonicalThenSortedElseAsInTheSource) {
  const std::string json = R"({"bb":1,"a":2})";
  EXPECT_EQ(RunLowband({"convert", "--hex", json}).out, "a261610262626201\n");
  EXPECT_EQ(RunLowband({"convert", "--hex", "--no-canonical", json}).out, "a262626201616102\n");
}

TEST(Convert, KeyTable0ThenStringKeys) {
  EXPECT_EQ(RunLowband({"convert", "--hex", "--key-table", "0", R"({"type":1})"}).out,
            "a1647479706501\n");
  EXPECT_EQ(RunLowband({"convert", "--hex", "--key-table", "1", R"({"type":1})"}).out, "a10201\n");
}

TEST(Convert, CompressedThenZlibIfThatIsShorter) {
  const std::string text = R"({"foo":")" + std::string(200, 'x') + R"("})";
  const RunResult packed = RunLowband({"convert", "--compressed", text});
  EXPECT_LT(packed.out.size(), 40u);
  const auto plain = transcode::Inflate(AsBytes(packed.out), 1000);
  ASSERT_TRUE(plain);
  EXPECT_EQ(ToHex(*plain), Hex(RunLowband({"convert", text}).out));
  EXPECT_EQ(Hex(RunLowband({"convert", "--compressed", R"({"foo":"bar"})"}).out),
            "a163666f6f63626172");
}

TEST(Convert, PackedThenShorterAndBackAgain) {
  const std::string text = R"({"body":"Is the harbour open?","msgtype":"m.text"})";
  const RunResult packed = RunLowband({"convert", "--packed", "--hex", text});
  EXPECT_LT(packed.out.size(), RunLowband({"convert", "--hex", text}).out.size());
  EXPECT_EQ(RunLowband({"convert", "--packed", "--hex", "--to", "json", packed.out}).out, text);
  const RunResult broken = RunLowband({"convert", "--packed", "--hex", "--to", "json", "05"});
  EXPECT_EQ(broken.status, 1);
  EXPECT_NE(broken.err.find("not compressed as the flag says"), std::string::npos) << broken.err;
}

TEST(Convert, PrettyThenLines) {
  EXPECT_EQ(RunLowband({"convert", "--pretty", "--hex", "a16161820102"}).out,
            "{\n  \"a\": [\n    1,\n    2\n  ]\n}\n");
}

TEST(Convert, WrongDataThenStatus1AndByteOffset) {
  struct Case {
    std::vector<std::string> arguments;
    std::string error;
  };
  const Case cases[] = {
      {{"{\"foo\""}, "lowband convert: the JSON input is wrong: input cut off at byte 6\n"},
      {{"--hex", "a1014178"}, "lowband convert: the CBOR input is wrong: byte string at byte 2\n"},
      {{"--hex", "a0a0"}, "lowband convert: the CBOR input is wrong: trailing bytes at byte 1\n"},
      {{"--hex", "--to", "json", "a0x"},
       "lowband convert: the input is wrong: no hexadecimal digit at byte 2\n"},
      {{"--hex", "--to", "json", "a"},
       "lowband convert: the input is wrong: an odd number of hexadecimal digits, at byte 1\n"},
  };
  for (const Case& one : cases) {
    std::vector<std::string> arguments = {"convert"};
    arguments.insert(arguments.end(), one.arguments.begin(), one.arguments.end());
    const RunResult result = RunLowband(arguments);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, one.error);
    EXPECT_EQ(result.out, "");
  }
}

TEST(Convert, WrongFlagsOrFilesThenStatus2AndOneLineThatNamesThem) {
  struct Case {
    std::vector<std::string> arguments;
    std::string named;
  };
  const Case cases[] = {
      {{"convert"}, "INPUT"},
      {{"convert", "--bogus", "{}"}, "--bogus"},
      {{"convert", "--key-table", "7", "{}"}, "--key-table"},
      {{"convert", "--to", "xml", "{}"}, "--to"},
      {{"convert", "@/nonexistent/file"}, "/nonexistent/file"},
      {{"convert", "-o", "/nonexistent/file", "{}"}, "/nonexistent/file"},
      {{"frobnicate"}, "frobnicate"},
      {{}, "--help"},
  };
  for (const Case& one : cases) {
    const RunResult result = RunLowband(one.arguments);
    EXPECT_EQ(result.status, 2) << one.named;
    EXPECT_THAT(result.err, HasSubstr(one.named));
    EXPECT_THAT(result.err, StartsWith("lowband"));
    EXPECT_THAT(result.err, EndsWith("\n"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST(Convert, HelpAndVersionThenStatus0) {
  EXPECT_THAT(RunLowband({"--version"}).out, StartsWith("lowband "));
  for (const char* command : {"convert", "request", "load"}) {
    const RunResult help = RunLowband({command, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("Examples:"));
    EXPECT_THAT(help.out, HasSubstr("Exit status:"));
    size_t begin = 0;
    for (size_t end = help.out.find('\n'); end != std::string::npos;
         begin = end + 1, end = help.out.find('\n', begin)) {
      EXPECT_LE(end - begin, 100u) << help.out.substr(begin, end - begin);
    }
  }
}

TEST(LayOut, AnyJsonThenSameTokens) {
  EXPECT_EQ(LayOut("{}"), "{}");
  EXPECT_EQ(LayOut("[ ]"), "[]");
  EXPECT_EQ(LayOut("1"), "1");
  EXPECT_EQ(LayOut(R"({"a":"b,c:{}\"[","d":[1,{}]})"),
            "{\n  \"a\": \"b,c:{}\\\"[\",\n  \"d\": [\n    1,\n    {}\n  ]\n}");
}

}  // namespace
}  // namespace lowband::tools
