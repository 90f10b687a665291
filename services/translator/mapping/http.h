// An HTTP exchange with the homeserver, as values that the mapping makes and reads, and the
// upstream stage carries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/base/holdings.h"
#include "libs/base/request_id.h"
#include "libs/base/time.h"

namespace lowband::translator::mapping {

enum class HttpMethod : uint8_t { kGet, kPost, kPut, kDelete };
constexpr std::string_view Text(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet: return "GET";
    case HttpMethod::kPost: return "POST";
    case HttpMethod::kPut: return "PUT";
    case HttpMethod::kDelete: return "DELETE";
  }
  return "?";
}

/// The request to send. Header values hold no CR, LF or NUL: the mapping has checked them.
struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string target;             ///< Path and query, encoded; begins with '/'.
  std::string body;               ///< JSON or octets; may be empty. Never sent with GET.
  std::string content_type;       ///< Empty: no header.
  std::string authorization;      ///< Whole header value; empty: no header.
  std::string user_agent;         ///< Empty: the upstream's own.
  std::string if_match;           ///< If-Match; empty: no header.
  std::string forwarded_for;      ///< X-Forwarded-For; empty: no header.
  RequestId request_id;           ///< X-Request-Id; empty: no header.
  std::string trace_parent;       ///< traceparent; empty: no header.
  Duration timeout{};             ///< From submission to the last byte of the answer.
  bool follow_redirects = false;  ///< GET on .well-known only: docs/protocol.md.
  Owner owner = 0;                ///< For fair shares of the places.
  /// The homeserver holds it until there is news, and it can be repeated from its position.
  bool long_poll = false;
};

/// The reason why there is no HTTP answer.
enum class UpstreamFault : uint8_t {
  kConnect,       ///< Name, TCP or proxy failure: nothing was sent.
  kTls,           ///< Certificate or handshake refused: nothing was sent.
  kTimeout,       ///< The deadline passed.
  kBroken,        ///< The connection broke after something was sent.
  kTooLarge,      ///< The body passed the limit, after decompression.
  kOverload,      ///< Too many active and pending exchanges, or bytes of bodies, here.
  kTooManyPolls,  ///< A long-poll of an owner with too many lost its place, or got none.
  kUnavailable,   ///< The homeserver was unreachable several times: not tried.
  kCancelled,
  kStopping,
};
inline constexpr size_t kUpstreamFaultCount = 10;
/// A metrics label.
constexpr std::string_view Text(UpstreamFault fault) {
  switch (fault) {
    case UpstreamFault::kConnect: return "connect";
    case UpstreamFault::kTls: return "tls";
    case UpstreamFault::kTimeout: return "timeout";
    case UpstreamFault::kBroken: return "broken";
    case UpstreamFault::kTooLarge: return "too_large";
    case UpstreamFault::kOverload: return "overload";
    case UpstreamFault::kTooManyPolls: return "too_many_polls";
    case UpstreamFault::kUnavailable: return "unavailable";
    case UpstreamFault::kCancelled: return "cancelled";
    case UpstreamFault::kStopping: return "stopping";
  }
  return "?";
}

struct HttpResponse {
  uint16_t status = 0;
  std::string body;  ///< Decompressed.
  std::string content_type;
  std::string location;    ///< As received, relative or absolute; empty: none.
  std::string entity_tag;  ///< ETag as received; empty: none.
  std::optional<uint32_t> retry_after_s;
  std::optional<uint32_t> expires_after_s;  ///< From Date to Expires.
  uint64_t wire_bytes_received = 0;         ///< Headers and body as received, compressed.
  uint64_t wire_bytes_sent = 0;
  /// Of those: header fields that a client without gateway would not send.
  uint64_t gateway_bytes_sent = 0;
};

}  // namespace lowband::translator::mapping
