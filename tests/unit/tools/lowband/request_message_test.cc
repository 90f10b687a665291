#include "tools/lowband/request_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/client/options.h"
#include "libs/coap/block.h"
#include "tools/lowband/message_text.h"

namespace lowband::tools {
namespace {

using client::FindOption;
using client::FindUint;
using coap::OptionNumber;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSend =
    "coaps://h/_matrix/client/r0/rooms/!r:h/send/m.room.message/t1?user_id=@a:h";

BuiltRequest Build(const MessageOptions& options, const std::string& body = "",
                   const char* url = kSend) {
  auto built = BuildRequest(options, *ParseUrl(url), AsBytes(body));
  EXPECT_TRUE(built) << built.error();
  return built.value_or(BuiltRequest{});
}

std::vector<std::string> Texts(const client::Request& request, OptionNumber number) {
  std::vector<std::string> texts;
  for (const auto& option : request.options) {
    if (option.number == number) texts.emplace_back(AsText(option.value));
  }
  return texts;
}

TEST(BuildRequest, MatrixPathThenItsCode) {
  const auto request = Build({}).request;
  EXPECT_EQ(request.method, coap::kGet);
  EXPECT_THAT(Texts(request, OptionNumber::kUriPath),
              ElementsAre("9", "!r:h", "m.room.message", "t1"));
  EXPECT_THAT(Texts(request, OptionNumber::kUriQuery), ElementsAre("user_id=@a:h"));
  EXPECT_TRUE(request.body.empty());
  EXPECT_EQ(FindOption(request.options, OptionNumber::kContentFormat), nullptr);
  EXPECT_EQ(FindOption(request.options, OptionNumber::kMatrixAccessToken), nullptr);
}

TEST(BuildRequest, PathCodesOffThenPathAsItIs) {
  MessageOptions options;
  options.path_codes = false;
  EXPECT_THAT(
      Texts(Build(options).request, OptionNumber::kUriPath),
      ElementsAre("_matrix", "client", "r0", "rooms", "!r:h", "send", "m.room.message", "t1"));
}

TEST(BuildRequest, JsonBodyThenCborAndPost) {
  const auto request = Build({}, R"({"body":"hi"})").request;
  EXPECT_EQ(request.method, coap::kPost);
  EXPECT_EQ(ToHex(request.body), "a1181b626869");
  EXPECT_EQ(FindUint(request.options, OptionNumber::kContentFormat), coap::kFormatCbor);
  EXPECT_EQ(FindOption(request.options, OptionNumber::kMatrixKeyTableVersion), nullptr);
}

TEST(BuildRequest, KeyTable0ThenStringKeysAndTold) {
  MessageOptions options;
  options.key_table = 0;
  const auto request = Build(options, R"({"body":"hi"})").request;
  EXPECT_EQ(ToHex(request.body), "a164626f6479626869");
  EXPECT_EQ(FindUint(request.options, OptionNumber::kMatrixKeyTableVersion), 0u);
  EXPECT_TRUE(FindOption(request.options, OptionNumber::kMatrixKeyTableVersion)->empty());
}

TEST(BuildRequest, ContentTypeThenBodyAsItIs) {
  MessageOptions options;
  options.headers = {"content-type: application/JSON; charset=utf-8"};
  const auto request = Build(options, "{not json").request;
  EXPECT_EQ(AsText(request.body), "{not json");
  EXPECT_EQ(FindUint(request.options, OptionNumber::kContentFormat), coap::kFormatJson);
}

TEST(BuildRequest, RawCborThenBodyAsItIs) {
  MessageOptions options;
  options.raw_cbor = true;
  const auto request = Build(options, "\xa0").request;
  EXPECT_EQ(ToHex(request.body), "a0");
  EXPECT_EQ(FindUint(request.options, OptionNumber::kContentFormat), coap::kFormatCbor);
}

TEST(BuildRequest, HeadersThenOptions) {
  MessageOptions options;
  options.headers = {"Authorization: bearer secret", "Accept: application/json", "X-Custom: 1"};
  const BuiltRequest built = Build(options);
  EXPECT_EQ(AsText(*FindOption(built.request.options, OptionNumber::kMatrixAccessToken)), "secret");
  EXPECT_EQ(FindUint(built.request.options, OptionNumber::kAccept), coap::kFormatJson);
  EXPECT_THAT(built.ignored_headers, ElementsAre("X-Custom"));
  options.headers = {"Accept: */*"};
  EXPECT_EQ(FindOption(Build(options).request.options, OptionNumber::kAccept), nullptr);
}

TEST(BuildRequest, TokenFlagThenWinsOverHeader) {
  MessageOptions options;
  options.headers = {"Authorization: Bearer other"};
  options.token = "mine";
  EXPECT_THAT(Texts(Build(options).request, OptionNumber::kMatrixAccessToken), ElementsAre("mine"));
}

TEST(BuildRequest, WrongThenErrorNamesIt) {
  const auto error = [](const std::string& method, const std::vector<std::string>& headers,
                        const std::string& body) {
    MessageOptions options;
    options.method = method;
    options.headers = headers;
    const auto built = BuildRequest(options, *ParseUrl(kSend), AsBytes(body));
    return built ? "" : built.error();
  };
  EXPECT_THAT(error("", {"nocolon"}, ""), HasSubstr("nocolon"));
  EXPECT_THAT(error("", {"Authorization: Basic x"}, ""), HasSubstr("Authorization"));
  EXPECT_THAT(error("", {"Content-Type: image/png"}, "x"), HasSubstr("image/png"));
  EXPECT_THAT(error("PATCH", {}, ""), HasSubstr("PATCH"));
  EXPECT_THAT(error("", {}, R"({"a":)"), HasSubstr("at byte 5"));
}

client::Response Answer(std::string_view body, std::optional<uint32_t> format) {
  client::Response response;
  response.code = coap::kContent;
  response.body.assign(body.begin(), body.end());
  if (format) {
    response.options.push_back(client::UintOption(OptionNumber::kContentFormat, *format));
  }
  return response;
}

TEST(BuildRequest, CompressedThenAskedForAndSentWhereItIsShorter) {
  MessageOptions options;
  options.compression = Compression::kDeflate;
  const auto sync = Build(options, "", "coaps://h/_matrix/client/r0/sync").request;
  EXPECT_EQ(FindUint(sync.options, OptionNumber::kAccept), coap::kFormatCborDeflate);
  const auto brief = Build(options, R"({"body":"hi"})").request;
  EXPECT_EQ(FindUint(brief.options, OptionNumber::kContentFormat), coap::kFormatCbor);
  EXPECT_EQ(ToHex(brief.body), "a1181b626869");
  const std::string text(500, 'x');
  const auto large = Build(options, R"({"body":")" + text + R"("})").request;
  EXPECT_EQ(FindUint(large.options, OptionNumber::kContentFormat), coap::kFormatCborDeflate);
  EXPECT_LT(large.body.size(), 50U);

  client::Response echoed;
  echoed.options = large.options;
  echoed.body = large.body;
  EXPECT_EQ(BodyAsJson(echoed), R"({"body":")" + text + R"("})");
  echoed.body.pop_back();
  EXPECT_FALSE(BodyAsJson(echoed)) << "cut off";
}

TEST(BuildRequest, PackedThenAskedForAndSentWhereItIsShorter) {
  MessageOptions options;
  options.compression = Compression::kPacked;
  const auto sync = Build(options, "", "coaps://h/_matrix/client/r0/sync").request;
  EXPECT_EQ(FindUint(sync.options, OptionNumber::kAccept), coap::kFormatPacked);
  const auto brief = Build(options, "{}").request;
  EXPECT_EQ(FindUint(brief.options, OptionNumber::kContentFormat), coap::kFormatCbor);
  const std::string text = R"({"msgtype":"m.text","body":"Is the harbour open?"})";
  const auto message = Build(options, text).request;
  EXPECT_EQ(FindUint(message.options, OptionNumber::kContentFormat), coap::kFormatPacked);

  client::Response echoed;
  echoed.options = message.options;
  echoed.body = message.body;
  EXPECT_EQ(BodyAsJson(echoed), text);
  echoed.body.pop_back();
  EXPECT_NE(BodyAsJson(echoed), text) << "cut off";
}

TEST(BuildRequest, PackedThenThePathsOfLowbandToo) {
  MessageOptions options;
  const char* url = "coaps://h/_matrix/client/v3/sync";
  const auto path = [&] {
    std::string text;
    for (const auto& option : Build(options, "", url).request.options) {
      if (option.number == OptionNumber::kUriPath) text.append("/").append(AsText(option.value));
    }
    return text;
  };
  EXPECT_EQ(path(), "/_matrix/client/v3/sync");
  options.compression = Compression::kPacked;
  EXPECT_EQ(path(), "/37");
  options.path_codes = false;
  EXPECT_EQ(path(), "/_matrix/client/v3/sync");
}

TEST(BuildRequest, CompressedJsonOrTextThenTheFormatOfThat) {
  MessageOptions options;
  options.compression = Compression::kDeflate;
  options.headers = {"Accept: application/json"};
  EXPECT_EQ(FindUint(Build(options).request.options, OptionNumber::kAccept),
            coap::kFormatJsonDeflate);
  options.headers = {"Content-Type: text/plain"};
  const auto text = Build(options, std::string(500, 'x')).request;
  EXPECT_EQ(FindUint(text.options, OptionNumber::kContentFormat), coap::kFormatText);
  EXPECT_EQ(text.body.size(), 500U);
}

TEST(BodyAsJson, CborThenJsonWhateverItsLabel) {
  for (const std::optional<uint32_t> format :
       {std::optional<uint32_t>(60), std::optional<uint32_t>(50), std::optional<uint32_t>(42),
        std::optional<uint32_t>()}) {
    EXPECT_EQ(BodyAsJson(Answer("\xa1\x18\x1b\x62hi", format)), R"({"body":"hi"})");
  }
}

TEST(BodyAsJson, JsonThenAsItIsAndAnythingElseNotAtAll) {
  EXPECT_EQ(BodyAsJson(Answer(R"({"a": 1})", 50)), R"({"a": 1})");
  EXPECT_FALSE(BodyAsJson(Answer("plain text", 0)));
  EXPECT_FALSE(BodyAsJson(Answer("\xff\xd8\xff", 42)));
  EXPECT_FALSE(BodyAsJson(Answer("", 60)));
}

TEST(MessageText, RequestThenWordsWithoutTheToken) {
  const uint8_t token = 7;
  const Bytes message = coap::MessageWriter(coap::Type::kConfirmable, coap::kPut, 0x1a2b,
                                            coap::Token(ByteView(&token, 1)))
                            .Option(OptionNumber::kUriPath, AsBytes("9"))
                            .OptionUint(OptionNumber::kContentFormat, 60)
                            .OptionUint(OptionNumber::kBlock1, coap::Block{2, true, 6}.Pack())
                            .Option(OptionNumber::kMatrixAccessToken, AsBytes("very-secret"))
                            .Finish(AsBytes("body"));
  EXPECT_EQ(MessageText(*coap::Parse(message)),
            "CON PUT 0x1a2b token 07, Uri-Path: 9, Content-Format: application/cbor (60), "
            "Block1: 2/more/1024, Access-Token: (11 B), 4 B payload");
}

TEST(MessageText, ControlCharactersThenNotPassedOn) {
  EXPECT_EQ(OptionText(OptionNumber::kLocationPath, AsBytes("a\x1b[2Jb")), "Location-Path: a?[2Jb");
  EXPECT_EQ(OptionText(static_cast<OptionNumber>(9999), AsBytes("x")), "Option-9999: 0x78");
  EXPECT_EQ(OptionText(OptionNumber::kContentFormat, Bytes(5, 1)), "Content-Format: 0x0101010101");
}

TEST(RecordsText, AnyDatagramThenSomethingIsSaid) {
  const Bytes hello = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  EXPECT_EQ(RecordsText(hello), "ClientHello");
  Bytes two = hello;
  Append(two, Bytes{20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1});
  EXPECT_EQ(RecordsText(two), "ClientHello, ChangeCipherSpec");
  EXPECT_EQ(RecordsText({}), "no DTLS record");
  EXPECT_EQ(RecordsText(Bytes(13, 0xff)), "unknown record");
}

}  // namespace
}  // namespace lowband::tools
