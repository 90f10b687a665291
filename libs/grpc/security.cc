#include "libs/grpc/security.h"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "libs/base/config_error.h"
#include "libs/base/openssl_handles.h"
#include "libs/grpc/target.h"

namespace lowband {
namespace {

/// Interval of checking the files. New connections use a renewed certificate; open ones keep
/// theirs.
constexpr unsigned kRefreshSeconds = 1;

std::string ReadFile(const std::string& flag, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad()) {
    throw ConfigError(flag, path + ": " + (errno != 0 ? std::strerror(errno) : "cannot be read"));
  }
  return text.str();
}

Bio OpenBio(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate FirstCertificate(const std::string& flag, const std::string& path,
                             const std::string& pem) {
  const Bio bio = OpenBio(pem);
  Certificate cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!cert) throw ConfigError(flag, path + ": holds no PEM certificate");
  return cert;
}

// gRPC accepts any text as credentials and then fails each connection without a reason.
void CheckFiles(const GrpcSecurity& security) {
  const std::string cert_pem = ReadFile("--grpc-cert", security.cert_file);
  const std::string key_pem = ReadFile("--grpc-key", security.key_file);
  FirstCertificate("--grpc-ca", security.ca_file, ReadFile("--grpc-ca", security.ca_file));
  const Certificate cert = FirstCertificate("--grpc-cert", security.cert_file, cert_pem);
  const Bio bio = OpenBio(key_pem);
  // Never ask on the terminal for the passphrase of an encrypted key.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) {
    throw ConfigError("--grpc-key", security.key_file + ": holds no unencrypted PEM private key");
  }
  if (X509_check_private_key(cert.get(), key.get()) != 1) {
    throw ConfigError("--grpc-key", security.key_file + ": does not belong to the certificate in " +
                                        security.cert_file);
  }
}

using Provider = std::shared_ptr<grpc::experimental::CertificateProviderInterface>;

/// Null: plaintext.
Provider WatchFiles(const GrpcSecurity& security) {
  const bool any =
      !security.cert_file.empty() || !security.key_file.empty() || !security.ca_file.empty();
  if (!any) return nullptr;
  const auto require = [](const char* flag, const std::string& path) {
    if (path.empty()) {
      throw ConfigError(flag, "is missing; --grpc-cert, --grpc-key and --grpc-ca go together");
    }
  };
  require("--grpc-cert", security.cert_file);
  require("--grpc-key", security.key_file);
  require("--grpc-ca", security.ca_file);
  CheckFiles(security);
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      security.key_file, security.cert_file, security.ca_file, kRefreshSeconds);
}

void RefusePlaintext(const GrpcSecurity& security, const std::string& flag,
                     const Result<GrpcTarget, std::string>& target) {
  if (!target) throw ConfigError(flag, target.error());
  if (target->local || security.insecure) return;
  throw ConfigError(flag, "'" + target->name +
                              "' is not on this machine: give --grpc-cert, --grpc-key and "
                              "--grpc-ca, or --insecure-grpc for no encryption");
}

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> MakeChannelCredentials(const GrpcSecurity& security,
                                                                 const std::string& flag,
                                                                 const std::string& target) {
  const auto parsed = ParseGrpcTarget(target);
  if (!parsed) throw ConfigError(flag, parsed.error());
  const Provider provider = WatchFiles(security);
  if (provider == nullptr) {
    RefusePlaintext(security, flag, parsed);
    return grpc::InsecureChannelCredentials();
  }
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const GrpcSecurity& security,
                                                               const std::string& flag,
                                                               const std::string& address) {
  const auto parsed = ParseGrpcListenAddress(address);
  if (!parsed) throw ConfigError(flag, parsed.error());
  const Provider provider = WatchFiles(security);
  if (provider == nullptr) {
    RefusePlaintext(security, flag, parsed);
    return grpc::InsecureServerCredentials();
  }
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace lowband
