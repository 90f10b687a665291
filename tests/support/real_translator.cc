#include "tests/support/real_translator.h"

#include <utility>
#include <vector>

#include "libs/coap/code.h"
#include "libs/coap/option.h"
#include "services/translator/ingress/answer_queue.h"
#include "services/translator/ingress/held_answers.h"

namespace lowband::testing {
namespace {

using translator::mapping::HttpRequest;
using translator::mapping::HttpResponse;
using translator::mapping::UpstreamFault;

// For /sync and for sliding sync.
constexpr const char* kNews = R"({"next_batch":"s2","pos":"s2","rooms":{"join":{"!r:x":{}}}})";
constexpr const char* kNoNews = R"({"next_batch":"s2","pos":"s2"})";

std::string Error(const char* errcode) {
  return std::string(R"({"errcode":")") + errcode + R"(","error":"scripted"})";
}

/// Everything that a homeserver that means well may say of a request, or its network.
std::vector<ScriptedHomeserver> Homeservers() {
  std::vector<ScriptedHomeserver> out;
  const auto always = [&](Result<HttpResponse, UpstreamFault> answer) {
    out.emplace_back([answer = std::move(answer)](const HttpRequest&) { return answer; });
  };
  out.push_back(HomeserverThatAccepts("(none that a test uses)"));
  always(JsonResponse(200, kNews));
  always(JsonResponse(200, kNoNews));
  always(JsonResponse(400, Error("M_INVALID_PARAM")));
  always(JsonResponse(400, Error("M_UNKNOWN_POS")));
  always(JsonResponse(403, Error("M_RESOURCE_LIMIT_EXCEEDED")));
  always(JsonResponse(429, Error("M_LIMIT_EXCEEDED")));
  always(JsonResponse(502, "a page"));
  always(Failure(UpstreamFault::kConnect));
  always(Failure(UpstreamFault::kTimeout));
  return out;
}

/// The same request, of a path and a cursor that the translator knows.
v1::Request Understandable(v1::Request request, bool observable) {
  request.clear_path();
  if (!observable) {
    for (const char* segment : {"_matrix", "client", "r0", "joined_rooms"}) {
      request.add_path(segment);
    }
    request.set_body(request.body().empty() ? "" : "{}");
    request.set_content_format(coap::kFormatJson);
    return request;
  }
  if (request.body().empty()) {
    request.add_path("7");
  } else {
    for (const char* segment : {"_matrix", "client", "v4", "sync"}) request.add_path(segment);
    request.set_body("{}");
    request.set_content_format(coap::kFormatJson);
  }
  if (request.observe().cursor().empty()) return request;
  request.mutable_observe()->clear_cursor();
  const auto idle = [](const HttpRequest&) { return JsonResponse(200, kNoNews); };
  const std::string cursor = RealTranslator(idle)(request).poll().cursor();
  request.mutable_observe()->set_cursor(cursor);
  return request;
}

std::string Words(const v1::Answer& answer) {
  std::string words;
  if (answer.token_refused()) words += " token_refused";
  if (answer.token_missing()) words += " token_missing";
  if (answer.token_taken()) words += " token_taken";
  if (answer.has_poll()) {
    words += " " + v1::Poll::Outcome_Name(answer.poll().outcome());
    if (!answer.poll().cursor().empty()) words += " cursor";
  }
  if (words.empty()) return words;
  const coap::Code code{static_cast<uint8_t>(answer.code())};
  // A token may be taken by whatever succeeds.
  return (words == " token_taken" && code.cls() == 2 ? "2" : code.Text()) + words;
}

}  // namespace

HttpResponse JsonResponse(uint16_t status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = "application/json";
  return response;
}

RealTranslator::RealTranslator(ScriptedHomeserver homeserver)
    : mapping_(translator::mapping::MappingConfig()), homeserver_(std::move(homeserver)) {}

v1::Answer RealTranslator::operator()(const v1::Request& request) const {
  const auto whole = [](const translator::ingress::ExchangeAnswer& mapped) {
    v1::Answer answer = mapped.head;
    answer.set_body(mapped.body.data(), mapped.body.size());
    return answer;
  };
  const auto mapped = mapping_.ToHttp(request);
  if (!mapped) return whole(mapped.error());
  return whole(mapping_.ToCoap(mapped->form, homeserver_(mapped->http)));
}

ScriptedHomeserver HomeserverThatAccepts(std::string accepted) {
  return [accepted = std::move(accepted)](
             const HttpRequest& request) -> Result<HttpResponse, UpstreamFault> {
    if (request.authorization.empty()) return JsonResponse(401, Error("M_MISSING_TOKEN"));
    if (request.authorization == "Bearer " + accepted) return JsonResponse(200, "{}");
    return JsonResponse(401,
                        R"({"errcode":"M_UNKNOWN_TOKEN","error":"scripted","soft_logout":true})");
  };
}

std::string SaysMoreThanReal(const v1::Request& request, const v1::Answer& answer,
                             bool said_observable) {
  const bool observable = said_observable || !request.observe().cursor().empty();
  const std::string words = Words(answer);
  // Without a word it may be the uplink's own: it has no translator, or got no answer of it.
  const bool may_be_silent =
      !observable || coap::Code{static_cast<uint8_t>(answer.code())}.cls() == 5;
  if (words.empty() && may_be_silent) return "";
  const v1::Request understandable = Understandable(request, observable);
  std::string real;
  for (const ScriptedHomeserver& homeserver : Homeservers()) {
    v1::Answer real_answer = RealTranslator(homeserver)(understandable);
    if (!answer.has_token_taken()) real_answer.clear_token_taken();
    const std::string said = Words(real_answer);
    if (said == words) return "";
    real += (real.empty() ? "" : ", ") + (said.empty() ? "nothing" : said);
  }
  return "the stub says '" + words + "'; the translator says one of: " + real;
}

std::string WindowedUnlikeReal(const v1::Request& request, const v1::Answer& answer) {
  using namespace translator::ingress;
  translator::ingress::ExchangeAnswer whole;
  whole.head = answer;
  whole.head.clear_windowed();
  whole.head.clear_body();
  whole.body.resize(answer.windowed().bytes());
  const AnswerTerms terms{request.answer_window(), request.answer_from()};
  if (!GoesByWindow(whole, terms)) return "the translator would have sent it whole";
  const size_t size = whole.body.size();
  Budget budget(0);
  HeldAnswers held(2 * size);
  AnswerQueue queue(budget);
  auto admission = held.Admit(0, size, {}, 1);
  queue.PushWindowed(1, std::move(whole), terms, answer.windowed().digest(),
                     std::move(*admission.place));
  v1::TranslatorBatch batch;
  queue.Fill(batch);
  const auto describe = [](const v1::Answer& head) {
    return std::to_string(head.body().size()) + " bytes from " +
           std::to_string(head.windowed().from()) + (head.more() ? ", more" : ", the end");
  };
  const std::string real = describe(batch.frames(0).answer());
  const std::string said = describe(answer);
  return said == real ? "" : "the stub says: " + said + "; the translator: " + real;
}

}  // namespace lowband::testing
