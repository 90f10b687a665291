// Mapping::ToCoap over any answer of a homeserver: always a response with a body, and never one
// that a deployed client crashes on when the status is an error.
#include <string>

#include "libs/coap/code.h"
#include "libs/transcode/transcode.h"
#include "services/translator/mapping/cursor.h"
#include "services/translator/mapping/mapping.h"
#include "tests/fuzz/translator_input.h"

using lowband::fuzz::Input;
using lowband::fuzz::Require;
namespace translator = lowband::translator;

namespace {

translator::mapping::MappingConfig Config(bool other) {
  translator::mapping::MappingConfig config;
  if (!other) return config;
  config.codes = lowband::coap::CodeSet::kRfc8075;
  config.advertise = "https://matrix.example.org";
  return config;
}

translator::mapping::AnswerForm Form(uint8_t flags, uint8_t route) {
  translator::mapping::AnswerForm form;
  form.route = static_cast<translator::mapping::Route>(route % translator::mapping::kRouteCount);
  form.cbor = (flags & 2) == 0;
  form.keys =
      (flags & 4) == 0 ? lowband::transcode::KeyTable::kV1 : lowband::transcode::KeyTable::kStrings;
  form.edge_token = (flags & 8) != 0;
  form.repeatable = (flags & 16) != 0;
  // 96 is a further poll; its residue is that of an answer without any.
  if ((flags & 32) != 0) form.poll.emplace();
  if ((flags & 96) == 96) form.poll->residue = 0xcbf29ce484222325;
  return form;
}

translator::mapping::HttpResponse Response(Input& input) {
  translator::mapping::HttpResponse response;
  response.status = static_cast<uint16_t>(input.Byte() << 8);
  response.status = static_cast<uint16_t>(response.status | input.Byte());
  const uint8_t retry = input.Byte();
  if (retry != 0) response.retry_after_s = retry;
  response.content_type = input.Text();
  response.body = input.Rest();
  return response;
}

void CheckPoll(const translator::mapping::AnswerForm& form,
               const translator::mapping::HttpResponse& response,
               const translator::ingress::ExchangeAnswer& answer) {
  using lowband::v1::Poll;
  Require(answer.head.has_poll() == form.poll.has_value(), "polls have a poll");
  if (!form.poll) return;
  const Poll& poll = answer.head.poll();
  const bool success = answer.head.code() == lowband::coap::kContent.value;
  const bool says_something = poll.outcome() == Poll::CHANGED || poll.outcome() == Poll::UNCHANGED;
  Require(poll.outcome() != Poll::OUTCOME_UNSPECIFIED, "an outcome");
  Require(success == says_something, "a success says something");
  Require(!success || response.status == 200, "of a sync");
  Require(answer.body.empty() == (poll.outcome() == Poll::UNCHANGED), "a body if there is news");
  Require(form.poll->residue || poll.outcome() != Poll::UNCHANGED, "a first poll is news");
  const auto cursor = translator::mapping::ReadCursor(poll.cursor());
  Require(cursor.has_value() == (poll.outcome() == Poll::CHANGED), "a cursor if there is news");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const translator::mapping::Mapping kPlain{Config(false)};
  static const translator::mapping::Mapping kOther{Config(true)};
  Input input({data, size});
  const uint8_t flags = input.Byte();
  const translator::mapping::AnswerForm form = Form(flags, input.Byte());
  const translator::mapping::HttpResponse response = Response(input);
  const translator::ingress::ExchangeAnswer answer =
      ((flags & 1) != 0 ? kOther : kPlain).ToCoap(form, response);

  const lowband::coap::Code code{static_cast<uint8_t>(answer.head.code())};
  Require(code.is_response(), "a response code");
  CheckPoll(form, response, answer);
  if (answer.head.poll().outcome() == lowband::v1::Poll::UNCHANGED) return 0;
  const uint32_t format = answer.head.content_format();
  Require(format == 60 || format == 50 || format == 42, "format");
  Require(!answer.body.empty(), "a body");
  Require(!answer.head.token_refused() || (form.edge_token && response.status == 401), "refusal");
  if (code.cls() != 2) {
    Require(format == (form.cbor ? 60u : 50u), "errors have the client's form");
    Require(!form.cbor || (answer.body[0] >= 0xa0 && answer.body[0] <= 0xbf), "a map");
  }
  if (format == 60) {
    std::string json;
    Require(lowband::transcode::CborToJson(answer.body, json).has_value(), "readable CBOR");
  }
  return 0;
}
