#include "services/translator/mapping/relay_answer.h"

#include <utility>

#include "libs/base/bytes.h"
#include "libs/http/gateway.h"
#include "libs/http/method.h"
#include "libs/transcode/error_body.h"
#include "services/translator/mapping/fault.h"
#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {

v1::RelayResponse ToRelayResponse(RelayAnswer answer) {
  http::RemoveHopByHop(answer.fields);
  v1::RelayResponse response;
  response.set_status(answer.status);
  if (answer.content_length) response.set_content_length(*answer.content_length);
  for (http::Field& field : answer.fields) {
    v1::HttpField& line = *response.add_fields();
    line.set_name(std::move(field.name));
    line.set_value(std::move(field.value));
  }
  return response;
}

RelayError RelayErrorOf(UpstreamFault fault, std::string_view method) {
  return RelayErrorOf(RefusalOf(fault, http::IsIdempotent(method)), method, RetryAfterOf(fault));
}

RelayError RelayErrorOf(const Refusal& refusal, std::string_view method, uint32_t retry_after_s) {
  const Bytes plain = transcode::JsonErrorBody(refusal.errcode, refusal.error);
  RelayError error;
  error.body = AsText(plain);
  RelayAnswer& answer = error.answer;
  answer.status = refusal.http_status;
  answer.fields = http::OwnErrorFields();
  if (AsksToWait(refusal.http_status)) {
    answer.fields.push_back({"Retry-After", std::to_string(retry_after_s)});
    SetMember(error.body, "retry_after_ms", std::to_string(uint64_t{retry_after_s} * 1000));
  }
  answer.content_length = error.body.size();
  if (method == "HEAD") error.body.clear();
  return error;
}

}  // namespace lowband::translator::mapping
