#include "services/translator/mapping/config.h"

#include "libs/base/config_error.h"
#include "libs/base/public_url.h"

namespace lowband::translator {
namespace {

constexpr uint16_t kDefaultPort = 8008;

}  // namespace

void MappingConfig::Validate() const {
  if (dtls_port && *dtls_port == 0) throw ConfigError("--dtls-port", "must not be 0");
  if (request_timeout < kRequestTimeoutMin || request_timeout > kRequestTimeoutMax) {
    throw ConfigError("--request-timeout", "must be from 1s to 1h");
  }
  if (!advertise.empty()) (void)ParsePublicUrl(advertise);
}

uint16_t MappingConfig::PublicDtlsPort() const {
  if (dtls_port) return *dtls_port;
  if (advertise.empty()) return kDefaultPort;
  return ParsePublicUrl(advertise).port.value_or(kDefaultPort);
}

}  // namespace lowband::translator
