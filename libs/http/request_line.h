// The first line of a request, and the host that it or the field Host names. For ParseRequestHead
// only.
//
// Threading: free functions; any thread. Ownership: views point into the line. Errors: Refusal.
// Spec: RFC 9112 §2.3, §3; RFC 3986 §3.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/base/result.h"
#include "libs/http/refusal.h"

namespace lowband::http {

struct RequestLine {
  std::string_view method;
  /// Path and query as they came; the path is empty where an absolute-form had none.
  std::string_view path_and_query;
  bool http10 = false;

  /// Origin-form.
  std::string target() const;
};

/// What is wrong with a request line of which this is the beginning, whatever follows.
std::optional<Refusal> WrongSoFar(std::string_view line);
/// REQUIRES: nothing is WrongSoFar.
Result<RequestLine, Refusal> ParseRequestLine(std::string_view line);

/// host[:port] of what is used for hosts: names, IPv4 and [IPv6] addresses. RFC 3986 would allow
/// more in a registered name, such as commas, that a reader may take for something else.
bool IsHostAndPort(std::string_view text);

}  // namespace lowband::http
