#include "services/translator/relay_handler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/base/mutex.h"
#include "libs/grpc/contract.h"
#include "services/translator/mapping/relay_answer.h"
#include "services/translator/mapping/relay_request.h"

namespace lowband::translator {
namespace {

void Count(std::atomic<uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

/// One transfer, between its call and its libcurl handle, which share it until they end.
class RelayHandler::Transfer final : public ingress::Relay,
                                     public upstream::RelayEvents,
                                     public std::enable_shared_from_this<Transfer> {
 public:
  Transfer(RelayHandler& handler, const RequestId& request_id, mapping::RelayHead head,
           std::weak_ptr<ingress::RelaySink> sink)
      : handler_(handler),
        upstream_(handler.upstream_),
        id_(upstream_.Reserve()),
        method_(head.method),
        route_(mapping::RouteOfTarget(head.target)),
        rewrites_(handler.rewriter_.Applies(route_, method_)),
        head_(std::move(head)),
        sink_(std::move(sink)),
        record_{.id = request_id, .route = route_, .relayed = true, .fault = std::nullopt},
        started_(std::chrono::steady_clock::now()) {
    if (rewrites_) handler_.rewriter_.Prepare(head_);
  }
  ~Transfer() override { handler_.held_bytes_.Return(charged_); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void Begin() override { upstream_.Start(id_, std::move(head_), shared_from_this()); }
  void Body(std::string piece) override { upstream_.Body(id_, std::move(piece)); }
  void BodyEnd() override { upstream_.BodyEnd(id_); }
  void Cancel() override { upstream_.Cancel(id_); }
  void Taken() override;

  void OnBodyWanted() override {
    if (const auto sink = sink_.lock()) sink->BodyWanted();
  }
  void OnProceed() override {
    if (const auto sink = sink_.lock()) sink->Proceed();
  }
  void OnAnswer(mapping::RelayAnswer answer) override;
  void OnData(std::string data) override;
  void OnEnd() override;
  void OnFault(mapping::UpstreamFault fault) override;

 private:
  void Log();
  void Hold(const std::string& data);
  /// Ends the holding of the answer: sends its head, and begins to send `body`.
  void Tell(mapping::RelayAnswer answer, std::string body, bool whole);
  void TellNextPiece();

  RelayHandler& handler_;
  upstream::RelayClient& upstream_;
  const upstream::RelayClient::Id id_;
  const std::string method_;
  const mapping::Route route_;
  const bool rewrites_;
  mapping::RelayHead head_;
  const std::weak_ptr<ingress::RelaySink> sink_;

  // Only for the client's thread.
  ExchangeRecord record_;
  const TimePoint started_;
  std::optional<mapping::RelayAnswer> held_answer_;  ///< Its body is being held for the rewrite.
  std::string held_body_;
  size_t charged_ = 0;
  bool head_told_ = false;

  /// A complete body that is sent piece by piece.
  Mutex mutex_;
  std::string backlog_ LOWBAND_GUARDED_BY(mutex_);
  size_t backlog_told_ LOWBAND_GUARDED_BY(mutex_) = 0;
  bool backlog_is_last_ LOWBAND_GUARDED_BY(mutex_) = false;
};

void RelayHandler::Transfer::Log() {
  if (handler_.log_ == nullptr) return;
  record_.took = std::chrono::steady_clock::now() - started_;
  handler_.log_->Write(record_);
}

void RelayHandler::Transfer::OnAnswer(mapping::RelayAnswer answer) {
  record_.status = answer.status;
  if (rewrites_) {
    if (handler_.rewriter_.Wants(answer, method_)) {
      held_answer_ = std::move(answer);
      return;
    }
    handler_.rewriter_.Describe(answer, method_);
  }
  Tell(std::move(answer), {}, false);
}

void RelayHandler::Transfer::OnData(std::string data) {
  if (held_answer_) return Hold(data);
  if (const auto sink = sink_.lock()) sink->Data(std::move(data));
}

void RelayHandler::Transfer::Hold(const std::string& data) {
  const bool fits = held_body_.size() + data.size() <= mapping::kRewriteBytesMax;
  held_body_ += data;
  if (fits && handler_.held_bytes_.Take(data.size())) {
    charged_ += data.size();
    return upstream_.Taken(id_);
  }
  // Too large to hold. The client's next data waits until this has been sent.
  Count(handler_.counters_.documents_passed);
  Tell(std::move(*std::exchange(held_answer_, std::nullopt)), std::move(held_body_), false);
}

void RelayHandler::Transfer::OnEnd() {
  Log();
  if (held_answer_) {
    mapping::RelayAnswer answer = std::move(*std::exchange(held_answer_, std::nullopt));
    const bool changed = handler_.rewriter_.Rewrite(route_, answer, held_body_);
    Count(changed ? handler_.counters_.documents_rewritten : handler_.counters_.documents_passed);
    return Tell(std::move(answer), std::move(held_body_), true);
  }
  {
    const MutexLock lock(mutex_);
    backlog_is_last_ = true;
    if (backlog_told_ < backlog_.size()) return;  // it is sent after the backlog
  }
  if (const auto sink = sink_.lock()) sink->End(true);
}

void RelayHandler::Transfer::OnFault(mapping::UpstreamFault fault) {
  record_.fault = fault;
  Log();
  if (head_told_) {
    if (const auto sink = sink_.lock()) sink->End(false);
    return;
  }
  held_answer_.reset();
  Count(handler_.counters_.errors);
  mapping::RelayError error = mapping::RelayErrorOf(fault, method_);
  Tell(std::move(error.answer), std::move(error.body), true);
}

void RelayHandler::Transfer::Tell(mapping::RelayAnswer answer, std::string body, bool whole) {
  const auto sink = sink_.lock();
  if (!sink) return;
  head_told_ = true;
  sink->Head(mapping::ToRelayResponse(std::move(answer)));
  bool some = false;
  {
    const MutexLock lock(mutex_);
    some = !body.empty();
    backlog_ = std::move(body);
    backlog_is_last_ = whole;
  }
  if (some) {
    TellNextPiece();
  } else if (whole) {
    sink->End(true);
  }
}

void RelayHandler::Transfer::TellNextPiece() {
  const auto sink = sink_.lock();
  if (!sink) return;
  std::string piece;
  bool last = false;
  {
    const MutexLock lock(mutex_);
    piece = backlog_.substr(backlog_told_, contract::kChunkBytesMax);
    backlog_told_ += piece.size();
    const bool all = backlog_told_ == backlog_.size();
    last = all && backlog_is_last_;
    if (all) {
      backlog_ = {};
      backlog_told_ = 0;
    }
  }
  sink->Data(std::move(piece));
  if (last) sink->End(true);
}

void RelayHandler::Transfer::Taken() {
  {
    const MutexLock lock(mutex_);
    if (backlog_.empty()) {
      upstream_.Taken(id_);
      return;
    }
  }
  TellNextPiece();
}

std::optional<ingress::RelayOwnAnswer> RelayHandler::AnswerAtOnce(const v1::RelayRequest& request) {
  if (mapping::IsRelayed(request.target(), config_.allow_paths)) return std::nullopt;
  Count(counters_.paths_refused);
  Count(counters_.errors);
  mapping::RelayError error = mapping::RelayErrorOf(
      mapping::Refusal{404, "M_UNRECOGNIZED", "this path is not passed on to the homeserver"},
      request.method());
  return ingress::RelayOwnAnswer{mapping::ToRelayResponse(std::move(error.answer)),
                                 std::move(error.body)};
}

Result<std::shared_ptr<ingress::Relay>, std::string> RelayHandler::Make(
    v1::RelayRequest request, std::weak_ptr<ingress::RelaySink> sink) {
  auto head = mapping::MapRelayRequest(request, config_);
  if (!head) return Failure(std::move(head.error()));
  const RequestId id = ReadRequestId(AsBytes(request.request_id())).value_or(RequestId{});
  return std::make_shared<Transfer>(*this, id, std::move(*head), std::move(sink));
}

}  // namespace lowband::translator
