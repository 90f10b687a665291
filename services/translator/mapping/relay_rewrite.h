// Rewrites relayed documents: rewrite.h over plain HTTP.
//
// A document is requested in a coding that we read and as a whole, not as a range; its answer is
// held until it is complete. An answer of another kind passes unchanged.
//
//   Applies ─▶ Prepare(request) ─▶ … ─▶ Wants(answer head)? ─▶ body, whole ─▶ Rewrite
//
// Threading: const; any thread. Limits: limits.h. Spec: RFC 9110 §8.8.3 (an entity tag names the
// bytes), §12.5.3 (Accept-Encoding), §14; docs/protocol.md "HTTP on TCP and rewriting".
#pragma once

#include <string>
#include <string_view>

#include "services/translator/mapping/config.h"
#include "services/translator/mapping/relay_http.h"
#include "services/translator/mapping/rewrite.h"

namespace lowband::translator::mapping {

class RelayRewriter {
 public:
  explicit RelayRewriter(const MappingConfig& config);

  /// Whether we change the document of `route`, requested by `method`.
  bool Applies(Route route, std::string_view method) const;
  /// Changes the request so that we can read its answer.
  void Prepare(RelayHead& head) const;
  /// Whether the body has to be held and given to Rewrite.
  bool Wants(const RelayAnswer& answer, std::string_view method) const;
  /// An answer without the document, to HEAD or with status 304, describes the rewritten one.
  void Describe(RelayAnswer& answer, std::string_view method) const;
  /// `body` is complete, at most kRewriteBytesMax. False, and nothing changed, if it is no document
  /// of that kind.
  bool Rewrite(Route route, RelayAnswer& answer, std::string& body) const;

 private:
  const Rewriter rewriter_;
};

}  // namespace lowband::translator::mapping
