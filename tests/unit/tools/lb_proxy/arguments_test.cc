#include "tools/lb_proxy/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/options.h"
#include "tools/lb_proxy/child.h"

namespace lowband::lb_proxy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(LbProxyArguments, OneDashOrTwoThenTheSame) {
  const char* argv[] = {"lb-proxy", "-local", "http://x", "-tls-cert=c", "--tls-key", "k"};
  EXPECT_THAT(NormalizeDashes(6, argv),
              ElementsAre("lb-proxy", "--local", "http://x", "--tls-cert=c", "--tls-key", "k"));
}

TEST(LbProxyArguments, TheReadmesLineThenBothCommands) {
  const char* argv[] = {"lb-proxy",  "-local",  "http://localhost:8008", "--tls-cert", "cert.pem",
                        "--tls-key", "key.pem", "--dtls-bind-addr",      ":8448"};
  Arguments arguments;
  ASSERT_EQ(ParseArguments(9, argv, arguments), std::nullopt);
  EXPECT_THAT(TranslatorCommand(arguments, "/s"),
              testing::IsSupersetOf(
                  {"--local=http://localhost:8008", "--listen=unix:/s", "--dtls-port=8448"}));
  EXPECT_THAT(EdgeCommand(arguments, "/s"),
              testing::IsSupersetOf({"--dtls-bind-addr=:8448", "--translator=unix:/s",
                                     "--tls-cert=cert.pem", "--tls-key=key.pem"}));
}

TEST(LbProxyArguments, AdvertisedUrlGoesToBothAndItsPortIsThePublicOne) {
  const char* argv[] = {"lb-proxy", "-local", "http://x",   "-tls-cert",    "c",
                        "-tls-key", "k",      "-advertise", "http://y:8448"};
  Arguments arguments;
  ASSERT_EQ(ParseArguments(9, argv, arguments), std::nullopt);
  EXPECT_THAT(TranslatorCommand(arguments, "/s"), testing::Contains("--advertise=http://y:8448"));
  EXPECT_THAT(TranslatorCommand(arguments, "/s"),
              testing::Not(testing::Contains(testing::StartsWith("--dtls-port"))));
  EXPECT_THAT(EdgeCommand(arguments, "/s"), testing::Contains("--advertise=http://y:8448"));
  arguments.advertise = "https://y";
  EXPECT_THAT(TranslatorCommand(arguments, "/s"), testing::Contains("--dtls-port=8008"));
}

TEST(LbProxyArguments, AdvertisedUrlThatIsNoneThenRefusedInOneLine) {
  const char* argv[] = {"lb-proxy", "-local", "http://x",   "-tls-cert", "c",
                        "-tls-key", "k",      "-advertise", "y:8008"};
  Arguments arguments;
  testing::internal::CaptureStderr();
  EXPECT_EQ(ParseArguments(9, argv, arguments), kExitBadConfig);
  const std::string error = testing::internal::GetCapturedStderr();
  EXPECT_THAT(error, HasSubstr("--advertise: 'y:8008' needs a scheme"));
  EXPECT_EQ(std::ranges::count(error, '\n'), 1);
}

TEST(LbProxyChild, ExitsThenItsCodeIsKnown) {
  Child child({"sh", "-c", "exit 7"});
  const auto ending = child.Wait(std::chrono::seconds(10));
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->exit_code, 7);
}

TEST(LbProxyChild, SignalledThenSaysSo) {
  Child child({"sleep", "60"});
  child.Signal(9);
  const auto ending = child.Wait(std::chrono::seconds(10));
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->signal, 9);
  EXPECT_THAT(ending->Text(), HasSubstr("signal 9"));
}

TEST(LbProxyChild, NoSuchProgramThen127) {
  Child child({"no-such-program-anywhere"});
  const auto ending = child.Wait(std::chrono::seconds(10));
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->exit_code, 127);
}

}  // namespace
}  // namespace lowband::lb_proxy
