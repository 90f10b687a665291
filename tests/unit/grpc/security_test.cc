#include "libs/grpc/security.h"

#include <gmock/gmock.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "libs/base/config_error.h"
#include "tests/unit/grpc/test_certificates.h"

namespace lowband {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What ConfigError says, or "accepted".
template <class Function>
std::string ErrorOf(Function function) {
  try {
    function();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string DialError(const GrpcSecurity& security, const std::string& target) {
  return ErrorOf([&] { MakeChannelCredentials(security, "--translator", target); });
}
std::string ListenError(const GrpcSecurity& security, const std::string& address) {
  return ErrorOf([&] { MakeServerCredentials(security, "--listen", address); });
}

TEST(GrpcSecurity, PlaintextOnThisMachineThenAccepted) {
  EXPECT_NE(MakeChannelCredentials({}, "--translator", "unix:/run/t.sock"), nullptr);
  EXPECT_NE(MakeServerCredentials({}, "--listen", "127.0.0.1:0"), nullptr);
}

TEST(GrpcSecurity, PlaintextBeyondThisMachineThenRefusedNamingTheFlag) {
  EXPECT_THAT(DialError({}, "dns:///translator:9090"),
              AllOf(StartsWith("--translator: "), HasSubstr("--insecure-grpc")));
  EXPECT_THAT(ListenError({}, ":9090"),
              AllOf(StartsWith("--listen: "), HasSubstr("--insecure-grpc")));
}

TEST(GrpcSecurity, PlaintextBeyondThisMachineAllowedThenAccepted) {
  GrpcSecurity security;
  security.insecure = true;
  EXPECT_EQ(DialError(security, "dns:///translator:9090"), "accepted");
  EXPECT_EQ(ListenError(security, ":9090"), "accepted");
}

TEST(GrpcSecurity, BadTargetThenTheFlagIsNamedWhateverTheSecurity) {
  GrpcSecurity security;
  security.insecure = true;
  EXPECT_THAT(DialError(security, "translator"), StartsWith("--translator: "));
  EXPECT_THAT(ListenError(security, "9090"), StartsWith("--listen: "));
}

class GrpcSecurityFiles : public ::testing::Test {
 protected:
  GrpcSecurityFiles() {
    files_.Make("ca");
    files_.Make("edge", "ca");
    files_.Make("other", "ca");
    good_.cert_file = files_.Path("edge.pem");
    good_.key_file = files_.Path("edge.key");
    good_.ca_file = files_.Path("ca.pem");
  }
  TestCertificates files_;
  GrpcSecurity good_;
};

TEST_F(GrpcSecurityFiles, AllThreeThenAcceptedAnywhere) {
  EXPECT_NE(MakeChannelCredentials(good_, "--translator", "dns:///translator:9090"), nullptr);
  EXPECT_NE(MakeServerCredentials(good_, "--listen", ":9090"), nullptr);
}

TEST_F(GrpcSecurityFiles, OneMissingThenItsFlagIsNamed) {
  GrpcSecurity security = good_;
  security.cert_file.clear();
  EXPECT_THAT(DialError(security, "localhost:1"), StartsWith("--grpc-cert: is missing"));
  security = good_;
  security.key_file.clear();
  EXPECT_THAT(DialError(security, "localhost:1"), StartsWith("--grpc-key: is missing"));
  security = good_;
  security.ca_file.clear();
  EXPECT_THAT(DialError(security, "localhost:1"), StartsWith("--grpc-ca: is missing"));
}

TEST_F(GrpcSecurityFiles, FileThatIsNotThereThenFlagAndFileAreNamed) {
  good_.key_file = files_.Path("nowhere.key");
  EXPECT_THAT(
      ListenError(good_, "localhost:1"),
      AllOf(StartsWith("--grpc-key: "), HasSubstr("nowhere.key"), HasSubstr("No such file")));
  good_.key_file = files_.Path("");
  EXPECT_THAT(ListenError(good_, "localhost:1"), StartsWith("--grpc-key: "));
}

TEST_F(GrpcSecurityFiles, FileThatIsNoPemThenFlagAndFileAreNamed) {
  files_.Write("noise", "not a certificate");
  GrpcSecurity security = good_;
  security.ca_file = files_.Path("noise");
  EXPECT_THAT(DialError(security, "localhost:1"),
              AllOf(StartsWith("--grpc-ca: "), HasSubstr("noise")));
  security = good_;
  security.cert_file = files_.Path("noise");
  EXPECT_THAT(DialError(security, "localhost:1"),
              AllOf(StartsWith("--grpc-cert: "), HasSubstr("noise")));
  security = good_;
  security.key_file = files_.Path("noise");
  EXPECT_THAT(DialError(security, "localhost:1"),
              AllOf(StartsWith("--grpc-key: "), HasSubstr("noise")));
}

TEST_F(GrpcSecurityFiles, KeyOfAnotherCertificateThenRefused) {
  good_.key_file = files_.Path("other.key");
  EXPECT_THAT(DialError(good_, "localhost:1"),
              AllOf(StartsWith("--grpc-key: "), HasSubstr("does not belong")));
}

}  // namespace
}  // namespace lowband
