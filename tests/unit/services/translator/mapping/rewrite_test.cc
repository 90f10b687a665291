#include "services/translator/mapping/rewrite.h"

#include <gtest/gtest.h>

namespace lowband::translator::mapping {
namespace {

std::string Rewritten(const Rewriter& rewriter, Route route, std::string json) {
  rewriter.Rewrite(route, json);
  return json;
}

const char* const kWellKnown =
    R"({"m.homeserver":{"base_url":"http://inside:8008"},)"
    R"("m.identity_server":{"base_url":"https://id"},"org.matrix.msc2965.authentication":{"x":1}})";

TEST(Rewrite, WellKnownThenOnlyTheHomeserverIsReplaced) {
  const Rewriter rewriter("https://public", 8008);
  EXPECT_EQ(
      Rewritten(rewriter, Route::kWellKnownClient, kWellKnown),
      R"({"m.homeserver":{"base_url":"https://public"},)"
      R"("m.identity_server":{"base_url":"https://id"},"org.matrix.msc2965.authentication":{"x":1}})");
}

TEST(Rewrite, LoginAndRegisterThenTheirCopyIsReplaced) {
  const Rewriter rewriter("https://public", 8008);
  const std::string answer = R"({"user_id":"@a:h","access_token":"t","well_known":)";
  for (const Route route : {Route::kLogin, Route::kRegister}) {
    EXPECT_EQ(
        Rewritten(rewriter, route, answer + R"({"m.homeserver":{"base_url":"http://inside/"}}})"),
        answer + R"({"m.homeserver":{"base_url":"https://public"}}})");
    EXPECT_EQ(Rewritten(rewriter, route, R"({"user_id":"@a:h"})"), R"({"user_id":"@a:h"})");
  }
}

TEST(Rewrite, NothingAdvertisedThenAddressesStay) {
  const Rewriter rewriter("", 8008);
  EXPECT_EQ(Rewritten(rewriter, Route::kWellKnownClient, kWellKnown), kWellKnown);
  EXPECT_FALSE(rewriter.Applies(Route::kLogin));
}

TEST(Rewrite, VersionsThenTheyTellOfCoapAlways) {
  const std::string object =
      R"("org.matrix.msc3079.low_bandwidth":{"dtls":5684,"cbor_enum_version":1,"coap_enum_version":1,)"
      R"("packed_65079":"8ce69d82"})";
  for (const char* advertise : {"", "https://public"}) {
    const Rewriter rewriter(advertise, 5684);
    EXPECT_EQ(Rewritten(rewriter, Route::kVersions,
                        R"({"versions":["v1.1"],"unstable_features":{"a":true}})"),
              R"({"versions":["v1.1"],"unstable_features":{"a":true},)" + object + "}");
    EXPECT_EQ(Rewritten(rewriter, Route::kVersions,
                        R"({"org.matrix.msc3079.low_bandwidth":{"dtls":1},"versions":[]})"),
              "{" + object + R"(,"versions":[]})");
  }
}

TEST(Rewrite, OtherRoutesThenUntouched) {
  const Rewriter rewriter("https://public", 8008);
  for (size_t i = 0; i < kRouteCount; ++i) {
    const auto route = static_cast<Route>(i);
    const bool applies = route == Route::kVersions || route == Route::kWellKnownClient ||
                         route == Route::kLogin || route == Route::kRegister;
    EXPECT_EQ(rewriter.Applies(route), applies) << Text(route);
    if (applies) continue;
    EXPECT_EQ(Rewritten(rewriter, route, kWellKnown), kWellKnown);
  }
}

}  // namespace
}  // namespace lowband::translator::mapping
