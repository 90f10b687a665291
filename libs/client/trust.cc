#include "libs/client/trust.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

#include "libs/tls/error.h"

namespace lowband::client {
namespace {

// Debian, Fedora, Alpine and openSUSE, in this order.
constexpr std::array kBundles = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
};

}  // namespace

Result<std::shared_ptr<const Trust>, std::string> Trust::FromFile(const std::string& path) {
  auto trust = std::make_shared<Trust>();
  // A positive return counts certificates that could not be read, which a bundle may hold (a root
  // with an algorithm that is not compiled in); a file with none at all is useless.
  const int code = mbedtls_x509_crt_parse_file(trust->chain(), path.c_str());
  if (code < 0) {
    return lowband::Failure("cannot read certificates from \"" + path +
                            "\": " + tls::ErrorText(code));
  }
  if (trust->chain()->raw.p == nullptr) {
    return lowband::Failure("\"" + path + "\" holds no certificate");
  }
  return trust;
}

Result<std::shared_ptr<const Trust>, std::string> Trust::System() {
  if (const char* named = std::getenv("SSL_CERT_FILE"); named != nullptr && *named != '\0') {
    return FromFile(named);
  }
  for (const char* bundle : kBundles) {
    if (access(bundle, R_OK) == 0) return FromFile(bundle);
  }
  return lowband::Failure(std::string("found no root certificates on this machine"));
}

}  // namespace lowband::client
