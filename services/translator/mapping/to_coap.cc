#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/bytes.h"
#include "libs/coap/option.h"
#include "libs/transcode/error_body.h"
#include "libs/transcode/json_mend.h"
#include "libs/transcode/json_text.h"
#include "services/translator/mapping/content.h"
#include "services/translator/mapping/fault.h"
#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/mapping.h"
#include "services/translator/mapping/poll_answer.h"
#include "services/translator/mapping/version.h"

namespace lowband::translator::mapping {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

Refusal BadGateway(std::string error) { return {502, "M_UNKNOWN", std::move(error)}; }

/// An error status whose body is no Matrix error: mostly a proxy's page. Never M_UNKNOWN_TOKEN:
/// clients would log out because of a proxy's password prompt.
Refusal RefusalOfPage(uint16_t status) {
  const std::string error =
      "HTTP " + std::to_string(status) + " without a Matrix error, perhaps from a proxy";
  switch (status) {
    case 403: return {status, "M_FORBIDDEN", error};
    case 404:
    case 405: return {status, "M_UNRECOGNIZED", error};
    case 413: return {status, "M_TOO_LARGE", error};
    case 429: return {status, "M_LIMIT_EXCEEDED", error};
    default: return {status, "M_UNKNOWN", error};
  }
}

/// The wait in the body of a 429 or 503.
std::optional<uint64_t> RetryAfterMs(const HttpResponse& response) {
  if (!AsksToWait(response.status)) return std::nullopt;
  return UintMember(response.body, "retry_after_ms");
}

/// The client's wait after a 429 or 503: from its header, else its body, else `otherwise`.
uint32_t RetryAfterSeconds(const HttpResponse& response, uint32_t otherwise) {
  if (response.retry_after_s && AsksToWait(response.status)) return *response.retry_after_s;
  const std::optional<uint64_t> body_ms = RetryAfterMs(response);
  if (!body_ms) return otherwise;
  return static_cast<uint32_t>(
      std::min<uint64_t>(*body_ms / 1000 + (*body_ms % 1000 != 0), UINT32_MAX));
}

/// The homeserver refused the token itself. Other 401s do not concern the token: user-interactive
/// authentication requests a password with one (`flows`), a locked account gets M_USER_LOCKED and
/// keeps its session, and a proxy may send its own 401.
bool RefusesToken(const HttpResponse& response) {
  return response.status == 401 && StringMember(response.body, "errcode") == "M_UNKNOWN_TOKEN";
}

/// The homeserver requires a token and the request had none. For a request with a token it is a
/// refusal like others.
bool MissesToken(const AnswerForm& form, const HttpResponse& response) {
  if (form.had_token || response.status != 401) return false;
  const auto errcode = StringMember(response.body, "errcode");
  return errcode == "M_MISSING_TOKEN" || errcode == "M_UNAUTHORIZED";
}

/// The client API answers in JSON unless its specification names another type.
bool MayBeNoJson(Route route) {
  return route == Route::kRendezvous || route == Route::kAuthFallback;
}

/// Answers that redirect by specification: a login in a browser, a rendezvous on another server.
bool MayRedirect(Route route) {
  return route == Route::kSsoRedirect || route == Route::kRendezvous;
}

bool IsSuccess(const ingress::ExchangeAnswer& answer) {
  constexpr unsigned kSuccess = 2;
  return coap::Code{static_cast<uint8_t>(answer.head.code())}.cls() == kSuccess;
}

bool IsOneOf(const std::vector<std::string>& versions, const HttpResponse& response) {
  return !response.entity_tag.empty() &&
         std::ranges::find(versions, VersionOf(response.entity_tag)) != versions.end();
}

/// CoAP has neither 3xx nor an option for a whole URL: the exact status goes into option 2048, and
/// the location into the body, for a client that opens a browser.
ingress::ExchangeAnswer Redirect(const AnswerForm& form, coap::CodeSet codes, uint16_t status,
                                 std::string_view location) {
  const Bytes error = transcode::JsonErrorBody("M_UNKNOWN", "open the location in a browser");
  std::string json(AsText(error));
  std::string quoted;
  transcode::AppendJsonString(location, quoted);
  SetMember(json, "location", quoted);
  // Our own document, so it is JSON.
  return JsonAnswer(form, codes, status, json).value();
}

}  // namespace

