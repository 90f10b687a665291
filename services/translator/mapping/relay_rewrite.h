// Which relayed documents are rewritten, and how: rewrite.h over plain HTTP.
//
// A document is asked for in a coding that we read, whole, and not only if it has changed in part;
// its answer is held until it is whole. What turns out to be something else passes as it came.
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

  /// The document of `route`, asked for by `method`, is one that we change.
  bool Applies(Route route, std::string_view method) const;
  /// Makes the request one whose answer we can read.
  void Prepare(RelayHead& head) const;
  /// The body is to be held and given to Rewrite.
  bool Wants(const RelayAnswer& answer, std::string_view method) const;
  /// An answer without the document, to HEAD or with status 304, describes the rewritten one.
  void Describe(RelayAnswer& answer, std::string_view method) const;
  /// `body` is whole, at most kRewriteBytesMax. False, and nothing changed, if it is no document
  /// of that kind.
  bool Rewrite(Route route, RelayAnswer& answer, std::string& body) const;

 private:
  const Rewriter rewriter_;
};

}  // namespace lowband::translator::mapping
