// /.well-known/core: the resources of this server, for clients that discover them.
//
// It is the only place where the edge names paths of Matrix: two that a client can use without a
// token. Filters in the query are ignored, as RFC 6690 §4.1 allows.
//
// Threading: free functions without state; any thread. Spec: RFC 6690, RFC 7641 §6.
#pragma once

#include <string_view>

#include "libs/coap/message.h"

namespace lowband::edge::request {

inline constexpr uint16_t kFormatLink = 40;  ///< application/link-format
inline constexpr std::string_view kDiscovery =
    "</_matrix/client/versions>;ct=\"60 50\",</_matrix/client/r0/sync>;ct=\"60 50\";obs";

inline bool AsksWhatIsHere(const coap::MessageView& message) {
  size_t segments = 0;
  bool matches = message.code == coap::kGet;
  for (const coap::OptionView& option : message.options()) {
    if (static_cast<coap::OptionNumber>(option.number) != coap::OptionNumber::kUriPath) continue;
    matches = matches && AsText(option.value) == (segments == 0 ? ".well-known" : "core");
    ++segments;
  }
  return matches && segments == 2;
}

}  // namespace lowband::edge::request
