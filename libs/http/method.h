// What the name of a method says of a request that is sent twice (RFC 9110 §9.2).
//
// Threading: pure functions.
#pragma once

#include <string_view>

namespace lowband::http {

/// It changes nothing: asking twice does what asking once does (§9.2.1).
inline bool IsSafe(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

/// Twice has the effect of once (§9.2.2).
inline bool IsIdempotent(std::string_view method) {
  return IsSafe(method) || method == "PUT" || method == "DELETE";
}

}  // namespace lowband::http
