#include "services/translator/upstream/http.h"

namespace lowband::translator {

std::string_view Text(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet: return "GET";
    case HttpMethod::kPost: return "POST";
    case HttpMethod::kPut: return "PUT";
    case HttpMethod::kDelete: return "DELETE";
  }
  return "?";
}

std::string_view Text(UpstreamFault fault) {
  switch (fault) {
    case UpstreamFault::kConnect: return "connect";
    case UpstreamFault::kTls: return "tls";
    case UpstreamFault::kTimeout: return "timeout";
    case UpstreamFault::kBroken: return "broken";
    case UpstreamFault::kTooLarge: return "too_large";
    case UpstreamFault::kOverload: return "overload";
    case UpstreamFault::kUnavailable: return "unavailable";
    case UpstreamFault::kCancelled: return "cancelled";
    case UpstreamFault::kStopping: return "stopping";
  }
  return "?";
}

}  // namespace lowband::translator
