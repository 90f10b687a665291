#include "libs/grpc/security.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "libs/base/config_error.h"
#include "tests/support/test_certificates.h"

namespace lowband {
namespace {

using namespace std::chrono_literals;

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

/// Whether a client with these files and a server with its own get a connection.
bool Connects(const std::shared_ptr<grpc::ChannelCredentials>& credentials, int port,
              std::chrono::seconds limit) {
  grpc::ChannelArguments arguments;
  // Else a new channel would go on with the connection of the last.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel =
      grpc::CreateCustomChannel("localhost:" + std::to_string(port), credentials, arguments);
  return channel->WaitForConnected(std::chrono::system_clock::now() + limit);
}

TEST_F(GrpcSecurityFiles, ReplacedFilesAreUsedForNewConnections) {
  grpc::CallbackGenericService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("localhost:0", MakeServerCredentials(good_, "--listen", "localhost:0"),
                           &port);
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  const auto running = MakeChannelCredentials(good_, "--translator", "localhost:1");
  EXPECT_TRUE(Connects(running, port, 30s));

  const auto connects_soon = [&](const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    // The new files are noticed in their own time, and a busy machine takes seconds to connect.
    for (int attempt = 1; attempt <= 10; ++attempt) {
      if (Connects(credentials, port, attempt * 1s)) return true;
    }
    return false;
  };
  // Everything is signed anew by an authority that nobody knew.
  files_.Make("ca");
  files_.Make("edge", "ca");
  EXPECT_TRUE(connects_soon(MakeChannelCredentials(good_, "--translator", "localhost:1")))
      << "the server goes on with the files it had";
  EXPECT_TRUE(connects_soon(running)) << "the client goes on with the files it had";

  files_.Make("stranger");
  GrpcSecurity stranger = good_;
  stranger.cert_file = files_.Path("stranger.pem");
  stranger.key_file = files_.Path("stranger.key");
  EXPECT_FALSE(Connects(MakeChannelCredentials(stranger, "--translator", "localhost:1"), port, 1s));
}

}  // namespace
}  // namespace lowband
