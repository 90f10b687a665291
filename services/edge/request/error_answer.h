// Answers that the edge makes itself: a Matrix error in the form the client's request asks for.
//
// Threading: free functions without state; any thread. Spec: MSC3079; docs/protocol.md
// "Content", "Methods and codes".
#pragma once

#include <cstdint>
#include <string_view>

#include "libs/coap/status.h"
#include "libs/transcode/error_body.h"
#include "services/edge/request/body_form.h"
#include "services/edge/request/exchange.h"

namespace lowband::edge::request {

/// The answer for `http_status` with the body {errcode, error}. Both texts are constants.
inline Answer MakeErrorAnswer(ExchangeId id, BodyForm form, uint16_t http_status,
                              std::string_view errcode, std::string_view error,
                              coap::CodeSet codes) {
  const coap::MappedStatus mapped = coap::FromHttpStatus(http_status, codes);
  Answer answer;
  answer.id = id;
  answer.code = mapped.code;
  if (mapped.needs_exact_status) answer.http_status = http_status;
  answer.content_format = form.content_format();
  answer.body = form.cbor ? transcode::CborErrorBody(errcode, error, form.keys)
                          : transcode::JsonErrorBody(errcode, error);
  return answer;
}

}  // namespace lowband::edge::request
