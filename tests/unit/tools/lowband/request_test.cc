// `lowband request`: the real program against a small server in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "libs/client/options.h"
#include "tests/support/closed_port.h"
#include "tests/support/responder.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"

namespace lowband::tools {
namespace {

using client::Answer;
using client::Asked;
using client::Responder;
using coap::OptionNumber;
using std::string_literals::operator""s;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;

Bytes ToBytes(std::string_view text) { return {text.begin(), text.end()}; }

class RequestTest : public testing::Test {
 protected:
  static const client::TestIdentity& Identity() {
    static const client::TestIdentity identity({"127.0.0.1"});
    return identity;
  }
  void Serve(Answer answer, bool secure = false) {
    server_.reset();  // its thread reads answer_
    answer_ = std::move(answer);
    server_ = std::make_unique<Responder>(
        [this](const Asked& asked) {
          const std::lock_guard lock(mutex_);
          asked_ = asked;
          return answer_;
        },
        secure ? &Identity() : nullptr);
    url_ = (secure ? "coaps" : "coap") + "://127.0.0.1:"s + std::to_string(server_->port());
  }
  static Answer Cbor(const std::string& hex_free_bytes, coap::Code code = coap::kContent) {
    return {code,
            {client::UintOption(OptionNumber::kContentFormat, coap::kFormatCbor)},
            ToBytes(hex_free_bytes)};
  }
  RunResult Request(std::vector<std::string> arguments, const std::string& path = "/x",
                    const std::string& input = "") {
    arguments.insert(arguments.begin(), "request");
    arguments.push_back(url_ + path);
    return RunLowband(arguments, input);
  }
  Asked asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  std::mutex mutex_;
  Answer answer_;
  Asked asked_;
  std::unique_ptr<Responder> server_;
  std::string url_;
};

TEST_F(RequestTest, GetThenCborAnswerAsJson) {
  Serve(Cbor("\xa1\x18\x1b\x62hi"));
  const RunResult result = Request({}, "/_matrix/client/versions?a=b%20c");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, R"({"body":"hi"})");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(asked().method, coap::kGet);
  EXPECT_THAT(asked().path, ElementsAre("0"));
  EXPECT_THAT(asked().queries, ElementsAre("a=b c"));
}

TEST_F(RequestTest, JsonDataThenCborOnTheWire) {
  Serve(Cbor("\xa0"));
  EXPECT_EQ(Request({"-d", R"({"body":"hi"})"}).status, 0);
  EXPECT_EQ(asked().method, coap::kPost);
  EXPECT_EQ(ToHex(asked().body), "a1181b626869");
  EXPECT_EQ(asked().options[12], Bytes{60});
}

TEST_F(RequestTest, DataFromStandardInputOrFileThenSame) {
  Serve(Cbor("\xa0"));
  const TemporaryFolder folder;
  const std::string file = "@" + folder.Write("body.json", R"({"body":"hi"})");
  for (const std::string& data : {"-"s, "@-"s, file}) {
    EXPECT_EQ(Request({"-X", "put", "--data-binary", data}, "/x", R"({"body":"hi"})").status, 0);
    EXPECT_EQ(asked().method, coap::kPut);
    EXPECT_EQ(ToHex(asked().body), "a1181b626869");
  }
}

TEST_F(RequestTest, RawCborThenUntouchedBothWays) {
  Serve(Cbor("\xa1\x01\x02"));
  const RunResult result = Request({"--cbor", "-d", "-"}, "/x", "\xa1\x05\x06");
  EXPECT_EQ(ToHex(AsBytes(result.out)), "a10102");
  EXPECT_EQ(ToHex(asked().body), "a10506");
}

TEST_F(RequestTest, DumpThenTheBytesOfDatagramsAndMessages) {
  Serve(Cbor("\xa0"), true);
  const RunResult result = Request({"-k", "-v", "--dump"}, "/_matrix/client/versions");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("\n  datagram 1[67]fefd[0-9a-f]+\n"));
  EXPECT_THAT(result.err, ContainsRegex("\n  message [0-9a-f]+b130[0-9a-f]*\n")) << "Uri-Path 0";
  EXPECT_EQ(Request({"-k", "--dump"}).status, 2);
}

