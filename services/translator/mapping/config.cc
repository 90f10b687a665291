#include "services/translator/mapping/config.h"

#include <algorithm>
#include <string_view>

#include "libs/base/config_error.h"
#include "libs/base/public_url.h"

namespace lowband::translator::mapping {
namespace {

constexpr uint16_t kDefaultPort = 8008;

}  // namespace

void MappingConfig::Validate() const {
  if (dtls_port && *dtls_port == 0) throw ConfigError("--dtls-port", "must not be 0");
  if (request_timeout < kRequestTimeoutMin || request_timeout > kRequestTimeoutMax) {
    throw ConfigError("--request-timeout", "must be from 1s to 1h");
  }
  for (size_t begin = 0; begin < allow_paths.size();) {
    const size_t end = std::min(allow_paths.find(',', begin), allow_paths.size());
    const std::string_view one = std::string_view(allow_paths).substr(begin, end - begin);
    const bool visible = std::ranges::all_of(one, [](char c) { return c > ' ' && c <= '~'; });
    if (!one.starts_with('/') || !one.ends_with('/') || !visible) {
      throw ConfigError("--allow-paths",
                        "must be paths that begin and end with /, with commas between them");
    }
    begin = end + 1;
  }
  if (!advertise.empty()) (void)ParsePublicUrl(advertise);
}

uint16_t MappingConfig::PublicDtlsPort() const {
  if (dtls_port) return *dtls_port;
  if (advertise.empty()) return kDefaultPort;
  return ParsePublicUrl(advertise).port.value_or(kDefaultPort);
}

}  // namespace lowband::translator::mapping
