#include "services/edge/request/options.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lowband::edge::request {
namespace {

using coap::OptionNumber;
using Options = std::vector<std::pair<OptionNumber, std::string>>;

struct Read {
  Bytes datagram;  // the options point into it
  RequestOptions options;
};

Read ReadFrom(const Options& options, coap::Code code = coap::kGet) {
  coap::MessageWriter writer(coap::Type::kConfirmable, code, 1, coap::Token());
  for (const auto& [number, value] : options) writer.Option(number, AsBytes(value));
  Read read;
  read.datagram = writer.Finish();
  read.options = ReadOptions(*coap::Parse(read.datagram));
  return read;
}

constexpr auto kPath = OptionNumber::kUriPath;
constexpr auto kQuery = OptionNumber::kUriQuery;

TEST(Validation, MethodsAreMapped) {
  const std::vector<std::pair<coap::Code, v1::Method>> methods = {{coap::kGet, v1::GET},
                                                                  {coap::kPost, v1::POST},
                                                                  {coap::kPut, v1::PUT},
                                                                  {coap::kDelete, v1::DELETE},
                                                                  {coap::kFetch, v1::FETCH}};
  for (const auto& [code, method] : methods) {
    const Read read = ReadFrom({}, code);
    EXPECT_EQ(read.options.method, method);
    EXPECT_FALSE(read.options.refusal);
  }
  for (unsigned detail = 6; detail <= 31; ++detail) {
    const Read read = ReadFrom({}, coap::Code::Of(0, detail));
    ASSERT_TRUE(read.options.refusal);
    EXPECT_EQ(read.options.refusal->code, coap::kMethodNotAllowed);
  }
}

TEST(Validation, ValuesAreRead) {
  const Read read = ReadFrom({{kPath, "a"},
                              {OptionNumber::kContentFormat, std::string("\x3c")},
                              {OptionNumber::kAccept, std::string("\x32")},
                              {OptionNumber::kBlock2, std::string("\x16")},
                              {OptionNumber::kBlock1, std::string("\x2e")},
                              {OptionNumber::kSize1, std::string("\x01\x00", 2)},
                              {OptionNumber::kMatrixAccessToken, "tok"},
                              {OptionNumber::kMatrixKeyTableVersion, ""}});
  const RequestOptions& options = read.options;
  EXPECT_FALSE(options.refusal);
  EXPECT_EQ(options.content_format, 60u);
  EXPECT_EQ(options.accept, 50u);
  EXPECT_EQ(options.block2, (coap::Block{1, false, 6}));
  EXPECT_EQ(options.block1, (coap::Block{2, true, 6}));
  EXPECT_EQ(options.size1, 256u);
  EXPECT_EQ(AsText(*options.access_token), "tok");
  EXPECT_EQ(options.key_table, 0u);
}

TEST(Validation, UnknownOptionsAreRefusedIfCriticalOnly) {
  const std::set<uint16_t> known_critical = {1, 3, 7, 11, 15, 17, 23, 27, 257};
  for (uint32_t number = 1; number <= 3000; ++number) {
    const auto option = static_cast<uint16_t>(number);
    const Read read = ReadFrom({{static_cast<OptionNumber>(option), ""}});
    const bool refused = (option & 1) == 1 && !known_critical.contains(option);
    ASSERT_EQ(read.options.refusal.has_value(), refused) << option;
    if (!refused) continue;
    const bool proxy = option == 35 || option == 39;
    EXPECT_EQ(read.options.refusal->code, proxy ? coap::kProxyingNotSupported : coap::kBadOption);
    EXPECT_NE(read.options.refusal->error.find(std::to_string(option)), std::string::npos)
        << "the diagnostic names the option";
  }
}

TEST(Validation, FirstProblemIsTheOneTold) {
  const Read read = ReadFrom({{OptionNumber::kIfNoneMatch, ""}, {OptionNumber::kProxyUri, "x"}});
  ASSERT_TRUE(read.options.refusal);
  EXPECT_EQ(read.options.refusal->code, coap::kBadOption);
}

TEST(Validation, RepeatedOrOverlongElectiveOptionsAreIgnored) {
  const Read read = ReadFrom({{OptionNumber::kContentFormat, "\x3c"},
                              {OptionNumber::kContentFormat, "\x32"},
                              {OptionNumber::kSize1, "12345"},
                              {OptionNumber::kMatrixAccessToken, "one"},
                              {OptionNumber::kMatrixAccessToken, "two"}});
  EXPECT_FALSE(read.options.refusal);
  EXPECT_EQ(read.options.content_format, 60u);
  EXPECT_EQ(read.options.size1, std::nullopt);
  EXPECT_EQ(AsText(*read.options.access_token), "one");
}

TEST(Validation, RepeatedOrOverlongCriticalOptionsAreRefused) {
  for (const auto number : {OptionNumber::kAccept, OptionNumber::kBlock2, OptionNumber::kBlock1,
                            OptionNumber::kMatrixKeyTableVersion}) {
    EXPECT_EQ(ReadFrom({{number, ""}, {number, ""}}).options.refusal->code, coap::kBadOption);
    EXPECT_EQ(ReadFrom({{number, "12345"}}).options.refusal->code, coap::kBadOption);
  }
}

// RFC 8132 §2; a POST is not cached, and the body of a GET has no meaning.
TEST(Validation, BodyThenPartOfTheKeyOfAFetchOnly) {
  const Bytes one = {1};
  const Bytes two = {2};
  EXPECT_NE(BodyKey(v1::FETCH, one), 0u);
  EXPECT_NE(BodyKey(v1::FETCH, one), BodyKey(v1::FETCH, two));
  EXPECT_EQ(BodyKey(v1::FETCH, {}), 0u);
  EXPECT_EQ(BodyKey(v1::POST, one), 0u);
  EXPECT_EQ(BodyKey(v1::GET, one), 0u);
}

TEST(Validation, KeysTellRequestsApartByWhatTheyAreAbout) {
  const auto key = [](const Options& options, coap::Code code = coap::kGet) {
    return ReadFrom(options, code).options.key;
  };
  const TransferKey base = key({{kPath, "a"}, {kPath, "b"}, {kQuery, "q"}});
  const TransferKey same =
      key({{kPath, "a"}, {kPath, "b"}, {kQuery, "q"}, {OptionNumber::kMatrixAccessToken, "t"}});
  EXPECT_EQ(base.path, same.path);
  EXPECT_EQ(base.queries, same.queries);
  EXPECT_EQ(base.resource, same.resource);
  EXPECT_EQ(base.upload, same.upload);

  EXPECT_NE(base.path, key({{kPath, "ab"}, {kQuery, "q"}}).path);
  EXPECT_NE(base.path, key({{kPath, "a"}, {kPath, "c"}}).path);
  EXPECT_NE(base.path, key({{kPath, "b"}, {kPath, "a"}}).path);
  EXPECT_NE(key({{kPath, "a"}, {kPath, ""}}).path, key({{kPath, "a"}}).path);

  const TransferKey no_query = key({{kPath, "a"}, {kPath, "b"}});
  EXPECT_EQ(no_query.queries, 0u);
  EXPECT_EQ(no_query.path, base.path);
  EXPECT_NE(no_query.resource, base.resource);

  const TransferKey post = key({{kPath, "a"}, {kPath, "b"}, {kQuery, "q"}}, coap::kPost);
  EXPECT_EQ(post.path, base.path);
  EXPECT_NE(post.resource, base.resource);
  EXPECT_NE(post.upload, base.upload);

  const TransferKey tagged =
      key({{kPath, "a"}, {kPath, "b"}, {kQuery, "q"}, {OptionNumber::kRequestTag, "1"}});
  EXPECT_EQ(tagged.resource, base.resource);
  EXPECT_NE(tagged.upload, base.upload);
  EXPECT_NE(tagged.tag, base.tag);
  EXPECT_EQ(base.tag, 0u);
  EXPECT_EQ(base.body, 0u);
  EXPECT_NE(key({{kPath, "a"}, {OptionNumber::kRequestTag, ""}}).tag, 0u);
  EXPECT_EQ(key({{kPath, "a"}, {OptionNumber::kAccept, "2"}}).accept, 50u);
  // RFC 9175 §3.1: an empty tag is a tag.
  EXPECT_NE(key({{kPath, "a"}, {OptionNumber::kRequestTag, ""}}).upload,
            key({{kPath, "a"}}).upload);
}

}  // namespace
}  // namespace lowband::edge::request
