#include "libs/http/gateway.h"

#include <gtest/gtest.h>

namespace lowband::http {
namespace {

TEST(Gateway, FieldsThatOnlyProxiesTellThenNotPassedOn) {
  for (const char* name :
       {"host", "Content-Length", "transfer-encoding", "Expect", "Forwarded", "x-forwarded-for",
        "X-Forwarded-Anything", "X_Forwarded_For", "x-real-ip", "X_REAL_IP", "X-Request-ID",
        "x_request_id", "HTTP2-Settings"}) {
    EXPECT_TRUE(IsNotPassedOn(name)) << name;
  }
  for (const char* name : {"", "Authorization", "X-Forwarded", "X-Requested-With", "traceparent",
                           "X-Request-Idx", "Accept"}) {
    EXPECT_FALSE(IsNotPassedOn(name)) << name;
  }
}

TEST(Gateway, OwnErrorsThenReadableByPagesOfAnyOrigin) {
  const Fields fields = OwnErrorFields();
  ASSERT_NE(Find(fields, "Access-Control-Allow-Origin"), nullptr);
  EXPECT_EQ(*Find(fields, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(*Find(fields, "Content-Type"), "application/json");
}

}  // namespace
}  // namespace lowband::http
