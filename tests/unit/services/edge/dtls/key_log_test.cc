// SSLKEYLOGFILE: the secrets of each handshake, on one line, the same as the client's.
#include "libs/tls/key_log.h"

#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

TEST_F(ServerTest, KeyLogThenTheSecretsThatTheClientHasToo) {
  const auto ours = std::move(*tls::KeyLog::Open(folder.Path("ours")));
  const auto theirs = std::move(*tls::KeyLog::Open(folder.Path("theirs")));
  Config config;
  config.key_log = ours.get();
  Restart(config);
  Connect(Address("192.0.2.1"), {.key_log = theirs.get()});
  Connect(Address("192.0.2.2"), {.key_log = theirs.get()});
  const std::string text = ReadFileText(folder.Path("ours"));
  EXPECT_EQ(text, ReadFileText(folder.Path("theirs")));
  EXPECT_EQ(text.size(), 2 * (14 + 64 + 1 + 96 + 1));
  EXPECT_TRUE(text.starts_with("CLIENT_RANDOM "));
}

}  // namespace
}  // namespace lowband::edge::dtls
