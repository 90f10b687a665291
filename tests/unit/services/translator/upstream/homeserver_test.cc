#include "services/translator/upstream/homeserver.h"

#include <gtest/gtest.h>

#include "libs/base/config_error.h"

namespace lowband::translator::upstream {
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
    const char* base;
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
    EXPECT_EQ(homeserver.base, c.base) << c.url;
  }
}

TEST(Homeserver, BadUrlThenTheErrorNamesTheFlagAndTheFault) {
  EXPECT_EQ(ProblemWith("localhost:8008"),
            "--local: 'localhost:8008' needs a scheme: http://host:port or https://host:port");
  EXPECT_EQ(ProblemWith(""), "--local: '' needs a scheme: http://host:port or https://host:port");
  EXPECT_EQ(ProblemWith("ftp://host"), "--local: 'ftp://host' must be http or https");
  EXPECT_EQ(ProblemWith("unix:///run/x"), "--local: 'unix:///run/x' must be http or https");
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

TEST(Homeserver, PathThenItIsThePrefixOfEveryTarget) {
  EXPECT_EQ(ParseHomeserver("https://h/matrix").base, "https://h:443/matrix");
  EXPECT_EQ(ParseHomeserver("https://h/matrix").prefix, "/matrix");
  EXPECT_EQ(ParseHomeserver("http://h:8008/a/b-c_1.x~//").base, "http://h:8008/a/b-c_1.x~");
  EXPECT_EQ(ParseHomeserver("http://h//").prefix, "");
  EXPECT_EQ(ProblemWith("http://h/a//b"),
            "--local: 'http://h/a//b' must not have an empty, . or .. part in its path");
  EXPECT_EQ(ProblemWith("http://h/a/../b"),
            "--local: 'http://h/a/../b' must not have an empty, . or .. part in its path");
  EXPECT_EQ(ProblemWith("http://h/%2e"),
            "--local: 'http://h/%2e' must have a path of letters, digits and -._~ only");
  EXPECT_EQ(ProblemWith("http://h/_matrix"),
            "--local: 'http://h/_matrix' must not include /_matrix, where the path of the "
            "homeserver's API begins");
}

TEST(Homeserver, LocationBehindThePrefixThenAsClientsKnowIt) {
  const Homeserver homeserver = ParseHomeserver("https://h/matrix");
  EXPECT_EQ(WithoutPrefix(homeserver, "/matrix/_matrix/static/?a=/matrix"),
            "/_matrix/static/?a=/matrix");
  EXPECT_EQ(WithoutPrefix(homeserver, "/matrix"), "/");
  for (const char* other : {"/matrixes/x", "/_matrix/x", "https://h/matrix/x", "matrix", ""}) {
    EXPECT_EQ(WithoutPrefix(homeserver, other), other);
  }
  EXPECT_EQ(WithoutPrefix(ParseHomeserver("https://h"), "/matrix/x"), "/matrix/x");
}

TEST(Homeserver, NameInAnotherScriptThenTheOneThatIsLookedUp) {
  EXPECT_EQ(ParseHomeserver("https://mätrix.example").host, "xn--mtrix-gra.example");
  EXPECT_EQ(ParseHomeserver("https://例え.テスト:8448/m").base,
            "https://xn--r8jz45g.xn--zckzah:8448/m");
  EXPECT_EQ(ProblemWith("https://a\xff.example"),
            "--local: 'https://a\xff.example' has a host that is no domain name");
}

/// Host and protocol, or what main prints.
std::string NameOf(const std::string& flag, const std::string& advertise, bool local) {
  try {
    const PublicName name = DecidePublicName(flag, advertise, local);
    return name.host + " " + name.proto;
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(PublicName, NoFlagThenWhatIsAdvertisedForAHomeserverOfOurs) {
  EXPECT_EQ(NameOf("", "https://m.example:8448", true), "m.example:8448 https");
  EXPECT_EQ(NameOf("", "https://m.example:8448/", true), "m.example:8448 https");
  EXPECT_EQ(NameOf("", "https://m.example:443", true), "m.example https");
  EXPECT_EQ(NameOf("", "http://[2001:db8::1]:80", true), "[2001:db8::1] http");
  EXPECT_EQ(NameOf("", "https://[2001:db8::1]", true), "[2001:db8::1] https");
  EXPECT_EQ(NameOf("", "https://m.example", false), " ");
  EXPECT_EQ(NameOf("", "", true), " ");
}

TEST(PublicName, FlagThenWhatItSays) {
  EXPECT_EQ(NameOf("keep", "https://m.example", true), " ");
  EXPECT_EQ(NameOf("advertised", "https://m.example", false), "m.example https");
  EXPECT_EQ(NameOf("advertised", "", true), "--upstream-host: \"advertised\" needs --advertise");
  EXPECT_EQ(NameOf("hs.example:8448", "https://m.example", true), "hs.example:8448 https");
  EXPECT_EQ(NameOf("[::1]:8448", "", false), "[::1]:8448 ");
  for (const char* bad : {"a b", "https://h", "h/p", "h:port", "u@h", "a\r\nX: y", "h?q"}) {
    EXPECT_EQ(NameOf(bad, "", false), "--upstream-host: '" + std::string(bad) +
                                          "' is not keep, advertised or a name with or without "
                                          "a port");
  }
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
}  // namespace lowband::translator::upstream
