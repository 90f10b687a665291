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
  /// As clients write it into Host: with the port, unless it is the scheme's own.
  std::string authority;
};

/// Throws ConfigError("--advertise", …) unless `url` is http or https with a host, in plain ASCII
/// that can stand in a JSON string as it is, and without user name, path, query and fragment: the
/// edge serves Matrix at the root.
PublicUrl ParsePublicUrl(const std::string& url);

}  // namespace lowband
