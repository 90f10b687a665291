#include "services/translator/mapping/answer.h"

#include <string>
#include <utility>

#include "libs/coap/option.h"
#include "libs/transcode/deflate.h"
#include "libs/transcode/error_body.h"
#include "libs/transcode/packed.h"
#include "services/translator/mapping/json_edit.h"

namespace lowband::translator::mapping {
namespace {

v1::Answer Head(coap::CodeSet codes, uint16_t http_status, uint16_t content_format) {
  const coap::MappedStatus mapped = coap::FromHttpStatus(http_status, codes);
  v1::Answer head;
  head.set_code(mapped.code.value);
  if (mapped.needs_exact_status) head.set_http_status(http_status);
  head.set_content_format(content_format);
  return head;
}

Bytes ToBytes(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

Result<ingress::ExchangeAnswer, transcode::Error> JsonAnswer(const AnswerForm& form,
                                                             coap::CodeSet codes,
                                                             uint16_t http_status,
                                                             std::string_view json) {
  if (!form.cbor)
    return ingress::ExchangeAnswer{Head(codes, http_status, coap::kFormatJson), ToBytes(json)};
  ingress::ExchangeAnswer answer{Head(codes, http_status, coap::kFormatCbor), {}};
  const auto write = [&](std::string_view text) {
    return transcode::JsonToCbor(text, answer.body, form.keys, transcode::Order::kSource,
                                 form.reader);
  };
  const auto done = write(json);
  if (done) return answer;
  auto mended = transcode::MendJson(json, form.reader);
  if (!mended || !write(mended->json)) return Failure(done.error());
  answer.mends = std::move(mended->mends);
  return answer;
}

ingress::ExchangeAnswer PlainAnswer(coap::CodeSet codes, uint16_t http_status,
                                    uint16_t content_format, std::string_view body) {
  return {Head(codes, http_status, content_format), ToBytes(body)};
}

ingress::ExchangeAnswer ErrorAnswer(const AnswerForm& form, coap::CodeSet codes,
                                    const Refusal& refusal, std::optional<uint32_t> retry_after_s) {
  const Bytes plain = transcode::JsonErrorBody(refusal.errcode, refusal.error);
  std::string json(AsText(plain));
  if (retry_after_s) {
    SetMember(json, "retry_after_ms", std::to_string(uint64_t{*retry_after_s} * 1000));
  }
  // Our own error texts are valid JSON, so this fails only if the transcoder is broken.
  ingress::ExchangeAnswer answer = JsonAnswer(form, codes, refusal.http_status, json).value();
  if (retry_after_s) SetMaxAge(answer, *retry_after_s);
  return answer;
}

void CompressBody(Compression compression, ingress::ExchangeAnswer& answer) {
  const uint32_t format = answer.head.content_format();
  if (compression == Compression::kNone ||
      (format != coap::kFormatCbor && format != coap::kFormatJson)) {
    return;
  }
  const bool packs = compression == Compression::kPacked && format == coap::kFormatCbor;
  auto compressed = packs ? transcode::Pack(answer.body) : transcode::Deflate(answer.body);
  if (!compressed) return;
  answer.uncompressed = answer.body.size();
  answer.body = std::move(*compressed);
  const uint16_t deflated =
      format == coap::kFormatCbor ? coap::kFormatCborDeflate : coap::kFormatJsonDeflate;
  answer.head.set_content_format(packs ? coap::kFormatPacked : deflated);
}

void SetMaxAge(ingress::ExchangeAnswer& answer, uint32_t retry_after_s) {
  const uint32_t code = answer.head.code();
  if (code == coap::kTooManyRequests.value || code == coap::kServiceUnavailable.value) {
    answer.head.set_max_age(retry_after_s);
  }
}

}  // namespace lowband::translator::mapping
