// The URL of a CoAP resource, split into the values of a request's options.
//
// Threading: any. Spec: RFC 7252 §6.1 to §6.4, RFC 3986.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/result.h"

namespace lowband::tools {

inline constexpr uint16_t kCoapPort = 5683;   ///< RFC 7252 §12.6.
inline constexpr uint16_t kCoapsPort = 5684;  ///< RFC 7252 §12.7.
/// For http:// and https:// URLs without a port: the Go lb-proxy's port in its documentation.
/// HTTP's own ports have no meaning over UDP.
inline constexpr uint16_t kMatrixPort = 8008;

struct Url {
  bool secure = true;  ///< DTLS; false: coap://, plain UDP.
  std::string host;    ///< Name or address literal, without brackets.
  uint16_t port = kCoapsPort;
  std::vector<std::string> path;     ///< Segments, percent-decoded; the last is empty after a "/".
  std::vector<std::string> queries;  ///< Arguments, percent-decoded.
};

/// Accepts coap, coaps, http and https (which mean coaps), and no scheme (coaps). The error names
/// the fault of `text`.
Result<Url, std::string> ParseUrl(std::string_view text);

}  // namespace lowband::tools
