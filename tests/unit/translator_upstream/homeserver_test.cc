#include "services/translator/upstream/homeserver.h"

#include <gtest/gtest.h>

#include "libs/base/config_error.h"

namespace lowband::translator {
namespace {

/// What main prints for a bad `--local`.
std::string ProblemWith(const std::string& url) {
  try {
    (void)ParseHomeserver(url);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(Homeserver, UrlThenItsParts) {
  struct Case {
    const char* url;
    bool tls;
    const char* host;
    uint16_t port;
    const char* origin;
  };
  for (const Case& c : {
           Case{"http://localhost:8008", false, "localhost", 8008, "http://localhost:8008"},
           Case{"http://localhost:8008/", false, "localhost", 8008, "http://localhost:8008"},
           Case{"http://synapse", false, "synapse", 80, "http://synapse:80"},
           Case{"https://matrix.example.org", true, "matrix.example.org", 443,
                "https://matrix.example.org:443"},
           Case{"HTTPS://Matrix.Example.org:8448", true, "Matrix.Example.org", 8448,
                "https://Matrix.Example.org:8448"},
           Case{"http://[::1]:8008", false, "[::1]", 8008, "http://[::1]:8008"},
       }) {
    const Homeserver homeserver = ParseHomeserver(c.url);
    EXPECT_EQ(homeserver.tls, c.tls) << c.url;
    EXPECT_EQ(homeserver.host, c.host) << c.url;
    EXPECT_EQ(homeserver.port, c.port) << c.url;
    EXPECT_EQ(homeserver.origin, c.origin) << c.url;
  }
}

TEST(Homeserver, BadUrlThenTheErrorNamesTheFlagAndTheFault) {
  EXPECT_EQ(ProblemWith("localhost:8008"),
            "--local: 'localhost:8008' needs a scheme: http://host:port or https://host:port");
  EXPECT_EQ(ProblemWith(""), "--local: '' needs a scheme: http://host:port or https://host:port");
  EXPECT_EQ(ProblemWith("ftp://host"), "--local: 'ftp://host' must be http or https");
  EXPECT_EQ(ProblemWith("unix:///run/x"), "--local: 'unix:///run/x' must be http or https");
  EXPECT_EQ(ProblemWith("http://host/path"), "--local: 'http://host/path' must not have a path");
  EXPECT_EQ(ProblemWith("http://host/?a=b"),
            "--local: 'http://host/?a=b' must not have a query or fragment");
  EXPECT_EQ(ProblemWith("http://host#x"),
            "--local: 'http://host#x' must not have a query or fragment");
  EXPECT_EQ(ProblemWith("http://host:port"), "--local: 'http://host:port' is not a valid URL");
  EXPECT_EQ(ProblemWith("http://host:70000"), "--local: 'http://host:70000' is not a valid URL");
  EXPECT_EQ(ProblemWith("http://"), "--local: 'http://' is not a valid URL");
  EXPECT_EQ(ProblemWith("http://a b"),
            "--local: 'http://a b' must not hold spaces or control characters");
}

TEST(Homeserver, UrlWithAPasswordThenTheErrorDoesNotRepeatIt) {
  EXPECT_EQ(ProblemWith("http://me:hunter2@host"),
            "--local: the URL must not hold a user name or password");
}

TEST(Homeserver, LoopbackAndPrivateThenItIsLocal) {
  for (const char* url :
       {"http://localhost:1", "http://127.0.0.1", "http://[::1]:1", "https://10.1.2.3",
        "http://192.168.0.9", "http://172.16.0.1", "http://[fd00::1]", "http://[fe80::1]"}) {
    EXPECT_TRUE(HomeserverIsLocal(ParseHomeserver(url))) << url;
  }
  for (const char* url : {"http://192.0.2.1", "http://8.8.8.8", "http://[2001:db8::1]",
                          "http://172.32.0.1", "http://nobody.invalid"}) {
    EXPECT_FALSE(HomeserverIsLocal(ParseHomeserver(url))) << url;
  }
}

TEST(Homeserver, RedirectThenSameHostAndNeverFromTlsToPlain) {
  const Homeserver plain = ParseHomeserver("http://matrix.example.org:8008");
  const Homeserver secure = ParseHomeserver("https://matrix.example.org");
  EXPECT_TRUE(RedirectIsAllowed(plain, "http://matrix.example.org:8008/x"));
  EXPECT_TRUE(RedirectIsAllowed(plain, "https://matrix.example.org/x"));
  EXPECT_TRUE(RedirectIsAllowed(plain, "https://MATRIX.example.org/x"));
  EXPECT_TRUE(RedirectIsAllowed(secure, "https://matrix.example.org:8448/x"));
  EXPECT_FALSE(RedirectIsAllowed(secure, "http://matrix.example.org/x"));
  EXPECT_FALSE(RedirectIsAllowed(plain, "http://example.org/x"));
  EXPECT_FALSE(RedirectIsAllowed(plain, "http://matrix.example.org.evil.example/x"));
  EXPECT_FALSE(RedirectIsAllowed(plain, "http://user@matrix.example.org:8008/x"));
  EXPECT_FALSE(RedirectIsAllowed(plain, "ftp://matrix.example.org/x"));
  EXPECT_FALSE(RedirectIsAllowed(plain, "/x"));
}

}  // namespace
}  // namespace lowband::translator
