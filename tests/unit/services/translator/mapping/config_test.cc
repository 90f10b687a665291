#include "services/translator/mapping/config.h"

#include <gtest/gtest.h>

#include "libs/base/config_error.h"

namespace lowband::translator::mapping {
namespace {

std::string ProblemWith(const std::string& advertise) {
  MappingConfig config;
  config.advertise = advertise;
  try {
    config.Validate();
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(MappingConfig, GoodAdvertisedUrlThenItIsAccepted) {
  for (const char* url : {"", "https://matrix.example.org", "http://192.168.1.2:8008",
                          "https://[2001:db8::1]:8448/", "https://example.org/"}) {
    EXPECT_EQ(ProblemWith(url), "") << url;
  }
}

TEST(MappingConfig, BadAdvertisedUrlThenTheErrorNamesTheFlagAndTheFault) {
  EXPECT_EQ(ProblemWith("matrix.example.org"),
            "--advertise: 'matrix.example.org' needs a scheme: https://host or http://host");
  EXPECT_EQ(ProblemWith("coaps://h"), "--advertise: 'coaps://h' must be http or https");
  EXPECT_EQ(ProblemWith("https://"), "--advertise: 'https://' names no host");
  EXPECT_EQ(ProblemWith("https://:80"), "--advertise: 'https://:80' names no host");
  EXPECT_EQ(ProblemWith("https://h:"), "--advertise: 'https://h:' has no usable port");
  EXPECT_EQ(ProblemWith("https://h:x"), "--advertise: 'https://h:x' has no usable port");
  EXPECT_EQ(ProblemWith("https://h:65536"), "--advertise: 'https://h:65536' has no usable port");
  EXPECT_EQ(ProblemWith("https://h?x"),
            "--advertise: 'https://h?x' must not have a query or fragment");
  EXPECT_EQ(ProblemWith("https://h/\"x"),
            "--advertise: 'https://h/\"x' must be plain ASCII without spaces, quotes and "
            "backslashes (a name in another script as xn--…)");
  EXPECT_EQ(ProblemWith("https://h/matrix"),
            "--advertise: 'https://h/matrix' must not have a path: Matrix is served at the root");
  EXPECT_EQ(ProblemWith("https://me:hunter2@h"),
            "--advertise: the URL must not hold a user name or password");
}

TEST(MappingConfig, DtlsPortThenTheFlagTheUrlOrTheDefault) {
  MappingConfig config;
  EXPECT_EQ(config.PublicDtlsPort(), 8008);
  config.advertise = "https://matrix.example.org";
  EXPECT_EQ(config.PublicDtlsPort(), 8008);
  config.advertise = "https://[2001:db8::1]:8448/";
  EXPECT_EQ(config.PublicDtlsPort(), 8448);
  config.advertise = "https://[2001:db8::1]";
  EXPECT_EQ(config.PublicDtlsPort(), 8008);
  config.dtls_port = 5684;
  EXPECT_EQ(config.PublicDtlsPort(), 5684);
  config.dtls_port = 0;
  EXPECT_THROW(config.Validate(), ConfigError);
}

TEST(MappingConfig, AllowedPathsThenEachBeginsAndEndsWithASlash) {
  const auto problem = [](const std::string& paths) {
    MappingConfig config;
    config.allow_paths = paths;
    try {
      config.Validate();
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const char* fine : {"", "/", "/a/", "/a/,/b/c/"}) EXPECT_EQ(problem(fine), "") << fine;
  for (const char* wrong : {"a/", "/a", "/a/,b/", ",", "/a/,,/b/", "/a b/"}) {
    EXPECT_NE(problem(wrong).find("--allow-paths"), std::string::npos) << wrong;
  }
}

}  // namespace
}  // namespace lowband::translator::mapping
