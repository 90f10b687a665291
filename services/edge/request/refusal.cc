#include "services/edge/request/refusal.h"

#include <utility>

#include "libs/transcode/error_body.h"
#include "services/edge/request/limits.h"

namespace lowband::edge::request {
namespace {

// Matrix puts the wait into the body, in milliseconds; every client can read it there.
Bytes ErrorBody(const Refusal& refusal, BodyForm form) {
  if (!refusal.come_later) {
    return form.cbor ? transcode::CborErrorBody(refusal.errcode, refusal.error, form.keys)
                     : transcode::JsonErrorBody(refusal.errcode, refusal.error);
  }
  Bytes json = transcode::JsonErrorBody(refusal.errcode, refusal.error);
  json.pop_back();
  const auto wait_ms = std::chrono::milliseconds(kRetryAfter).count();
  Append(json, AsBytes(",\"retry_after_ms\":" + std::to_string(wait_ms) + "}"));
  if (!form.cbor) return json;
  Bytes cbor;
  if (!transcode::JsonToCbor(AsText(json), cbor, form.keys)) std::abort();  // own JSON
  return cbor;
}

}  // namespace

Refusal BadOption(uint16_t number, std::string_view why) {
  return {.reason = RefusalReason::kBadOption,
          .code = coap::kBadOption,
          .errcode = "M_UNRECOGNIZED",
          .error = "CoAP option " + std::to_string(number) + " " + std::string(why)};
}

Refusal TooLarge(size_t bytes_max) {
  return {.reason = RefusalReason::kTooLarge,
          .code = coap::kRequestEntityTooLarge,
          .errcode = "M_TOO_LARGE",
          .error = "The body is over the limit of " + std::to_string(bytes_max) + " bytes",
          .size1 = static_cast<uint32_t>(bytes_max)};
}

Refusal SessionLimit(std::string_view of_what) {
  return {.reason = RefusalReason::kSessionLimit,
          .code = std::nullopt,
          .http_status = 429,
          .errcode = "M_LIMIT_EXCEEDED",
          .error = "Too many " + std::string(of_what) + " at once",
          .come_later = true};
}

Refusal Unavailable(RefusalReason reason, std::string_view why) {
  return {.reason = reason,
          .code = std::nullopt,
          .http_status = 503,
          .errcode = "M_UNKNOWN",
          .error = std::string(why),
          .come_later = true};
}

RefusalResponse WriteRefusal(const Refusal& refusal, BodyForm form, coap::CodeSet codes) {
  RefusalResponse response;
  if (refusal.code) {
    response.head.code = *refusal.code;
  } else {
    const coap::MappedStatus mapped = coap::FromHttpStatus(refusal.http_status, codes);
    response.head.code = mapped.code;
    if (mapped.needs_exact_status) response.head.http_status = refusal.http_status;
  }
  // RFC 8516 §4, RFC 7252 §5.9.3.4: with these two codes Max-Age is the time to wait.
  if (refusal.come_later && (response.head.code == coap::kTooManyRequests ||
                             response.head.code == coap::kServiceUnavailable)) {
    response.head.max_age = static_cast<uint32_t>(kRetryAfter.count());
  }
  response.head.content_format = form.content_format();
  response.blocks.size1 = refusal.size1;
  response.body = ErrorBody(refusal, form);
  return response;
}

}  // namespace lowband::edge::request
