#include "libs/tls/key_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "libs/tls/handle.h"

namespace lowband::tls {
namespace {

class KeyLogTest : public testing::Test {
 protected:
  KeyLogTest() {
    std::string name = (std::filesystem::temp_directory_path() / "lowband-XXXXXX").string();
    folder = mkdtemp(name.data());
    path = folder / "keys";
  }
  ~KeyLogTest() override { std::filesystem::remove_all(folder); }
  std::string Text() const {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  // What the engine does when the secrets of a handshake are known.
  static void Export(KeyLog& log, mbedtls_ssl_key_export_type type) {
    SslContext ssl;
    log.Attach(ssl.get());
    const unsigned char secret[48] = {0xab};
    const unsigned char random[32] = {0xcd};
    ssl->MBEDTLS_PRIVATE(f_export_keys)(ssl->MBEDTLS_PRIVATE(p_export_keys), type, secret,
                                        sizeof(secret), random, random, MBEDTLS_SSL_TLS_PRF_SHA256);
  }
  std::filesystem::path folder;
  std::filesystem::path path;
};

TEST_F(KeyLogTest, SecretThenOneLineInTheFormatOfAnalysers) {
  auto log = KeyLog::Open(path);
  ASSERT_TRUE(log);
  Export(**log, MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET);
  EXPECT_EQ(Text(),
            "CLIENT_RANDOM cd" + std::string(62, '0') + " ab" + std::string(94, '0') + "\n");
}

TEST_F(KeyLogTest, NewFileThenForItsOwnerOnly) {
  auto log = KeyLog::Open(path);
  ASSERT_TRUE(log);
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(KeyLogTest, OldFileThenAppendedTo) {
  std::ofstream(path) << "# before\n";
  auto log = KeyLog::Open(path);
  Export(**log, MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET);
  EXPECT_TRUE(Text().starts_with("# before\nCLIENT_RANDOM "));
}

TEST_F(KeyLogTest, CannotBeOpenedThenThePathAndTheReason) {
  const auto log = KeyLog::Open(folder / "none" / "keys");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error(), "cannot open key log \"" + (folder / "none" / "keys").string() +
                             "\": No such file or directory");
}

}  // namespace
}  // namespace lowband::tls
