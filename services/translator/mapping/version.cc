#include "services/translator/mapping/version.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "libs/base/bytes.h"
#include "libs/coap/limits.h"
#include "services/translator/mapping/percent.h"

namespace lowband::translator::mapping {
namespace {

/// The path of a URL or of a reference without a host.
std::string_view PathOf(std::string_view location) {
  if (const size_t scheme = location.find("://"); scheme != std::string_view::npos) {
    const size_t path = location.find('/', scheme + 3);
    location = path == std::string_view::npos ? std::string_view() : location.substr(path);
  }
  return location.substr(0, location.find_first_of("?#"));
}

/// Its segments, or none if a message has no room for them.
std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    segments.push_back(PercentDecode(path.substr(0, end)));
    path.remove_prefix(end);
    const bool fits = segments.size() <= coap::kLocationSegmentsMax &&
                      segments.back().size() <= coap::kPathSegmentBytesMax;
    if (!fits) return {};
  }
  return segments;
}

}  // namespace

bool HasVersions(Route route) { return route == Route::kRendezvous; }

std::string VersionOf(std::string_view entity_tag) {
  if (entity_tag.empty()) return {};
  const ByteView bytes = AsBytes(entity_tag);
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return std::string(AsText(ByteView(digest).first(coap::kEntityTagBytesMax)));
}

HttpRequest VersionCheck(const HttpRequest& request) {
  HttpRequest check = request;
  check.method = HttpMethod::kGet;
  check.body.clear();
  check.content_type.clear();
  return check;
}

void TellVersion(const HttpResponse& response, ingress::ExchangeAnswer& answer) {
  answer.head.set_entity_tag(VersionOf(response.entity_tag));
  if (response.status >= 300) return;
  if (response.expires_after_s) answer.head.set_max_age(*response.expires_after_s);
  if (response.status != 201) return;
  for (std::string& segment : Segments(PathOf(response.location))) {
    answer.head.add_location_path(std::move(segment));
  }
}

}  // namespace lowband::translator::mapping
