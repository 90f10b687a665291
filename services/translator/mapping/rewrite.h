// Lowband's changes in the homeserver's documents: its public address, and the announcement of
// CoAP. All other bytes stay.
//
// Threading: const; any thread. Spec: MSC3079 "Versioning"; Matrix client-server API "Well-known
// URI", login and register; docs/protocol.md "HTTP on TCP and rewriting".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/translator/mapping/route.h"

namespace lowband::translator::mapping {

class Rewriter {
 public:
  /// `advertise`: the public URL, plain ASCII without quotes; empty: base_url stays.
  Rewriter(std::string advertise, uint16_t dtls_port);

  /// True if a successful answer of `route` may need a rewrite.
  bool Applies(Route route) const;
  /// Rewrites `json`, the body of a 200 of `route`; a document without the members stays.
  void Rewrite(Route route, std::string& json) const;

 private:
  const std::string advertise_;
  const std::string low_bandwidth_;  ///< The object for /versions.
};

}  // namespace lowband::translator::mapping
