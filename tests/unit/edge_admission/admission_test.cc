#include "services/edge/admission/admission.h"

#include <gtest/gtest.h>

#include "services/edge/admission/limits.h"

namespace lowband::edge::admission {
namespace {

TEST(AdmissionLimits, BadValuesThenTheFieldIsNamed) {
  EXPECT_EQ(Limits().Validate(), "");
  const auto names = [](const Limits& limits, const std::string& field) {
    return limits.Validate().starts_with("admission." + field + " ");
  };
  EXPECT_TRUE(names({.sessions = 0}, "sessions"));
  EXPECT_TRUE(names({.sessions = kSessionsMax + 1}, "sessions"));
  EXPECT_TRUE(names({.handshakes = 0}, "handshakes"));
  EXPECT_TRUE(names({.handshakes = kHandshakesMax + 1}, "handshakes"));
}

}  // namespace
}  // namespace lowband::edge::admission
