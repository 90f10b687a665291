#include "libs/grpc/certificate_metrics.h"

#include <gmock/gmock.h>

#include <ctime>
#include <sstream>
#include <string>

#include "tests/support/test_certificates.h"

namespace lowband {
namespace {

/// The metric's value as it is served, of one file.
std::string Served(const GrpcSecurity& security, const std::string& file) {
  MetricSet metrics("lowband_test_");
  SetGrpcCertificateMetrics(metrics, security);
  std::istringstream text(metrics.Text());
  const std::string start =
      "lowband_test_grpc_certificate_not_after_timestamp_seconds{file=\"" + file + "\"} ";
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return "absent";
}

TEST(GrpcCertificateMetrics, PlaintextThenTheyNeverEnd) {
  EXPECT_EQ(Served({}, "certificate"), "+Inf");
  EXPECT_EQ(Served({}, "authority"), "+Inf");
}

class GrpcCertificateMetricsFiles : public ::testing::Test {
 protected:
  GrpcCertificateMetricsFiles() {
    files_.Make("ca");
    files_.Make("edge", "ca");
    security_.cert_file = files_.Path("edge.pem");
    security_.ca_file = files_.Path("ca.pem");
  }
  TestCertificates files_;
  GrpcSecurity security_;
};

TEST_F(GrpcCertificateMetricsFiles, FilesThenTheirEnds) {
  // The certificates are good for an hour.
  const auto now = static_cast<double>(std::time(nullptr));
  EXPECT_NEAR(std::stod(Served(security_, "certificate")), now + 3600, 60);
  EXPECT_NEAR(std::stod(Served(security_, "authority")), now + 3600, 60);
}

TEST_F(GrpcCertificateMetricsFiles, FileThatCannotBeReadThenItHasEnded) {
  files_.Write("edge.pem", "no certificate");
  EXPECT_EQ(Served(security_, "certificate"), "0");
  security_.cert_file = files_.Path("nowhere.pem");
  EXPECT_EQ(Served(security_, "certificate"), "0");
}

}  // namespace
}  // namespace lowband
