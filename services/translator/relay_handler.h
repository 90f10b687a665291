// Joins the stages of the translator for relayed HTTP: checks and maps the request, streams the
// bodies, and holds and rewrites the whole body of a few documents.
//
//   AnswerAtOnce ─▶ 404 for a path that is not on the list
//   Make ─▶ MapRelayRequest ─▶ Begin ─▶ RelayClient::Start
//   OnAnswer ─┬─ to be rewritten ─▶ held until OnEnd ─▶ Rewrite ─▶ Head, Data …, End
//             └─ else ─▶ Head, Data …, End
//   OnFault ─── before the head ─▶ a Matrix error in its place; after it ─▶ End(broken)
//
// Threading: Make on gRPC's threads, events on the relay client's. Ownership: client and log
// outlive the handler. Limits: mapping/limits.h; the ingress bounds their number.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "libs/base/budget.h"
#include "services/translator/exchange_log.h"
#include "services/translator/ingress/counters.h"
#include "services/translator/ingress/relay.h"
#include "services/translator/mapping/config.h"
#include "services/translator/mapping/limits.h"
#include "services/translator/mapping/relay_rewrite.h"
#include "services/translator/upstream/relay_client.h"

namespace lowband::translator {

struct RelayHandlerCounters {
  std::atomic<uint64_t> documents_rewritten{0};
  std::atomic<uint64_t> documents_passed{
      0};                           ///< Too large, undecodable, or without a member to change.
  std::atomic<uint64_t> errors{0};  ///< The translator's own answers.
  std::atomic<uint64_t> paths_refused{0};  ///< Of these: the path is not passed on.
};

class RelayHandler final : public ingress::RelayHandler {
 public:
  /// `log` may be null.
  RelayHandler(const mapping::MappingConfig& config, upstream::RelayClient& upstream,
               ExchangeLog* log)
      : config_(config), rewriter_(config), upstream_(upstream), log_(log) {}
  /// Drains the relay client, so that no event comes after the destructor.
  ~RelayHandler() override { upstream_.Drain(Duration::zero()); }

  std::optional<ingress::RelayOwnAnswer> AnswerAtOnce(const v1::RelayRequest& request) override;
  Result<std::shared_ptr<ingress::Relay>, std::string> Make(
      v1::RelayRequest request, std::weak_ptr<ingress::RelaySink> sink) override;

  const RelayHandlerCounters& counters() const { return counters_; }

 private:
  class Transfer;

  const mapping::MappingConfig config_;
  const mapping::RelayRewriter rewriter_;
  upstream::RelayClient& upstream_;
  ExchangeLog* const log_;
  RelayHandlerCounters counters_;
  Budget held_bytes_{mapping::kRewritesBytesMax};
};

}  // namespace lowband::translator
