#include "services/translator/upstream/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "libs/base/config_error.h"
#include "tests/support/http_server.h"

namespace lowband::translator::upstream {
namespace {

std::string ProblemWith(const UpstreamConfig& config) {
  try {
    config.Validate();
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

TEST(UpstreamConfig, DefaultsThenTheyAreValid) { EXPECT_EQ(ProblemWith(UpstreamConfig{}), ""); }

TEST(UpstreamConfig, NumberOutOfRangeThenItsFlagIsNamed) {
  UpstreamConfig config;
  config.threads = 0;
  EXPECT_EQ(ProblemWith(config), "--upstream-threads: 0 is not between 1 and 16");
  config.threads = 4;
  config.active_max = 3;  // each thread needs one
  EXPECT_EQ(ProblemWith(config), "--upstream-max-active: 3 is not between 4 and 65536");
  config = {};
  config.pending_max = 100'000;
  EXPECT_EQ(ProblemWith(config), "--upstream-max-pending: 100000 is not between 0 and 65536");
  config = {};
  config.polls_per_owner_max = 0;
  EXPECT_EQ(ProblemWith(config), "--upstream-max-polls: 0 is not between 1 and 65536");
  config = {};
  config.response_body_bytes_max = 0;
  EXPECT_EQ(ProblemWith(config), "--upstream-max-body: 0 is not between 1 and 67108864");
  config = {};
  config.connect_timeout = Duration::zero();
  EXPECT_EQ(ProblemWith(config), "--upstream-connect-timeout: must be longer than 0");
}

TEST(UpstreamConfig, CaThenAFileOfCertificatesOrADirectoryIsAccepted) {
  const testing::TestCertificates certificates("127.0.0.1");
  UpstreamConfig config;
  config.ca = certificates.ca_file();
  EXPECT_EQ(ProblemWith(config), "");
  config.ca = "/etc";
  EXPECT_EQ(ProblemWith(config), "");
}

TEST(UpstreamConfig, CaMissingOrNoCertificateThenTheErrorNamesIt) {
  UpstreamConfig config;
  config.ca = "/nowhere/ca.pem";
  EXPECT_EQ(ProblemWith(config), "--upstream-ca: '/nowhere/ca.pem' does not exist");
  config.ca = "/etc/passwd";
  EXPECT_EQ(ProblemWith(config),
            "--upstream-ca: '/etc/passwd' cannot be read or holds no PEM certificate");
}

}  // namespace
}  // namespace lowband::translator::upstream