Mapping::Mapping(MappingConfig config)
    : config_([&config] {
        config.Validate();
        return std::move(config);
      }()),
      rewriter_(config_.advertise, config_.PublicDtlsPort()) {}

ingress::ExchangeAnswer Mapping::ToCoap(const AnswerForm& form,
                                        const Result<HttpResponse, UpstreamFault>& response) const {
  ingress::ExchangeAnswer answer = FromWhole(form, response);
  if (IsSuccess(answer)) answer.head.set_token_taken(form.edge_token && form.needs_token);
  CompressBody(form.compression, answer);
  if (!response || !HasVersions(form.route)) return answer;
  TellVersion(*response, answer);
  const bool known = response->status == 200 && IsOneOf(form.known_versions, *response);
  if (!known) return answer;
  answer.head.set_code(coap::kValid.value);
  answer.head.clear_content_format();
  answer.body.clear();
  return answer;
}

Result<HttpRequest, ingress::ExchangeAnswer> Mapping::UnderCondition(
    const MappedRequest& request, const Result<HttpResponse, UpstreamFault>& found) const {
  if (!found || found->status != 200) return Failure(ToCoap(request.form, found));
  if (!IsOneOf(request.only_versions, *found)) {
    ingress::ExchangeAnswer answer =
        ErrorAnswer(request.form, config_.codes,
                    {412, "M_CONCURRENT_WRITE", "the current version is not the one named"});
    TellVersion(*found, answer);
    answer.head.clear_max_age();
    return Failure(std::move(answer));
  }
  HttpRequest under = request.http;
  under.if_match = found->entity_tag;
  return under;
}

ingress::ExchangeAnswer Mapping::FromWhole(
    const AnswerForm& form, const Result<HttpResponse, UpstreamFault>& response) const {
  if (!response) return FromFault(form, response.error());
  const std::string_view text = WithoutByteOrderMark(response->body);
  const bool marked = text.size() < response->body.size() && LooksLikeJson(text);
  const bool unread = IsLookedInto(form, response->status) && !IsUtf8(AsBytes(text));
  if (!marked && !unread) return FromAnswer(form, *response);
  HttpResponse readable = *response;
  if (marked) readable.body = text;
  transcode::Mends mends;
  if (unread) {
    if (auto mended = transcode::MendJson(readable.body, form.reader)) {
      readable.body = std::move(mended->json);
      mends = std::move(mended->mends);
    }
  }
  ingress::ExchangeAnswer answer = FromAnswer(form, readable);
  answer.mends.Add(mends);
  return answer;
}

/// Whether members of the document are read or changed here, with code that needs UTF-8.
bool Mapping::IsLookedInto(const AnswerForm& form, uint16_t status) const {
  return form.poll || status >= 400 || rewriter_.Applies(form.route);
}

ingress::ExchangeAnswer Mapping::FromAnswer(const AnswerForm& form,
                                            const HttpResponse& response) const {
  if (!form.poll) return FromResponse(form, response);
  if (response.status >= 200 && response.status < 300) {
    return PollAnswer(form, *form.poll, config_.codes, response);
  }
  ingress::ExchangeAnswer answer = FromResponse(form, response);
  *answer.head.mutable_poll() = PollOfError(*form.poll, response, RetryAfterSeconds(response, 0));
  return answer;
}