TEST_F(RequestTest, HeadersAndTokenThenOptions) {
  Serve(Cbor("\xa0"));
  const RunResult result =
      Request({"-H", "Authorization: Bearer tok", "-H", "Accept: application/json", "-H",
               "X-Other: x", "--key-table", "1"});
  EXPECT_EQ(asked().options[256], ToBytes("tok"));
  EXPECT_EQ(asked().options[17], Bytes{50});
  EXPECT_EQ(asked().options[257], Bytes{1});
  EXPECT_EQ(asked().options.count(2050), 0u) << "nothing is told unasked";
  EXPECT_THAT(result.err, HasSubstr("warning: CoAP has no option for the header X-Other"));
  EXPECT_EQ(Request({"-s", "-H", "X-Other: x"}).err, "");
}

TEST_F(RequestTest, UserAgentByFlagOrHeaderThenOption2050) {
  Serve(Cbor("\xa0"));
  EXPECT_EQ(Request({"--user-agent", "Phone/1.0"}).err, "");
  EXPECT_EQ(asked().options[2050], ToBytes("Phone/1.0"));
  EXPECT_EQ(Request({"-H", "user-agent:  Phone/2.0 (x; y) ", "--user-agent", "other"}).err, "");
  EXPECT_EQ(asked().options[2050], ToBytes("Phone/2.0 (x; y)"));
  EXPECT_EQ(Request({"--user-agent", std::string(256, 'x')}).status, 0);
  for (const std::string& wrong : {std::string(257, 'x'), "a\tb"s, "\xc3\xa9"s, ""s}) {
    EXPECT_EQ(Request({"--user-agent", wrong}).status, 2) << wrong;
    const RunResult result = Request({"-H", "User-Agent: x" + wrong + "x"});
    EXPECT_EQ(result.status, wrong.empty() ? 0 : 2) << wrong;
  }
}

TEST_F(RequestTest, QueryLongerThanOneMessageThenStatus1AndTheLimitIsNamed) {
  for (const bool secure : {false, true}) {
    Serve(Cbor("\xa0"), secure);
    EXPECT_EQ(Request({"-k"}, "/x?q=" + std::string(6000, 'q')).status, 0);
    const RunResult result = Request({"-k"}, "/x?q=" + std::string(6500, 'q'));
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("the 6,144 bytes that one message may have"));
  }
}

TEST_F(RequestTest, ErrorAnswerThenPrintedAndStatus1) {
  Answer answer = Cbor("\xa1\x18\x37\x61x", coap::kBadRequest);
  answer.options.push_back(client::UintOption(OptionNumber::kHttpStatus, 429));
  Serve(answer);
  const RunResult result = Request({"-i"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, testing::StartsWith("CoAP 4.00 Bad Request\n"
                                              "Content-Format: application/cbor (60)\n"
                                              "HTTP-Status: 429\n"
                                              "\n{"));
}

TEST_F(RequestTest, LargeBodiesBothWaysThenInBlocks) {
  const std::string text(5000, 'x');
  Serve(Cbor("\x79\x13\x88" + text));
  const RunResult result = Request({"-d", "-"}, "/x", "\"" + text + "\"");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "\"" + text + "\"");
  EXPECT_EQ(asked().body.size(), 5003u);
}

TEST_F(RequestTest, PrettyAndOutputFileThenThere) {
  Serve(Cbor("\xa1\x61\x61\x01"));
  EXPECT_EQ(Request({"--pretty"}).out, "{\n  \"a\": 1\n}\n");
  const TemporaryFolder folder;
  EXPECT_EQ(Request({"-o", folder.Path("out")}).out, "");
  EXPECT_EQ(ReadFileText(folder.Path("out")), R"({"a":1})");
}

