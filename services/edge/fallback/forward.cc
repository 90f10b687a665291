#include "services/edge/fallback/forward.h"

#include <algorithm>

#include "libs/base/address.h"
#include "libs/base/bytes.h"
#include "libs/http/field.h"
#include "libs/http/gateway.h"
#include "libs/http/status.h"
#include "libs/http/trace_context.h"
#include "libs/transcode/error_body.h"
#include "services/edge/fallback/limits.h"

namespace lowband::edge::fallback {
namespace {

constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";

/// The addresses from a trusted proxy; empty unless all of them are literals.
std::string TrustedAddresses(const http::Fields& fields) {
  std::string all;
  for (const http::Field& field : fields) {
    if (!http::SameToken(field.name, kForwardedFor)) continue;
    if (!all.empty()) all += ", ";
    all += field.value;
  }
  if (all.size() > kForwardedBytesMax) return {};
  std::string_view rest = all;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!SocketAddress::FromLiteral(one, 0)) return {};
  }
  return all;
}

std::string_view Protocol(const http::RequestHead& head, const Client& client) {
  const std::string* told =
      client.trust_forwarded_for ? http::Find(head.fields, kForwardedProto) : nullptr;
  if (told != nullptr && (*told == "https" || *told == "http")) return *told;
  return client.tls ? "https" : "http";
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void AppendStatusLine(std::string& out, uint16_t status) {
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  out.append(http::ReasonPhrase(status)).append("\r\n");
}

void AppendConnection(std::string& out, const http::RequestHead& request, bool keep_alive) {
  if (!keep_alive) {
    AppendField(out, "Connection", "close");
  } else if (request.http10) {
    AppendField(out, "Connection", "keep-alive");
  }
}

}  // namespace

RequestId RequestIdOf(const http::RequestHead& head) {
  if (const auto id = http::TraceIn(head.fields)) return *id;
  return MakeRequestId(*MakeSystemRandom());
}

v1::RelayRequest MakeRelayRequest(const http::RequestHead& head, const Client& client,
                                  const RequestId& id) {
  v1::RelayRequest request;
  request.set_method(head.method);
  request.set_target(head.target);
  http::Fields fields = head.fields;
  http::RemoveHopByHop(fields);
  (void)http::TakeTrace(fields);
  for (http::Field& field : fields) {
    if (http::IsNotPassedOn(field.name)) continue;
    v1::HttpField& one = *request.add_fields();
    one.set_name(std::move(field.name));
    one.set_value(std::move(field.value));
  }
  request.set_has_body(head.body != http::BodyForm::kNone);
  if (head.body == http::BodyForm::kLength) request.set_content_length(head.content_length);
  request.set_expects_continue(head.expects_continue);
  std::string addresses = client.trust_forwarded_for ? TrustedAddresses(head.fields) : "";
  if (!addresses.empty()) addresses += ", ";
  request.set_forwarded_for(addresses + client.address);
  request.set_forwarded_proto(std::string(Protocol(head, client)));
  request.set_request_id(std::string(AsText(id.bytes)));
  return request;
}

std::optional<AnswerHead> MakeAnswerHead(const http::RequestHead& request,
                                         const v1::RelayResponse& response, bool keep_alive) {
  if (response.status() < 200 || response.status() > 599) return std::nullopt;
  const auto status = static_cast<uint16_t>(response.status());
  AnswerHead head;
  head.status = status;
  AppendStatusLine(head.bytes, status);
  for (const v1::HttpField& field : response.fields()) {
    if (!http::IsToken(field.name()) || !http::IsFieldValue(field.value())) return std::nullopt;
    AppendField(head.bytes, field.name(), field.value());
  }
  const bool without_body = http::HasNoBody(request.method, status);
  if (!without_body) {
    head.framing = Framing::kChunked;
    if (request.http10) head.framing = Framing::kUntilClose;
    if (response.has_content_length()) head.framing = Framing::kLength;
  }
  if (response.has_content_length() && status != 204) {
    head.content_length = response.content_length();
    AppendField(head.bytes, "Content-Length", std::to_string(head.content_length));
  }
  if (head.framing == Framing::kChunked) {
    AppendField(head.bytes, "Transfer-Encoding", "chunked");
  }
  AppendConnection(head.bytes, request, keep_alive && head.framing != Framing::kUntilClose);
  head.bytes += "\r\n";
  return head;
}

std::string MakeErrorAnswer(uint16_t status, std::string_view errcode, std::string_view error,
                            bool without_body) {
  const Bytes body = transcode::JsonErrorBody(errcode, error);
  std::string out;
  AppendStatusLine(out, status);
  for (const http::Field& field : http::OwnErrorFields()) {
    AppendField(out, field.name, field.value);
  }
  AppendField(out, "Content-Length", std::to_string(body.size()));
  if (status == 503) AppendField(out, "Retry-After", "2");
  if (status == 405) AppendField(out, "Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  AppendField(out, "Connection", "close");
  out += "\r\n";
  if (!without_body) out += AsText(body);
  return out;
}

}  // namespace lowband::edge::fallback
