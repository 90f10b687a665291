// The trusted authorities for a server's certificate.
//
// Threading: immutable once read; any thread. Ownership: shared by the sessions that check against
// it. Spec: RFC 5280.
#pragma once

#include <memory>
#include <string>

#include "libs/base/result.h"
#include "libs/tls/handle.h"

namespace lowband::client {

class Trust {
 public:
  /// Reads one or more certificates, PEM or DER. The error names `path`.
  static Result<std::shared_ptr<const Trust>, std::string> FromFile(const std::string& path);
  /// The roots of this machine: $SSL_CERT_FILE, or the bundle of the distribution.
  static Result<std::shared_ptr<const Trust>, std::string> System();

  /// mbedTLS takes a non-const chain, but only reads it.
  mbedtls_x509_crt* chain() const { return const_cast<mbedtls_x509_crt*>(chain_.get()); }

 private:
  tls::Certificate chain_;
};

}  // namespace lowband::client
