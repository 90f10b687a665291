#include "libs/grpc/certificate_metrics.h"

#include <ctime>
#include <limits>
#include <string>

#include "libs/base/openssl_handles.h"

namespace lowband {
namespace {

/// End of validity of the first certificate of a PEM file, in seconds since 1970.
double NotAfter(const std::string& path) {
  if (path.empty()) return std::numeric_limits<double>::infinity();
  const Bio file(BIO_new_file(path.c_str(), "r"));
  if (!file) return 0;
  const Certificate cert(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  std::tm end{};
  if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert.get()), &end) != 1) return 0;
  return static_cast<double>(timegm(&end));
}

}  // namespace

void SetGrpcCertificateMetrics(MetricSet& metrics, const GrpcSecurity& security) {
  const auto set = [&metrics](const char* file, const std::string& path) {
    metrics.Level(
        "grpc_certificate_not_after_timestamp_seconds",
        "End of validity of the certificate for gRPC, or of its authority's; +Inf: plaintext.",
        {{"file", file}}, NotAfter(path));
  };
  set("certificate", security.cert_file);
  set("authority", security.ca_file);
}

}  // namespace lowband
