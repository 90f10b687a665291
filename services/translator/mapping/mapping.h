// One CoAP request to one HTTP request, and the HTTP answer back to the CoAP answer. Stateless,
// pure: all of Lowband's knowledge of Matrix is here.
//
//   Request ──path.h: enum or literal path ──▶ Route ──┐
//           ──query.h, token, timeout ──────────────── ├─▶ HttpRequest ─▶ homeserver
//           ──content.h: CBOR→JSON ────────────────────┘                      │
//   Answer ◀──answer.h: JSON→CBOR, code ◀── rewrite.h (.well-known, login, versions) ◀──┘
//
// A poll of an observation continues from its cursor (cursor.h), and its answer carries the outcome
// for the edge (poll_answer.h).
//
// Threading: const after construction; any thread. Limits: limits.h. Spec: MSC3079, RFC 8075,
// docs/protocol.md "Paths and queries", "Methods and codes", "HTTP on TCP and rewriting".
#pragma once

#include <string>
#include <vector>

#include "libs/base/result.h"
#include "lowband/v1/translator.pb.h"
#include "services/translator/mapping/answer.h"
#include "services/translator/mapping/config.h"
#include "services/translator/mapping/http.h"
#include "services/translator/mapping/query.h"
#include "services/translator/mapping/rewrite.h"

namespace lowband::translator::mapping {

/// A request ready for the homeserver.
struct MappedRequest {
  HttpRequest http;
  AnswerForm form;
  /// The request applies only to these versions, named by hashes: version.h. Empty: to all.
  std::vector<std::string> only_versions = {};
};

class Mapping {
 public:
  /// Throws ConfigError naming the flag.
  explicit Mapping(MappingConfig config);

  /// The HTTP request for `request`, whose body is complete. A refusal is the finished answer: a
  /// Matrix error that names the fault and its place.
  Result<MappedRequest, ingress::ExchangeAnswer> ToHttp(const v1::Request& request) const;

  /// The conditional form of `request`, after `found` has answered VersionCheck (version.h).
  Result<HttpRequest, ingress::ExchangeAnswer> UnderCondition(
      const MappedRequest& request, const Result<HttpResponse, UpstreamFault>& found) const;

  /// The CoAP answer for the homeserver's answer, or for its failure.
  ingress::ExchangeAnswer ToCoap(const AnswerForm& form,
                                 const Result<HttpResponse, UpstreamFault>& response) const;

 private:
  ingress::ExchangeAnswer FromAnswer(const AnswerForm& form, const HttpResponse& response) const;
  bool IsLookedInto(const AnswerForm& form, uint16_t status) const;
  ingress::ExchangeAnswer FromFault(const AnswerForm& form, UpstreamFault fault) const;
  ingress::ExchangeAnswer FromWhole(const AnswerForm& form,
                                    const Result<HttpResponse, UpstreamFault>& response) const;
  ingress::ExchangeAnswer FromResponse(const AnswerForm& form, const HttpResponse& response) const;
  ingress::ExchangeAnswer FromSuccess(const AnswerForm& form, const HttpResponse& response) const;
  ingress::ExchangeAnswer FromError(const AnswerForm& form, const HttpResponse& response) const;

  const MappingConfig config_;
  const Rewriter rewriter_;
};

}  // namespace lowband::translator::mapping
