#include "libs/coap/status.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lowband::coap {
namespace {

// What lb/coap.go of the deployed clients knows, complete.
const std::vector<Code> kDeployedCodes = {
    kContent,    kBadRequest,       kUnauthorized,          kForbidden,
    kNotFound,   kMethodNotAllowed, kRequestEntityTooLarge, kInternalServerError,
    kBadGateway, kGatewayTimeout};

TEST(Status, DeployedClientsGetOnlyCodesTheyKnow) {
  for (uint16_t status = 200; status < 600; ++status) {
    const MappedStatus mapped = FromHttpStatus(status, CodeSet::kDeployed);
    EXPECT_EQ(std::ranges::count(kDeployedCodes, mapped.code), 1) << status;
  }
}

TEST(Status, ExactStatusIsSentOnlyWhenTheCodeDoesNotTellIt) {
  for (const CodeSet set : {CodeSet::kDeployed, CodeSet::kRfc8075}) {
    for (uint16_t status = 200; status < 600; ++status) {
      const MappedStatus mapped = FromHttpStatus(status, set);
      EXPECT_EQ(ToHttpStatus(mapped.code, std::nullopt) != status, mapped.needs_exact_status)
          << status;
    }
  }
}

TEST(Status, EveryStatusComesBackWithItsOption) {
  for (const CodeSet set : {CodeSet::kDeployed, CodeSet::kRfc8075}) {
    for (uint16_t status = 200; status < 600; ++status) {
      const MappedStatus mapped = FromHttpStatus(status, set);
      std::optional<uint32_t> exact;
      if (mapped.needs_exact_status) exact = status;
      EXPECT_EQ(ToHttpStatus(mapped.code, exact), status);
    }
  }
}

TEST(Status, ClassIsKept) {
  for (const CodeSet set : {CodeSet::kDeployed, CodeSet::kRfc8075}) {
    for (uint16_t status = 200; status < 600; ++status) {
      const unsigned cls = status / 100 == 3 ? 5 : status / 100;
      EXPECT_EQ(FromHttpStatus(status, set).code.cls(), cls) << status;
    }
  }
}

TEST(Status, NotAnHttpStatusIsABadGateway) {
  for (const int status : {0, 100, 199, 600, 65535}) {
    const MappedStatus mapped = FromHttpStatus(static_cast<uint16_t>(status), CodeSet::kRfc8075);
    EXPECT_EQ(mapped.code, kBadGateway);
    EXPECT_FALSE(mapped.needs_exact_status);
  }
}

TEST(Status, Rfc8075HasItsOwnCodes) {
  const auto code = [](uint16_t status) {
    return FromHttpStatus(status, CodeSet::kRfc8075).code.Text();
  };
  EXPECT_EQ(code(201), "2.01");
  EXPECT_EQ(code(204), "2.04");
  EXPECT_EQ(code(409), "4.09");
  EXPECT_EQ(code(412), "4.12");
  EXPECT_EQ(code(415), "4.15");
  EXPECT_EQ(code(422), "4.22");
  EXPECT_EQ(code(429), "4.29");
  EXPECT_EQ(code(501), "5.01");
  EXPECT_EQ(code(503), "5.03");
}

TEST(Status, DeployedClientsGetTheFallbackOfTheClass) {
  const auto code = [](uint16_t status) {
    return FromHttpStatus(status, CodeSet::kDeployed).code.Text();
  };
  EXPECT_EQ(code(200), "2.05");
  EXPECT_EQ(code(204), "2.05");
  EXPECT_EQ(code(302), "5.02");
  EXPECT_EQ(code(409), "4.00");
  EXPECT_EQ(code(429), "4.00");
  EXPECT_EQ(code(503), "5.02");
  EXPECT_EQ(code(504), "5.04");
}

}  // namespace
}  // namespace lowband::coap