ingress::ExchangeAnswer Mapping::FromFault(const AnswerForm& form, UpstreamFault fault) const {
  const Refusal refusal = RefusalOf(fault, form.repeatable);
  const bool asks_to_wait = AsksToWait(refusal.http_status);
  ingress::ExchangeAnswer answer =
      ErrorAnswer(form, config_.codes, refusal,
                  asks_to_wait ? std::optional(RetryAfterOf(fault)) : std::nullopt);
  if (form.poll) {
    *answer.head.mutable_poll() = FailedPoll(asks_to_wait ? RetryAfterOf(fault) : 0);
  }
  return answer;
}

ingress::ExchangeAnswer Mapping::FromResponse(const AnswerForm& form,
                                              const HttpResponse& response) const {
  const uint16_t status = response.status;
  if (status < 200 || status > 599) {
    return ErrorAnswer(form, config_.codes,
                       BadGateway("the homeserver's answer has no HTTP status"));
  }
  if (status >= 300 && status < 400) {
    const bool meant =
        MayRedirect(form.route) && !response.location.empty() && IsUtf8(AsBytes(response.location));
    if (meant) return Redirect(form, config_.codes, status, response.location);
    return ErrorAnswer(form, config_.codes, BadGateway("the homeserver redirects elsewhere"));
  }
  return status < 400 ? FromSuccess(form, response) : FromError(form, response);
}

ingress::ExchangeAnswer Mapping::FromSuccess(const AnswerForm& form,
                                             const HttpResponse& response) const {
  std::string_view json = response.body;
  // Deployed clients crash on an empty body.
  const bool blank = json.find_first_not_of(kSpaces) == std::string_view::npos;
  if (blank) json = "{}";
  std::string rewritten;
  if (response.status == 200 && rewriter_.Applies(form.route)) {
    rewritten = json;
    rewriter_.Rewrite(form.route, rewritten);
    json = rewritten;
  }
  // Documents such as .well-known are often served as files, without the type.
  const bool labelled = IsJsonType(response.content_type);
  const bool text = form.route == Route::kRendezvous && IsTextType(response.content_type);
  if (!labelled && MayBeNoJson(form.route) && (!blank || (text && response.status == 200))) {
    return PlainAnswer(config_.codes, response.status,
                       text ? coap::kFormatText : coap::kFormatOctets, response.body);
  }
  if (!labelled && !LooksLikeJson(json)) {
    // A page of a proxy before the homeserver, which clients would parse as CBOR.
    return ErrorAnswer(form, config_.codes, BadGateway("the homeserver's answer is no JSON"));
  }
  auto answer = JsonAnswer(form, config_.codes, response.status, json);
  if (answer) return std::move(*answer);
  return ErrorAnswer(
      form, config_.codes,
      BadGateway("the homeserver's answer cannot become CBOR: " + answer.error().Text()));
}

ingress::ExchangeAnswer Mapping::FromError(const AnswerForm& form,
                                           const HttpResponse& response) const {
  const uint16_t status = response.status;
  const bool asks_to_wait = AsksToWait(status);
  std::string json;
  if (IsJsonObject(response.body)) json = response.body;
  const uint32_t retry_after_s = RetryAfterSeconds(response, kRetryAfterDefaultSeconds);
  if (!json.empty()) {
    if (asks_to_wait && response.retry_after_s && !RetryAfterMs(response)) {
      SetMember(json, "retry_after_ms", std::to_string(uint64_t{retry_after_s} * 1000));
    }
    auto answer = JsonAnswer(form, config_.codes, status, json);
    if (answer) {
      if (asks_to_wait) SetMaxAge(*answer, retry_after_s);
      answer->head.set_token_refused(form.edge_token && RefusesToken(response));
      answer->head.set_token_missing(MissesToken(form, response));
      return std::move(*answer);
    }
  }
  return ErrorAnswer(form, config_.codes, RefusalOfPage(status),
                     asks_to_wait ? std::optional(retry_after_s) : std::nullopt);
}

}  // namespace lowband::translator::mapping
