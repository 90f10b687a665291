// The public URL of this server, from --advertise.
//
// Threading: free functions; startup only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lowband {

struct PublicUrl {
  bool tls = false;              ///< https
  std::optional<uint16_t> port;  ///< If the URL names one.
  /// The form of Host: with the port, unless it is the scheme's default.
  std::string authority;
};

/// Throws ConfigError("--advertise", …) unless `url` is http or https with a host, in plain ASCII
/// that needs no escapes in a JSON string, and without user name, path, query and fragment: the
/// edge serves Matrix at the root.
PublicUrl ParsePublicUrl(const std::string& url);

}  // namespace lowband
