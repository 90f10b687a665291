#include "libs/http/status.h"

#include <gtest/gtest.h>

namespace lowband::http {
namespace {

TEST(ReasonPhrase, IsTheRegisteredOne) {
  EXPECT_EQ(ReasonPhrase(100), "Continue");
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(204), "No Content");
  EXPECT_EQ(ReasonPhrase(404), "Not Found");
  EXPECT_EQ(ReasonPhrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(ReasonPhrase(511), "Network Authentication Required");
}

TEST(ReasonPhrase, IsNeverEmpty) {
  for (const uint16_t status : {0, 99, 299, 306, 418, 499, 512, 599, 65'535}) {
    EXPECT_EQ(ReasonPhrase(status), "Status") << status;
  }
}

TEST(HasNoBody, IsOfHeadAndOfThreeKindsOfStatus) {
  for (const uint16_t status : {100, 101, 199, 204, 304}) EXPECT_TRUE(HasNoBody("GET", status));
  for (const uint16_t status : {200, 205, 206, 301, 404, 500}) {
    EXPECT_FALSE(HasNoBody("GET", status));
    EXPECT_FALSE(HasNoBody("head", status));  // another method, with a case of its own
    EXPECT_TRUE(HasNoBody("HEAD", status));
  }
}

}  // namespace
}  // namespace lowband::http
