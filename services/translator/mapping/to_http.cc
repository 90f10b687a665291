#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/address.h"
#include "libs/coap/limits.h"
#include "libs/http/trace_context.h"
#include "services/translator/mapping/content.h"
#include "services/translator/mapping/cursor.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/mapping.h"
#include "services/translator/mapping/path.h"
#include "services/translator/mapping/time_budget.h"
#include "services/translator/mapping/version.h"

namespace lowband::translator::mapping {
namespace {

Result<transcode::KeyTable, Refusal> MapKeyTable(uint32_t version) {
  switch (version) {
    case 0: return transcode::KeyTable::kStrings;
    case 1: return transcode::KeyTable::kV1;
    default:
      return Failure(Refusal{
          400, "M_INVALID_PARAM",
          "key table version " + std::to_string(version) + " is unknown: this server has 0 and 1"});
  }
}

Result<HttpMethod, Refusal> MapMethod(v1::Method method, Route route) {
  switch (method) {
    case v1::GET: return HttpMethod::kGet;
    case v1::POST: return HttpMethod::kPost;
    case v1::PUT: return HttpMethod::kPut;
    case v1::DELETE: return HttpMethod::kDelete;
    case v1::FETCH:
      if (HasPost(route)) return HttpMethod::kPost;
      return Failure(
          Refusal{405, "M_UNRECOGNIZED", "FETCH is served only where Matrix has a POST"});
    default: return Failure(Refusal{405, "M_UNRECOGNIZED", "the method is not served"});
  }
}

/// A poll of an observation. Where Matrix has a GET, FETCH without a body is equivalent to it
/// (RFC 8132 §2.4); where it has a POST with the parameters, FETCH has them as its body.
bool IsPoll(const v1::Request& request, Route route) {
  if (!request.has_observe() || !IsObservable(route)) return false;
  const bool fetches = request.method() == v1::FETCH;
  if (HasPost(route)) return fetches;
  return request.method() == v1::GET || (fetches && request.body().empty());
}

/// The first poll uses the client's own queries, a further one continues from its cursor. An
/// unreadable cursor counts as none: the client may get events again, and misses none.
PollForm MapPoll(const v1::Request& request, Route route, Query& query) {
  std::optional<Cursor> cursor = ReadCursor(request.observe().cursor());
  if (!cursor) return {};
  const std::string_view name = route == Route::kSlidingSync ? Query::kPos : Query::kSince;
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(kPollWaitMax);
  query.Resume(name, cursor->next_batch, static_cast<uint64_t>(wait.count()));
  return {cursor->residue, std::move(cursor->positions)};
}

/// RFC 6750 §2.1 allows fewer characters; the tokens of application services are free text.
/// Characters that could end or split a header are refused.
bool IsTokenText(std::string_view token) {
  for (const char c : token) {
    if (c <= ' ' || c > '~') return false;
  }
  return token.size() <= kTokenBytesMax;
}

void SetTrace(std::string_view request_id, uint64_t trace_one_in, HttpRequest& http) {
  const auto id = ReadRequestId(AsBytes(request_id));
  if (!id) return;
  http.request_id = *id;
  if (trace_one_in == 0) return;
  http.trace_parent = http::MakeTraceParent(*id, http::IsSampled(*id, trace_one_in));
}

/// The header may contain only a single address, whatever the edge sent.
std::string ForwardedFor(const std::string& client_address) {
  const auto address = SocketAddress::FromLiteral(client_address, 0);
  return address ? address->HostText() : std::string();
}

/// RFC 9110 §10.1.5 in visible ASCII, whatever the edge sent: homeservers keep and show it.
std::string UserAgent(std::string_view text) {
  std::string name(text.substr(0, coap::kUserAgentBytesMax));
  for (char& c : name) {
    if (c < ' ' || c > '~') c = '?';
  }
  const size_t first = name.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return name.substr(first, name.find_last_not_of(' ') - first + 1);
}

Result<MappedPath, Refusal> MapRequestPath(const v1::Request& request,
                                           const MappingConfig& config) {
  const std::vector<std::string_view> segments(request.path().begin(), request.path().end());
  return MapPath(segments, config.enum_api, config.allow_paths);
}

Result<Query, Refusal> MapQuery(const v1::Request& request) {
  Query query;
  if (static_cast<size_t>(request.queries_size()) > kQueriesMax) {
    return Failure(Refusal{400, "M_INVALID_PARAM", "the request has too many queries"});
  }
  for (const std::string& option : request.queries()) {
    if (!IsUtf8(AsBytes(option))) {
      return Failure(Refusal{400, "M_INVALID_PARAM", "a query is not UTF-8"});
    }
    query.Add(option);
  }
  return query;
}

/// The token of the query, which applies to this request only, else the edge's. None: neither.
Result<std::string, Refusal> MapToken(const v1::Request& request, Query& query, AnswerForm& form) {
  std::string token = query.TakeAccessToken().value_or("");
  form.edge_token = token.empty() && !request.token().empty();
  if (form.edge_token) token = request.token();
  form.had_token = !token.empty();
  if (token.empty()) return token;
  if (!IsTokenText(token)) {
    return Failure(
        Refusal{401, "M_UNKNOWN_TOKEN", "the access token has invalid characters or length"});
  }
  return "Bearer " + token;
}

std::optional<uint32_t> FormatOf(const v1::Request& request) {
  return request.has_content_format() ? std::optional(request.content_format()) : std::nullopt;
}

/// The conditions of a request. A refusal: the option must not be ignored (RFC 7252 §5.10.8.1).
std::optional<Refusal> MapVersions(const v1::Request& request, MappedRequest& mapped) {
  const bool has_versions = HasVersions(mapped.form.route);
  if (has_versions && mapped.http.method == HttpMethod::kGet) {
    mapped.form.known_versions.assign(request.entity_tags().begin(), request.entity_tags().end());
  }
  if (request.if_match().empty()) return std::nullopt;
  const bool changes =
      mapped.http.method == HttpMethod::kPut || mapped.http.method == HttpMethod::kDelete;
  if (!has_versions || !changes) {
    return Refusal{
        400, "M_UNRECOGNIZED",
        "If-Match (CoAP option 1) is only for a PUT or DELETE of a resource with an ETag"};
  }
  // Carried out twice, it would fail the second time.
  mapped.form.repeatable = false;
  if (std::ranges::any_of(request.if_match(), &std::string::empty)) {
    mapped.http.if_match = "*";
  } else {
    mapped.only_versions.assign(request.if_match().begin(), request.if_match().end());
  }
  return std::nullopt;
}

/// Where an API's documents are text, they may be empty.
std::optional<Refusal> MapBody(const v1::Request& request, MappedRequest& mapped) {
  if (mapped.http.method == HttpMethod::kGet) return std::nullopt;
  const bool is_text =
      mapped.form.route == Route::kRendezvous && mapped.http.method != HttpMethod::kDelete;
  if (request.body().empty() && !is_text) return std::nullopt;
  const auto format = FormatOf(request);
  auto content =
      is_text ? MapTextContent(format, request.body()) : MapContent(format, request.body());
  if (!content) return std::move(content.error());
  mapped.http.body = std::move(content->body);
  mapped.http.content_type = content->content_type;
  if (mapped.form.poll) WritePositions(mapped.form.poll->positions, mapped.http.body);
  return std::nullopt;
}

}  // namespace

Result<MappedRequest, ingress::ExchangeAnswer> Mapping::ToHttp(const v1::Request& request) const {
  MappedRequest mapped;
  HttpRequest& http = mapped.http;
  AnswerForm& form = mapped.form;
  const auto refuse = [&](const Refusal& refusal) {
    ingress::ExchangeAnswer answer = ErrorAnswer(form, config_.codes, refusal);
    answer.head.set_token_refused(refusal.http_status == 401 && form.edge_token);
    return Failure(std::move(answer));
  };
  const bool has_body = !request.body().empty() && request.method() != v1::GET;
  const std::optional<uint32_t> format = FormatOf(request);
  const std::optional<uint32_t> accept =
      request.has_accept() ? std::optional(request.accept()) : std::nullopt;

  const auto keys = MapKeyTable(request.key_table());
  if (!keys) return refuse(keys.error());
  form.keys = *keys;
  const auto wanted = WantedForm(format, accept, has_body);
  if (!wanted) return refuse(wanted.error());
  form.cbor = wanted->cbor;
  form.compression = wanted->compression;
  form.reader = ReaderOf(accept, form.keys);

  auto path = MapRequestPath(request, config_);
  if (!path) return refuse(path.error());
  form.route = path->route;
  const bool is_poll = IsPoll(request, form.route);
  const bool is_get = is_poll && !HasPost(form.route);
  const auto method = MapMethod(is_get ? v1::GET : request.method(), form.route);
  if (!method) return refuse(method.error());
  http.method = *method;
  form.repeatable = is_poll || http.method != HttpMethod::kPost;
  form.needs_token = NeedsToken(form.route, http.method);

  auto query = MapQuery(request);
  if (!query) return refuse(query.error());
  auto authorization = MapToken(request, *query, form);
  if (!authorization) return refuse(authorization.error());
  http.authorization = std::move(*authorization);
  if (is_poll) form.poll = MapPoll(request, form.route, *query);

  const bool waits = IsLongPoll(form.route);
  const Allowance allowance{.ordinary = config_.request_timeout,
                            .slow = waits ? query->AsksForAll() : IsJoin(form.route),
                            .deadline_ms = request.deadline_ms()};
  const TimeBudget budget =
      waits ? PollBudget(query->TimeoutMs(), allowance) : RequestBudget(allowance);
  http.timeout = budget.timeout;
  if (budget.wait_ms) query->SetTimeoutMs(*budget.wait_ms);
  http.owner = OwnerOf(config_.owner_key, http.authorization, request.client_address());
  http.long_poll = waits && !query->AsksForAll() && query->TimeoutMs().value_or(0) > 0;
  http.target = std::move(path->target);
  query->AppendTo(http.target);
  if (http.target.size() > kTargetBytesMax) {
    return refuse({414, "M_TOO_LARGE", "path and query are too long"});
  }

  if (auto refusal = MapVersions(request, mapped)) {
    ingress::ExchangeAnswer answer = ErrorAnswer(form, config_.codes, *refusal);
    answer.head.set_code(coap::kBadOption.value);
    answer.head.clear_http_status();
    return Failure(std::move(answer));
  }
  if (const auto refusal = MapBody(request, mapped)) return refuse(*refusal);
  SetTrace(request.request_id(), config_.trace_one_in, http);
  http.user_agent = UserAgent(request.user_agent());
  if (config_.forward_client_ip) http.forwarded_for = ForwardedFor(request.client_address());
  http.follow_redirects = http.method == HttpMethod::kGet && IsWellKnown(form.route);
  return mapped;
}

}  // namespace lowband::translator::mapping
