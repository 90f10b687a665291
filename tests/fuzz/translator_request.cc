// Mapping::ToHttp over whole requests in their Protobuf form: what is accepted cannot leave its
// place in the HTTP request, what is refused is a Matrix error.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "libs/coap/code.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/mapping.h"
#include "tests/fuzz/translator_input.h"

using lowband::fuzz::Require;
namespace translator = lowband::translator;

namespace {

bool IsHeaderValue(std::string_view value) {
  for (const char c : value) {
    if (c < ' ' || c > '~') return false;
  }
  return true;
}

translator::mapping::MappingConfig Config(bool other) {
  translator::mapping::MappingConfig config;
  if (!other) return config;
  config.enum_api = translator::mapping::EnumApi::kV3;
  config.codes = lowband::coap::CodeSet::kRfc8075;
  config.forward_client_ip = true;
  return config;
}

void CheckRefusal(const translator::ingress::ExchangeAnswer& answer) {
  const lowband::coap::Code code{static_cast<uint8_t>(answer.head.code())};
  Require(code.cls() == 4, "a refusal is the client's error");
  Require(!answer.body.empty(), "a refusal has a body");
  if (answer.head.content_format() == 60) {
    Require(answer.body[0] >= 0xa0 && answer.body[0] <= 0xbf, "it is a map");
  } else {
    Require(answer.head.content_format() == 50 && answer.body[0] == '{', "it is an object");
  }
}

void CheckRequest(const lowband::v1::Request& request,
                  const translator::mapping::MappedRequest& mapped, bool forwards) {
  const translator::mapping::HttpRequest& http = mapped.http;
  Require(lowband::fuzz::HasAllowedPrefix(http.target), "prefix");
  Require(lowband::fuzz::IsTarget(http.target), "characters of the target");
  Require(http.target.size() <= translator::mapping::kTargetBytesMax, "length of the target");
  // A parameter of that very name; "xaccess_token" is any other parameter. In the path the same
  // characters are part of a segment.
  std::string query = http.target.substr(std::min(http.target.find('?'), http.target.size()));
  if (!query.empty()) query[0] = '&';
  Require(query.find("&access_token=") == std::string::npos, "token in the query");
  Require(IsHeaderValue(http.authorization), "authorization");
  Require(http.authorization.empty() || http.authorization.starts_with("Bearer "), "scheme");
  Require(IsHeaderValue(http.content_type), "content type");
  // A text may be empty, and is one nevertheless.
  const bool empty_text = http.body.empty() && http.content_type == "text/plain";
  Require(http.body.empty() == http.content_type.empty() || empty_text, "a body has a type");
  Require(IsHeaderValue(http.user_agent), "user agent");
  Require(http.method != translator::mapping::HttpMethod::kGet || http.body.empty(),
          "GET has no body");
  Require(http.forwarded_for.find_first_not_of("0123456789abcdef.:") == std::string::npos,
          "forwarded address");
  Require(forwards || http.forwarded_for.empty(), "address told without leave");
  Require(http.timeout > lowband::Duration::zero(), "some time");
  // Joins and initial syncs have what the edge waits.
  if (request.deadline_ms() == 0) {
    Require(http.timeout <= translator::mapping::kEdgeWaitDefault, "not too much");
  } else {
    Require(http.timeout < std::chrono::milliseconds(request.deadline_ms()), "within the deadline");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const translator::mapping::Mapping kPlain{Config(false)};
  static const translator::mapping::Mapping kOther{Config(true)};
  // Protobuf says on standard error what it thinks of broken input.
  static const google::protobuf::LogSilencer kQuiet;
  lowband::v1::Request request;
  if (size == 0 || !request.ParseFromArray(data + 1, static_cast<int>(size - 1))) return 0;
  const bool other = (data[0] & 1) != 0;
  const auto mapped = (other ? kOther : kPlain).ToHttp(request);
  if (mapped) {
    CheckRequest(request, *mapped, other);
  } else {
    CheckRefusal(mapped.error());
  }
  return 0;
}
