// The relay's readers over any bytes: what an edge says of a request, what a homeserver's head
// holds, and documents that may be packed. What comes out can be written as HTTP, and says no more
// than its input did.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "libs/http/field.h"
#include "services/translator/mapping/gzip.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/relay_answer.h"
#include "services/translator/mapping/relay_request.h"
#include "services/translator/mapping/relay_rewrite.h"
#include "services/translator/upstream/relay_head_parser.h"
#include "tests/fuzz/translator_input.h"

using lowband::fuzz::Input;
using lowband::fuzz::Require;
namespace http = lowband::http;
namespace translator = lowband::translator;

namespace {

void CheckFields(const http::Fields& fields) {
  for (const http::Field& field : fields) {
    Require(http::IsToken(field.name), "a name is a token");
    Require(http::IsFieldValue(field.value), "a value holds no control characters");
    for (const char* one :
         {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade"}) {
      Require(!http::SameToken(field.name, one), "nothing of one connection");
    }
  }
}

void CheckRequest(std::string_view bytes) {
  lowband::v1::RelayRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  for (const bool forward : {false, true}) {
    translator::mapping::MappingConfig config;
    config.forward_client_ip = forward;
    config.trace_one_in = forward ? 2 : 0;
    const auto head = translator::mapping::MapRelayRequest(request, config);
    if (!head) continue;
    Require(http::IsToken(head->method), "a method is a token");
    Require(head->target.starts_with('/'), "a target is a path");
    const auto is_plain = [](char c) { return c > ' ' && c < 0x7f; };
    Require(std::all_of(head->target.begin(), head->target.end(), is_plain), "a target is plain");
    CheckFields(head->fields);
    (void)translator::mapping::RouteOfTarget(head->target);
  }
}

void CheckHead(std::string_view text) {
  translator::upstream::RelayHeadParser parser;
  while (!text.empty() && !parser.complete()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!parser.Add(text.substr(0, end))) return;
    text.remove_prefix(end);
  }
  if (!parser.complete()) return;
  const auto response = translator::mapping::ToRelayResponse(parser.answer());
  for (const auto& field : response.fields()) {
    Require(!http::SameToken(field.name(), "Transfer-Encoding"), "no framing");
    Require(!http::SameToken(field.name(), "Content-Length"), "no length among the fields");
  }
}

void CheckDocument(Input& input) {
  translator::mapping::MappingConfig config;
  config.advertise = "https://matrix.example.org";
  static const translator::mapping::RelayRewriter kRewriter(config);
  const auto route =
      static_cast<translator::mapping::Route>(input.Byte() % translator::mapping::kRouteCount);
  translator::mapping::RelayAnswer answer;
  answer.status = 200;
  answer.fields = {{"Content-Type", "application/json"}};
  const bool packed = (input.Byte() & 1) != 0;
  if (packed) answer.fields.push_back({"Content-Encoding", "gzip"});
  std::string body(input.Rest());
  const auto plain =
      packed ? translator::mapping::Gunzip(body, translator::mapping::kRewriteBytesMax) : body;
  Require(!plain || plain->size() <= translator::mapping::kRewriteBytesMax || !packed, "bounded");
  const std::string before = body;
  if (kRewriter.Rewrite(route, answer, body)) {
    Require(!packed || translator::mapping::Gunzip(body, 2 * translator::mapping::kRewriteBytesMax)
                           .has_value(),
            "packed as it was");
  } else {
    Require(body == before, "left alone");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input({data, size});
  switch (input.Byte() % 3) {
    case 0: CheckRequest(input.Rest()); break;
    case 1: CheckHead(input.Rest()); break;
    default: CheckDocument(input); break;
  }
  return 0;
}
