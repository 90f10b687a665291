#include "services/edge/request/refusal.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lowband::edge::request {
namespace {

using coap::CodeSet;
using transcode::KeyTable;

nlohmann::json JsonOf(const RefusalResponse& response) {
  if (response.head.content_format == coap::kFormatJson) {
    return nlohmann::json::parse(AsText(response.body));
  }
  EXPECT_EQ(response.head.content_format, coap::kFormatCbor);
  std::string json;
  EXPECT_TRUE(transcode::CborToJson(response.body, json));
  return nlohmann::json::parse(json);
}

TEST(Refusal, BodyIsAMatrixErrorInEveryForm) {
  const std::vector<Refusal> refusals = {BadOption(65001, "is critical and not supported"),
                                         TooLarge(262144), SessionLimit("requests"),
                                         Unavailable(RefusalReason::kOverload, "full")};
  const std::vector<BodyForm> forms = {
      {true, KeyTable::kV1}, {true, KeyTable::kStrings}, {false, KeyTable::kV1}};
  for (const Refusal& refusal : refusals) {
    for (const BodyForm& form : forms) {
      for (const CodeSet codes : {CodeSet::kDeployed, CodeSet::kRfc8075}) {
        const RefusalResponse response = WriteRefusal(refusal, form, codes);
        const nlohmann::json json = JsonOf(response);
        EXPECT_EQ(json.at("errcode"), refusal.errcode);
        EXPECT_EQ(json.at("error"), refusal.error);
        EXPECT_EQ(json.contains("retry_after_ms"), refusal.come_later);
        EXPECT_FALSE(refusal.error.empty());
      }
    }
  }
}

TEST(Refusal, WaitIsToldInMillisecondsAndInMaxAgeWhereTheCodeGivesItThatMeaning) {
  const BodyForm form;
  const auto deployed = WriteRefusal(SessionLimit("requests"), form, CodeSet::kDeployed);
  EXPECT_EQ(deployed.head.code, coap::kBadRequest);
  EXPECT_EQ(deployed.head.http_status, 429u);
  EXPECT_EQ(deployed.head.max_age, std::nullopt);
  EXPECT_EQ(JsonOf(deployed).at("retry_after_ms"), 1000);
  const auto exact = WriteRefusal(SessionLimit("requests"), form, CodeSet::kRfc8075);
  EXPECT_EQ(exact.head.code, coap::kTooManyRequests);
  EXPECT_EQ(exact.head.http_status, std::nullopt);
  EXPECT_EQ(exact.head.max_age, 1u);
  const auto full =
      WriteRefusal(Unavailable(RefusalReason::kOverload, "full"), form, CodeSet::kDeployed);
  EXPECT_EQ(full.head.code, coap::kBadGateway);
  EXPECT_EQ(full.head.http_status, 503u);
}

TEST(Refusal, TooLargeTellsTheLimit) {
  const auto response = WriteRefusal(TooLarge(1000), {}, CodeSet::kDeployed);
  EXPECT_EQ(response.head.code, coap::kRequestEntityTooLarge);
  EXPECT_EQ(response.blocks.size1, 1000u);
}

TEST(Refusal, EveryReasonHasAName) {
  for (const std::string_view name : kRefusalReasonNames) EXPECT_FALSE(name.empty());
}

TEST(BodyForm, IsWhatTheRequestAsksFor) {
  const auto cbor = [](std::optional<uint32_t> accept, std::optional<uint32_t> format,
                       bool has_body) {
    return FormFor(accept, format, has_body, KeyTable::kV1).cbor;
  };
  EXPECT_TRUE(cbor({}, {}, false));
  EXPECT_TRUE(cbor({}, 60, true));
  EXPECT_TRUE(cbor({}, 42, true));
  EXPECT_TRUE(cbor({}, 50, false)) << "a request without a body";
  EXPECT_FALSE(cbor({}, 50, true));
  EXPECT_TRUE(cbor(60, 50, true));
  EXPECT_FALSE(cbor(50, 60, true));
  EXPECT_FALSE(cbor(50, {}, false));
  EXPECT_TRUE(cbor(0, {}, false));
}

}  // namespace
}  // namespace lowband::edge::request
