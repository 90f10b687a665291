#include "libs/grpc/certificate_metrics.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <limits>
#include <memory>
#include <string>

namespace lowband {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeX509 {
  void operator()(X509* cert) const { X509_free(cert); }
};

/// Of the first certificate of a PEM file, in seconds since 1970.
double NotAfter(const std::string& path) {
  if (path.empty()) return std::numeric_limits<double>::infinity();
  const std::unique_ptr<BIO, FreeBio> file(BIO_new_file(path.c_str(), "r"));
  if (!file) return 0;
  const std::unique_ptr<X509, FreeX509> cert(
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  std::tm end{};
  if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert.get()), &end) != 1) return 0;
  return static_cast<double>(timegm(&end));
}

}  // namespace

void SetGrpcCertificateMetrics(MetricSet& metrics, const GrpcSecurity& security) {
  const auto set = [&metrics](const char* file, const std::string& path) {
    metrics.Level("grpc_certificate_not_after_timestamp_seconds",
                  "When the certificate for gRPC ends, or its authority's; +Inf: plaintext.",
                  {{"file", file}}, NotAfter(path));
  };
  set("certificate", security.cert_file);
  set("authority", security.ca_file);
}

}  // namespace lowband
