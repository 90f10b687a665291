#include "services/translator/mapping/rewrite.h"

#include <utility>

#include "libs/transcode/dictionary.h"
#include "services/translator/mapping/json_edit.h"

namespace lowband::translator::mapping {
namespace {

constexpr std::string_view kLowBandwidth = "org.matrix.msc3079.low_bandwidth";
constexpr std::string_view kHomeserver = "m.homeserver";
constexpr std::string_view kBaseUrl = "base_url";
constexpr std::string_view kWellKnownCopy = "well_known";

std::string LowBandwidthObject(uint16_t dtls_port) {
  return R"({"dtls":)" + std::to_string(dtls_port) +
         R"(,"cbor_enum_version":1,"coap_enum_version":1,"packed_65079":")" +
         std::string(transcode::kDictionaryVersion) + "\"}";
}

}  // namespace

Rewriter::Rewriter(std::string advertise, uint16_t dtls_port)
    : advertise_(std::move(advertise)), low_bandwidth_(LowBandwidthObject(dtls_port)) {}

bool Rewriter::Applies(Route route) const {
  switch (route) {
    case Route::kVersions: return true;
    case Route::kWellKnownClient:
    case Route::kLogin:
    case Route::kRegister: return !advertise_.empty();
    default: return false;
  }
}

void Rewriter::Rewrite(Route route, std::string& json) const {
  if (!Applies(route)) return;
  if (route == Route::kVersions) {
    SetMember(json, kLowBandwidth, low_bandwidth_);
  } else if (route == Route::kWellKnownClient) {
    ReplaceString(json, {kHomeserver, kBaseUrl}, advertise_);
  } else {
    ReplaceString(json, {kWellKnownCopy, kHomeserver, kBaseUrl}, advertise_);
  }
}

}  // namespace lowband::translator::mapping
