// Certificates and keys from files: what is wrong is said, and what changes is taken up.
#include "services/edge/dtls/credentials.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/unit/services/edge/dtls/server_fixture.h"

namespace lowband::edge::dtls {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using File = IdentityError::File;

constexpr const char* kData = "tests/unit/services/edge/dtls/data/";
const SocketAddress kClient = Address("198.51.100.7");
const SocketAddress kOther = Address("198.51.100.8");

class IdentityTest : public testing::Test {
 protected:
  IdentityError ErrorOf(const IdentityFiles& files) {
    const auto loaded = Identity::Load(files, *random);
    EXPECT_FALSE(loaded);
    return loaded ? IdentityError{} : loaded.error();
  }
  std::vector<std::string> WarningsOf(const IdentitySpec& spec) {
    const auto loaded = Identity::Load(WriteIdentity(folder, *random, spec), *random);
    EXPECT_TRUE(loaded) << loaded.error().text;
    return (*loaded)->warnings();
  }
  TemporaryFolder folder;
  std::unique_ptr<Random> random = MakeSeededRandom(3);
};

TEST_F(IdentityTest, GoodFilesThenNoWarningAndItsEnd) {
  const auto loaded = Identity::Load(WriteIdentity(folder, *random), *random);
  ASSERT_TRUE(loaded);
  EXPECT_THAT((*loaded)->warnings(), IsEmpty());
  const std::chrono::sys_days end = std::chrono::year(2099) / 12 / 31;
  EXPECT_EQ((*loaded)->not_after(), end + std::chrono::hours(24) - std::chrono::seconds(1));
  EXPECT_NE((*loaded)->MakeKey(*random), nullptr);
}

TEST_F(IdentityTest, MissingFileThenNamed) {
  IdentityFiles files = WriteIdentity(folder, *random);
  const IdentityError certificate = ErrorOf({folder.Path("none.pem"), files.key});
  EXPECT_EQ(certificate.file, File::kCertificate);
  EXPECT_EQ(certificate.text,
            "cannot read \"" + folder.Path("none.pem") + "\": No such file or directory");
  const IdentityError key = ErrorOf({files.certificate, folder.Path("none.pem")});
  EXPECT_EQ(key.file, File::kKey);
  EXPECT_THAT(key.text, HasSubstr("none.pem\": No such file"));
}

TEST_F(IdentityTest, FolderEmptyOrHugeFileThenRefused) {
  IdentityFiles files = WriteIdentity(folder, *random);
  EXPECT_THAT(ErrorOf({folder.Path(""), files.key}).text, HasSubstr("Is a directory"));
  WriteFile(folder.Path("empty"), "");
  EXPECT_THAT(ErrorOf({folder.Path("empty"), files.key}).text, HasSubstr("is empty"));
  WriteFile(folder.Path("huge"), std::string(kIdentityFileBytesMax + 1, 'x'));
  EXPECT_THAT(ErrorOf({folder.Path("huge"), files.key}).text, HasSubstr("too large"));
}

TEST_F(IdentityTest, NotPemThenSaid) {
  IdentityFiles files = WriteIdentity(folder, *random);
  EXPECT_THAT(ErrorOf({files.key, files.key}).text, HasSubstr("holds no PEM certificate"));
  EXPECT_THAT(ErrorOf({files.certificate, files.certificate}).text,
              HasSubstr("holds no PEM private key"));
}

TEST_F(IdentityTest, DamagedPemThenSaid) {
  IdentityFiles files = WriteIdentity(folder, *random);
  std::string text = ReadFileText(files.certificate);
  WriteFile(files.certificate, text.substr(0, text.size() / 2));
  EXPECT_THAT(ErrorOf(files).text, HasSubstr("cert.pem\" cannot be read: "));
  // The second of two is damaged: half a chain would fail at some clients only.
  WriteFile(files.certificate,
            text + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(ErrorOf(files).text, HasSubstr("1 of its certificates cannot be read"));
  WriteFile(files.certificate, text);
  text = ReadFileText(files.key);
  WriteFile(files.key, text.substr(0, text.size() / 2));
  const IdentityError error = ErrorOf(files);
  EXPECT_EQ(error.file, File::kKey);
  EXPECT_THAT(error.text, HasSubstr("key.pem\" cannot be read: "));
}

TEST_F(IdentityTest, KeyOfAnotherCertificateThenSaid) {
  const IdentityFiles one = WriteIdentity(folder, *random);
  TemporaryFolder second;
  const IdentityFiles two = WriteIdentity(second, *random);
  const IdentityError error = ErrorOf({one.certificate, two.key});
  EXPECT_EQ(error.file, File::kKey);
  EXPECT_EQ(error.text,
            "key \"" + two.key + "\" does not belong to certificate \"" + one.certificate + "\"");
}

TEST_F(IdentityTest, OwnCertificateNotFirstThenSaid) {
  const IdentityFiles one = WriteIdentity(folder, *random);
  TemporaryFolder second;
  const IdentityFiles two = WriteIdentity(second, *random);
  WriteFile(one.certificate, ReadFileText(two.certificate) + ReadFileText(one.certificate));
  EXPECT_THAT(ErrorOf(one).text, HasSubstr("put it before the others"));
}

TEST_F(IdentityTest, EncryptedKeyThenSaid) {
  const IdentityFiles files = WriteIdentity(folder, *random);
  for (const char* name : {"encrypted_pkcs8.key.pem", "encrypted_sec1.key.pem"}) {
    const IdentityError error = ErrorOf({files.certificate, std::string(kData) + name});
    EXPECT_EQ(error.file, File::kKey);
    EXPECT_THAT(error.text, HasSubstr("is encrypted"));
  }
}

TEST_F(IdentityTest, UnsupportedKindOfKeyThenSaid) {
  const IdentityFiles files = WriteIdentity(folder, *random);
  for (const std::string kind : {"p521", "ed25519"}) {
    const std::string path = kData + kind;
    EXPECT_THAT(
        ErrorOf({path + ".cert.pem", path + ".key.pem"}).text,
        HasSubstr(kind + ".cert.pem\" has a certificate with a key or signature of a kind"));
    EXPECT_THAT(ErrorOf({files.certificate, path + ".key.pem"}).text,
                HasSubstr(kind + ".key.pem\" is a key of a kind that is not supported (P-521"));
  }
}

TEST_F(IdentityTest, ChainTooLongForAHandshakeThenSaid) {
  const IdentityFiles files = WriteIdentity(
      folder, *random, {.self_signed = false, .authorities = 3, .padding_bytes = 2000});
  EXPECT_THAT(ErrorOf(files).text, HasSubstr("fit a handshake"));
}

TEST_F(IdentityTest, WhatHurtsButWorksThenWarned) {
  EXPECT_THAT(WarningsOf({.not_after = "20210101000000"}), ElementsAre(HasSubstr("has expired")));
  EXPECT_THAT(WarningsOf({.not_before = "20900101000000"}),
              ElementsAre(HasSubstr("not valid yet")));
  EXPECT_THAT(WarningsOf({.ip_address = false}), ElementsAre(HasSubstr("names no IP address")));
  EXPECT_THAT(WarningsOf({.key = KeyKind::kRsa1024}), ElementsAre(HasSubstr("2,048 bits")));
  EXPECT_THAT(WarningsOf({.key = KeyKind::kRsa2048, .self_signed = false}),
              ElementsAre(HasSubstr("no intermediate"), HasSubstr("not signed with RSA")));
}

TEST_F(IdentityTest, CertificateOfAnAuthorityAloneThenWarned) {
  EXPECT_THAT(WarningsOf({.self_signed = false}),
              ElementsAre(HasSubstr("holds no intermediate certificate")));
  EXPECT_THAT(WarningsOf({.self_signed = false, .authorities = 1}), IsEmpty());
}

class ReloadTest : public ServerTest {
 protected:
  // Brings other files by renaming, as certificate tools do; the same size would not hide them.
  void Replace(const IdentityFiles& with) {
    TemporaryFolder fresh;
    std::filesystem::copy_file(with.certificate, files.certificate + ".new");
    std::filesystem::copy_file(with.key, files.key + ".new");
    std::filesystem::rename(files.certificate + ".new", files.certificate);
    std::filesystem::rename(files.key + ".new", files.key);
  }
  Result<Credentials::Reload, IdentityError> Look() {
    return credentials->ReloadIfChanged(look_at);
  }
  TemporaryFolder elsewhere;
  TimePoint look_at;
};

TEST_F(ReloadTest, NothingChangedThenNothingDone) {
  const auto before = credentials->identity();
  const auto reloaded = Look();
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(*reloaded, Credentials::Reload::kUnchanged);
  EXPECT_EQ(credentials->identity(), before);
}

TEST_F(ReloadTest, NewFilesThenNewHandshakesUseThemAndOldSessionsLive) {
  DtlsPeer& old = Connect(kClient);
  Replace(WriteIdentity(elsewhere, *random));
  const auto reloaded = Look();
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(*reloaded, Credentials::Reload::kReloaded);
  DtlsPeer& fresh = Connect(kOther);
  EXPECT_NE(fresh.server_certificate(), old.server_certificate());
  old.Send("old");
  fresh.Send("new");
  Pump();
  EXPECT_EQ(Data().size(), 2u);
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
}

TEST_F(ReloadTest, ChangedAmidAHandshakeThenItEndsWithTheOld) {
  const Bytes before = Connect(kOther).server_certificate();
  lose = [](bool to_server, ByteView datagram) { return !to_server && datagram.size() > 60; };
  DtlsPeer& peer = Dial(kClient);
  Pump();
  ASSERT_EQ(server->handshake_count(), 1u);
  lose = nullptr;
  Replace(WriteIdentity(elsewhere, *random));
  ASSERT_TRUE(Look());
  Pass(std::chrono::seconds(1));
  EXPECT_TRUE(peer.connected());
  EXPECT_EQ(peer.server_certificate(), before);
}

TEST_F(ReloadTest, BadFileThenSaidOnceAndTheOldServesOn) {
  const Bytes before = Connect(kOther).server_certificate();
  const std::string good = ReadFileText(files.key);
  WriteFile(files.key, "no key");
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
  look_at += kRenewalTime;
  const auto failed = Look();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().text, HasSubstr("holds no PEM private key"));
  look_at += kRenewalTime;
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
  EXPECT_EQ(Connect(kClient).server_certificate(), before);
  std::filesystem::remove(files.key);
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
  look_at += kRenewalTime;
  EXPECT_THAT(Look().error().text, HasSubstr("No such file"));
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
  WriteFile(files.key, good);
  EXPECT_EQ(*Look(), Credentials::Reload::kReloaded);
}

TEST_F(ReloadTest, RenewalCaughtInTheMiddleThenNoErrorAndTakenUpWhenBothAreThere) {
  const IdentityFiles next = WriteIdentity(elsewhere, *random);
  const std::string certificate = ReadFileText(next.certificate) + "\n";
  WriteFile(files.certificate, certificate.substr(0, certificate.size() / 2));
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
  look_at += std::chrono::seconds(1);
  WriteFile(files.certificate, certificate);
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
  look_at += std::chrono::seconds(1);
  WriteFile(files.key, ReadFileText(next.key) + "\n");
  EXPECT_EQ(*Look(), Credentials::Reload::kReloaded);
  look_at += 2 * kRenewalTime;
  EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
}

TEST_F(ReloadTest, FilesThatKeepChangingAndAreBadThenStillSaid) {
  for (int i = 0; i < 5; ++i) {
    WriteFile(files.key, "no key" + std::string(static_cast<size_t>(i), ' '));
    EXPECT_EQ(*Look(), Credentials::Reload::kUnchanged);
    look_at += kRenewalTime / 5;
  }
  WriteFile(files.key, "still none");
  EXPECT_THAT(Look().error().text, HasSubstr("holds no PEM private key"));
}

TEST_F(ReloadTest, TicketOfBeforeThenStillGood) {
  const auto session = Connect(kClient, {.tickets = true}).SaveSession();
  Replace(WriteIdentity(elsewhere, *random));
  ASSERT_TRUE(Look());
  Connect(kOther, {.tickets = true, .resume = session});
  EXPECT_EQ(Handshakes(HandshakeResult::kResumed), 1u);
}

}  // namespace
}  // namespace lowband::edge::dtls
