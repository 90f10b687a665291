// Properties of methods for requests that are sent twice (RFC 9110 §9.2).
//
// Threading: pure functions.
#pragma once

#include <string_view>

namespace lowband::http {

/// The method changes no state (§9.2.1).
inline bool IsSafe(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

/// Sent twice, it has the effect of once (§9.2.2).
inline bool IsIdempotent(std::string_view method) {
  return IsSafe(method) || method == "PUT" || method == "DELETE";
}

}  // namespace lowband::http
