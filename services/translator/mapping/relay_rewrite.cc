#include "services/translator/mapping/relay_rewrite.h"

#include <optional>
#include <utility>

#include "services/translator/mapping/content.h"
#include "services/translator/mapping/gzip.h"
#include "services/translator/mapping/json_edit.h"
#include "services/translator/mapping/limits.h"

namespace lowband::translator::mapping {
namespace {

constexpr std::string_view kGzipName = "gzip";
constexpr std::string_view kSpaces = " \t";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::string_view TakeUpTo(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view taken = Trim(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

/// Whether the weight is zero: `q=0`, `q=0.000` (RFC 9110 §12.4.2).
bool IsZeroWeight(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = TakeUpTo(parameters, ';');
    if (!http::SameToken(TakeUpTo(value, '='), "q")) continue;
    value = Trim(value);
    return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
  }
  return false;
}

/// gzip by name, else by `*`; without the field the client may not support it.
bool AcceptsGzip(const http::Fields& fields) {
  std::optional<bool> named;
  std::optional<bool> any;
  for (const http::Field& field : fields) {
    if (!http::SameToken(field.name, "Accept-Encoding")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      std::string_view parameters = TakeUpTo(rest, ',');
      const std::string_view coding = TakeUpTo(parameters, ';');
      const bool accepted = !IsZeroWeight(parameters);
      if (http::SameToken(coding, kGzipName) || http::SameToken(coding, "x-gzip")) named = accepted;
      if (coding == "*") any = accepted;
    }
  }
  return named.value_or(any.value_or(false));
}

enum class Coding : uint8_t { kNone, kGzip, kOther };

Coding CodingOf(const http::Fields& fields) {
  Coding coding = Coding::kNone;
  for (const http::Field& field : fields) {
    if (!http::SameToken(field.name, "Content-Encoding")) continue;
    if (field.value.empty() || http::SameToken(field.value, "identity")) continue;
    const bool gzip =
        http::SameToken(field.value, kGzipName) || http::SameToken(field.value, "x-gzip");
    if (coding != Coding::kNone || !gzip) return Coding::kOther;
    coding = Coding::kGzip;
  }
  return coding;
}

/// Tags and digests of the homeserver's bytes do not apply to ours. A weak tag states that two
/// documents are equivalent, and the homeserver's own tag compares equal to it.
void LoosenValidators(http::Fields& fields) {
  for (const std::string_view name : {"Content-MD5", "Digest", "Repr-Digest", "Content-Digest"}) {
    http::Remove(fields, name);
  }
  for (http::Field& field : fields) {
    if (http::SameToken(field.name, "ETag") && field.value.starts_with('"')) {
      field.value.insert(0, "W/");
    }
  }
}

}  // namespace

RelayRewriter::RelayRewriter(const MappingConfig& config)
    : rewriter_(config.advertise, config.PublicDtlsPort()) {}

bool RelayRewriter::Applies(Route route, std::string_view method) const {
  const bool asks = method == "GET" || method == "POST" || method == "HEAD";
  return asks && rewriter_.Applies(route);
}

void RelayRewriter::Prepare(RelayHead& head) const {
  const bool gzip = AcceptsGzip(head.fields);
  for (const std::string_view name : {"Accept-Encoding", "Range", "If-Range"}) {
    http::Remove(head.fields, name);
  }
  head.fields.push_back({"Accept-Encoding", gzip ? "gzip" : "identity"});
}

bool RelayRewriter::Wants(const RelayAnswer& answer, std::string_view method) const {
  return answer.status == 200 && method != "HEAD" && CodingOf(answer.fields) != Coding::kOther &&
         answer.content_length.value_or(0) <= kRewriteBytesMax;
}

void RelayRewriter::Describe(RelayAnswer& answer, std::string_view method) const {
  if (method != "HEAD" && answer.status != 304) return;
  if (answer.status != 200 && answer.status != 304) return;
  answer.content_length.reset();
  LoosenValidators(answer.fields);
}

bool RelayRewriter::Rewrite(Route route, RelayAnswer& answer, std::string& body) const {
  const bool gzip = CodingOf(answer.fields) == Coding::kGzip;
  std::string json = body;
  if (gzip) {
    auto plain = Gunzip(body, kRewriteBytesMax);
    if (!plain) return false;
    json = std::move(*plain);
  }
  const std::string* type = http::Find(answer.fields, "Content-Type");
  const bool is_json = (type != nullptr && IsJsonType(*type)) || LooksLikeJson(json);
  if (!is_json) return false;
  const std::string before = json;
  rewriter_.Rewrite(route, json);
  if (json == before) return false;
  body = gzip ? Gzip(json) : std::move(json);
  answer.content_length = body.size();
  LoosenValidators(answer.fields);
  return true;
}

}  // namespace lowband::translator::mapping