TEST_F(RequestTest, VerboseThenDatagramsBytesAndRoundTrips) {
  Serve(Cbor("\xa0"), true);
  const RunResult result = Request({"-v", "-k", "--token", "very-secret"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, "{}");
  EXPECT_THAT(result.err, ContainsRegex(">[ 0-9.]+ ms[ 0-9]+ B  ClientHello\n"));
  EXPECT_THAT(result.err, ContainsRegex("<[ 0-9.]+ ms[ 0-9]+ B  HelloVerifyRequest\n"));
  EXPECT_THAT(result.err, HasSubstr("DTLS 1.2, TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256"));
  EXPECT_THAT(result.err, ContainsRegex("CON GET 0x[0-9a-f]+ token 00, Uri-Path: x, "
                                        "Access-Token: .11 B."));
  EXPECT_THAT(result.err, ContainsRegex("handshake: [0-9]+ B sent in 3, .* 3 round trips"));
  EXPECT_THAT(result.err, ContainsRegex("exchange: [0-9]+ B sent in 1, .* 1 round trips"));
  EXPECT_THAT(result.err, testing::Not(HasSubstr("very-secret")));
}

TEST_F(RequestTest, StatsThenJsonOfBothPhases) {
  Serve(Cbor("\xa0"), true);
  const TemporaryFolder folder;
  ASSERT_EQ(Request({"-k", "--stats-json", folder.Path("stats")}).status, 0);
  const auto stats = nlohmann::json::parse(ReadFileText(folder.Path("stats")));
  EXPECT_EQ(stats["handshake"]["datagrams_sent"], 3);
  EXPECT_GT(stats["handshake"]["bytes_received"], 500);
  EXPECT_EQ(stats["exchange"]["datagrams_sent"], 1);
  EXPECT_EQ(stats["exchange"]["datagrams_received"], 1);
  // ACK with token, Content-Format, marker and one byte, in a GCM record.
  EXPECT_EQ(stats["exchange"]["bytes_received"], 4 + 1 + 2 + 1 + 1 + 37);
  EXPECT_GE(stats["milliseconds"], 0);
}

// A ticket costs as much as a small answer, so only who keeps it asks for one.
TEST_F(RequestTest, SessionFileThenTicketElseNone) {
  Serve(Cbor("\xa0"), true);
  const TemporaryFolder folder;
  const auto handshake_bytes = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), {"-k", "--stats-json", folder.Path("stats")});
    EXPECT_EQ(Request(flags).status, 0);
    return nlohmann::json::parse(ReadFileText(folder.Path("stats")))["handshake"]["bytes_received"]
        .get<int>();
  };
  const int without = handshake_bytes({});
  EXPECT_GT(handshake_bytes({"--session", folder.Path("session")}), without + 100);
}

TEST_F(RequestTest, CertificateThenCheckedUnlessInsecure) {
  Serve(Cbor("\xa0"), true);
  const TemporaryFolder folder;
  const std::string ca = folder.Write("ca.pem", Identity().certificate_pem);
  EXPECT_EQ(Request({"--cacert", ca}).status, 0);
  const std::string other =
      folder.Write("other.pem", client::TestIdentity({"127.0.0.1"}).certificate_pem);
  const RunResult refused = Request({"--cacert", other});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("certificate was refused"));
  EXPECT_EQ(Request({"-k"}).status, 0);
}

TEST_F(RequestTest, KeyLogVariableThenSecretsAppended) {
  Serve(Cbor("\xa0"), true);
  const TemporaryFolder folder;
  const std::string path = folder.Path("keys");
  const RunResult result =
      RunLowband({"request", "-k", url_ + "/x"}, "", {"SSLKEYLOGFILE=" + path});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(ReadFileText(path), testing::StartsWith("CLIENT_RANDOM "));
}

