#include "services/translator/mapping/relay_request.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "libs/base/address.h"
#include "libs/http/limits.h"
#include "services/translator/mapping/percent.h"

namespace lowband::translator {
namespace {

/// What libcurl makes of the request itself, and what a client could use to speak for its proxies.
constexpr std::array<std::string_view, 5> kDropped = {"Host", "Content-Length", "Expect",
                                                      "Forwarded", "HTTP2-Settings"};
constexpr std::string_view kForwardedPrefix = "x-forwarded-";

bool IsTarget(std::string_view target) {
  return target.starts_with('/') && target.size() <= http::kTargetBytesMax &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool IsDropped(const http::Field& field) {
  const std::string_view name = field.name;
  if (http::SameToken(name.substr(0, kForwardedPrefix.size()), kForwardedPrefix)) return true;
  return std::any_of(kDropped.begin(), kDropped.end(),
                     [name](std::string_view other) { return http::SameToken(name, other); });
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Every element is an address of its own; anything else could pretend to be more.
bool AreAddresses(std::string_view list) {
  while (true) {
    const size_t comma = list.find(',');
    if (!SocketAddress::FromLiteral(Trim(list.substr(0, comma)), 0)) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

void AddForwarded(const v1::RelayRequest& request, http::Fields& fields) {
  if (AreAddresses(request.forwarded_for())) {
    fields.push_back({"X-Forwarded-For", request.forwarded_for()});
  }
  if (request.forwarded_proto() == "http" || request.forwarded_proto() == "https") {
    fields.push_back({"X-Forwarded-Proto", request.forwarded_proto()});
  }
}

}  // namespace

Result<RelayHead, std::string> MapRelayRequest(const v1::RelayRequest& request,
                                               bool forward_client_ip) {
  RelayHead head;
  head.method = request.method();
  if (!http::IsToken(head.method) || head.method == "CONNECT" || head.method == "TRACE") {
    return Failure(std::string("the method is not one that is relayed"));
  }
  head.target = request.target();
  if (!IsTarget(head.target)) return Failure(std::string("the target is not a path"));
  head.has_body = request.has_body();
  if (head.has_body && request.has_content_length()) {
    head.content_length = request.content_length();
  }
  const bool sends = head.has_body && head.content_length != 0;
  if (head.method == "HEAD" && sends) return Failure(std::string("HEAD has a body"));
  head.expects_continue = request.expects_continue() && sends;
  if (request.fields_size() > static_cast<int>(http::kFieldsMax)) {
    return Failure(std::string("there are too many fields"));
  }
  for (const v1::HttpField& field : request.fields()) {
    if (!http::IsToken(field.name()) || !http::IsFieldValue(field.value())) {
      return Failure(std::string("a field is malformed"));
    }
    head.fields.push_back({field.name(), field.value()});
  }
  http::RemoveHopByHop(head.fields);
  std::erase_if(head.fields, IsDropped);
  if (forward_client_ip) AddForwarded(request, head.fields);
  return head;
}

Route RouteOfTarget(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  std::vector<std::string> decoded;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    decoded.push_back(PercentDecode(path.substr(0, end)));
    path.remove_prefix(end);
  }
  const std::vector<std::string_view> segments(decoded.begin(), decoded.end());
  return RouteOfPath(segments);
}

}  // namespace lowband::translator
