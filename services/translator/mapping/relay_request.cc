#include "services/translator/mapping/relay_request.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libs/base/address.h"
#include "libs/http/gateway.h"
#include "libs/http/limits.h"
#include "libs/http/text.h"
#include "libs/http/trace_context.h"
#include "services/translator/mapping/path.h"
#include "services/translator/mapping/percent.h"
#include "services/translator/mapping/query.h"

namespace lowband::translator::mapping {
namespace {

bool IsTarget(std::string_view target) {
  return target.starts_with('/') && target.size() <= http::kTargetBytesMax &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// Every element must be a single address; other text could pretend to be several.
bool AreAddresses(std::string_view list) {
  http::Elements elements(list);
  while (const auto one = elements.Next()) {
    if (!SocketAddress::FromLiteral(*one, 0)) return false;
  }
  return true;
}

void AddForwarded(const v1::RelayRequest& request, http::Fields& fields) {
  if (AreAddresses(request.forwarded_for())) {
    fields.push_back({"X-Forwarded-For", request.forwarded_for()});
  }
  if (request.forwarded_proto() == "http" || request.forwarded_proto() == "https") {
    fields.push_back({"X-Forwarded-Proto", request.forwarded_proto()});
  }
}

void AddTrace(const v1::RelayRequest& request, uint64_t trace_one_in, http::Fields& fields) {
  const bool traced = http::TakeTrace(fields).has_value();
  const auto id = ReadRequestId(AsBytes(request.request_id()));
  if (!id) return;
  fields.push_back({"X-Request-Id", id->Text()});
  if (traced || trace_one_in == 0) return;
  fields.push_back({"traceparent", http::MakeTraceParent(*id, http::IsSampled(*id, trace_one_in))});
}

/// Sets its owner, and whether the homeserver holds it until there is news.
void SetShare(const v1::RelayRequest& request, const OwnerKey& key, RelayHead& head) {
  std::vector<std::string> parts;
  const size_t question = std::min(head.target.find('?'), head.target.size());
  for (size_t begin = question + 1; begin < head.target.size();) {
    const size_t end = std::min(head.target.find('&', begin), head.target.size());
    parts.push_back(PercentDecode(std::string_view(head.target).substr(begin, end - begin)));
    begin = end + 1;
  }
  Query query;
  for (const std::string& part : parts) query.Add(part);
  std::string token = query.TakeAccessToken().value_or("");
  if (const std::string* field = http::Find(head.fields, "Authorization")) token = *field;
  head.owner = OwnerOf(key, token, http::Elements(request.forwarded_for()).Next().value_or(""));
  head.long_poll = IsLongPoll(RouteOfTarget(head.target)) && !query.AsksForAll() &&
                   query.TimeoutMs().value_or(0) > 0;
}

// RFC 3986 §5.2.4, with backslashes as some servers have them.
std::string WithoutDotSegments(std::string_view path) {
  std::vector<std::string_view> kept;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find_first_of("/\\", begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    begin = end + 1;
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  return out.append("/");
}

}  // namespace

Result<RelayHead, std::string> MapRelayRequest(const v1::RelayRequest& request,
                                               const MappingConfig& config) {
  RelayHead head;
  head.method = request.method();
  if (!http::IsToken(head.method) || head.method == "CONNECT" || head.method == "TRACE") {
    return Failure(std::string("this method is not relayed"));
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
  std::erase_if(head.fields,
                [](const http::Field& field) { return http::IsNotPassedOn(field.name); });
  SetShare(request, config.owner_key, head);
  AddTrace(request, config.trace_one_in, head.fields);
  if (config.forward_client_ip) AddForwarded(request, head.fields);
  return head;
}

bool IsRelayed(std::string_view target, std::string_view allow_paths) {
  if (allow_paths == "/") return true;
  const auto is_allowed = [&](std::string path) {
    while (path.starts_with("//")) path.erase(0, 1);
    return path.starts_with("/_matrix/") || path.starts_with("/.well-known/matrix/") ||
           IsAmong(allow_paths, path);
  };
  // A state key may be "..". A server that resolves it, now or after decoding once more, must reach
  // only paths that the list allows.
  const std::string path = PercentDecode(target.substr(0, target.find('?')));
  return is_allowed(path) && is_allowed(WithoutDotSegments(path)) &&
         is_allowed(WithoutDotSegments(PercentDecode(path)));
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

}  // namespace lowband::translator::mapping