TEST_F(RequestTest, NobodyThereThenStatus1AndOneLine) {
  const client::ClosedPort closed;
  const std::string there = "127.0.0.1:" + std::to_string(closed.port());
  for (const char* scheme : {"coap", "coaps"}) {
    const RunResult result = RunLowband({"request", "-k", scheme + "://"s + there + "/x"});
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr(there));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST_F(RequestTest, NoAnswerInTimeThenStatus1) {
  Serve(Cbor("\xa0"));
  server_->Ignore(1000);
  const RunResult result = Request({"-m", "0.2"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("no answer within the time limit"));
}

TEST_F(RequestTest, LostRequestThenSentAgain) {
  Serve(Cbor("\xa0"));
  server_->Ignore(1);
  EXPECT_EQ(Request({"--ack-timeout", "0.05"}).status, 0);
}

TEST_F(RequestTest, UploadLostThenStartsOverAndSaysSo) {
  Serve(Cbor("\xa0"));
  server_->LoseUpload();
  const RunResult result =
      Request({"-X", "PUT", "-d", "{\"x\":\"" + std::string(3000, 'x') + "\"}"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err,
            "lowband request: warning: the server no longer has the earlier blocks (4.08); "
            "the upload starts over\n");
  EXPECT_EQ(asked().body.size(), 3006u);
  server_->LoseUpload();
  EXPECT_EQ(Request({"-s", "-d", "{\"x\":\"" + std::string(3000, 'x') + "\"}"}).err, "");
}

TEST_F(RequestTest, TypingAndReceiptsThenNoAnswerIsAskedFor) {
  Serve(Cbor("\xa0", coap::kForbidden));
  const auto asks_for_none = [this] {
    return asked().options.contains(static_cast<uint16_t>(OptionNumber::kNoResponse));
  };
  const std::string room = "/_matrix/client/v3/rooms/!r:x";
  RunResult result = Request({"-X", "PUT", "-d", "{}"}, room + "/typing/@u:x");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(asks_for_none());
  EXPECT_EQ(Request({"-d", "{}"}, room + "/receipt/m.read/$e").status, 0);
  EXPECT_TRUE(asks_for_none());
  EXPECT_EQ(Request({"--response", "-X", "PUT", "-d", "{}"}, room + "/typing/@u:x").status, 1);
  EXPECT_FALSE(asks_for_none());
  EXPECT_EQ(Request({"-X", "PUT", "-d", "{}"}, room + "/state/typing").status, 1);
  EXPECT_FALSE(asks_for_none());
  EXPECT_EQ(Request({"--no-response"}).status, 0);
  EXPECT_TRUE(asks_for_none());
}

TEST_F(RequestTest, NoAnswerAskedForThenVerboseSaysSo) {
  Serve(Cbor("\xa0", coap::kForbidden));
  const std::string typing = "/_matrix/client/v3/rooms/!r:x/typing/@u:x";
  const RunResult acknowledged = Request({"-v", "-X", "PUT", "-d", "{}"}, typing);
  EXPECT_EQ(acknowledged.status, 0);
  EXPECT_THAT(acknowledged.err, HasSubstr("* acknowledged; its result is unknown: no answer was "
                                          "requested (--response requests one)\n"));
  EXPECT_THAT(acknowledged.err, HasSubstr("No-Response: 26"));
  const RunResult sent = Request({"-v", "--non", "-X", "PUT", "-d", "{}"}, typing);
  EXPECT_EQ(sent.status, 0);
  EXPECT_THAT(sent.err, HasSubstr("* sent once; its result is unknown: no answer was requested "
                                  "(--response requests one)\n"));
  EXPECT_EQ(Request({"-X", "PUT", "-d", "{}"}, typing).err, "");
  EXPECT_THAT(Request({"-v", "--response", "-X", "PUT", "-d", "{}"}, typing).err,
              testing::Not(HasSubstr("is unknown")));
}

TEST_F(RequestTest, NoAnswerAskedForAndNobodyThereThenStatus1AllTheSame) {
  const client::ClosedPort closed;
  const std::string there = "127.0.0.1:" + std::to_string(closed.port());
  for (const char* scheme : {"coap", "coaps"}) {
    const std::string url = scheme + "://"s + there + "/_matrix/client/v3/rooms/!r:x/typing/u";
    for (const char* how : {"-s", "--non"}) {
      const RunResult result = RunLowband({"request", "-k", how, "-X", "PUT", "-d", "{}", url});
      EXPECT_EQ(result.status, 1) << scheme << ' ' << how << ' ' << result.err;
      EXPECT_THAT(result.err, HasSubstr(there)) << scheme << ' ' << how;
    }
  }
  Serve(Cbor("\xa0"));
  server_->Ignore(1000);
  const RunResult silent = Request({"--non", "--no-response", "-m", "0.5"});
  EXPECT_EQ(silent.status, 1) << silent.err;
  EXPECT_THAT(silent.err, HasSubstr("no message from the server"));
}

TEST_F(RequestTest, WrongFlagsThenStatus2AndNamed) {
  Serve(Cbor("\xa0"));
  EXPECT_EQ(Request({"-X", "BREW"}).status, 2);
  EXPECT_THAT(Request({"-X", "BREW"}).err, HasSubstr("BREW"));
  EXPECT_THAT(Request({"-d", "{"}).err, HasSubstr("at byte 1"));
  EXPECT_EQ(Request({"-d", "{"}).status, 2);
  EXPECT_EQ(Request({"--block-size", "100"}).status, 2);
  EXPECT_EQ(Request({"-m", "x"}).status, 2);
  const RunResult missing = RunLowband({"request", "--cacert", "/nonexistent", "coaps://h/"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent"));
  EXPECT_EQ(RunLowband({"request", "gopher://h/"}).status, 2);
  EXPECT_EQ(RunLowband({"request"}).status, 2);
}

}  // namespace
}  // namespace lowband::tools
