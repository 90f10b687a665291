// The first line of a request, and the host in it or in the field Host. Only for ParseRequestHead.
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
  /// Path and query as received; the path is empty if an absolute-form had none.
  std::string_view path_and_query;
  bool http10 = false;

  /// Origin-form.
  std::string target() const;
};

/// The fault of any request line that begins so, if it has one already.
std::optional<Refusal> WrongSoFar(std::string_view line);
/// REQUIRES: WrongSoFar(line) is none.
Result<RequestLine, Refusal> ParseRequestLine(std::string_view line);

/// host[:port] with the usual hosts: names, IPv4 and [IPv6] addresses. RFC 3986 allows more in a
/// registered name, such as commas, which readers may misinterpret.
bool IsHostAndPort(std::string_view text);

}  // namespace lowband::http
