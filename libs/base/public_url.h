// The URL under which clients find this server, as --advertise gives it.
//
// Threading: free functions; startup only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lowband {

struct PublicUrl {
  bool tls = false;              ///< https
  std::optional<uint16_t> port;  ///< When the URL names one.
};

/// Throws ConfigError("--advertise", …) unless `url` is http or https with a host, in plain ASCII
/// that can stand in a JSON string as it is, and without user name, query and fragment.
PublicUrl ParsePublicUrl(const std::string& url);

}  // namespace lowband
