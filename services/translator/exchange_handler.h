// Joins the stages of the translator: maps a complete request from the ingress, sends it to the
// homeserver, and maps its answer back.
//
//   Start ─▶ Mapping::ToHttp ─┬─ refused ───────────────▶ respond
//                             ├─ poll ─▶ Observable ──┐
//                             └───────────────────────┴─▶ UpstreamClient::Submit
//                                                    ─▶ Mapping::ToCoap ─▶ respond
//
// A request for certain versions only is sent after a GET has returned one of them (version.h).
//
// Threading: Start and Cancel on gRPC's threads, completions on the upstream's. Ownership: mapping,
// upstream and log outlive the handler. Limits: one entry an exchange in flight, which the ingress
// bounds.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <unordered_map>

#include "libs/base/mutex.h"
#include "services/translator/exchange_log.h"
#include "services/translator/ingress/handler.h"
#include "services/translator/mapping/mapping.h"
#include "services/translator/route_bytes.h"
#include "services/translator/upstream/client.h"

namespace lowband::translator {

/// Compressed answers, and the bytes of their bodies before and after.
struct CompressionCounters {
  std::atomic<uint64_t> answers{0};
  std::atomic<uint64_t> bytes_before{0};
  std::atomic<uint64_t> bytes_after{0};
};

/// Answers by the class of their code: [0] made here before any request upstream, [2] to [5] by
/// class.
struct HandlerCounters {
  std::array<std::atomic<uint64_t>, 6> answers{};
  std::atomic<uint64_t> cancelled{0};
  /// Polls of observations by v1::Poll::Outcome.
  std::array<std::atomic<uint64_t>, v1::Poll::Outcome_ARRAYSIZE> polls{};
  /// Answers with replaced values, and the replaced values by transcode::Unfit.
  std::atomic<uint64_t> answers_mended{0};
  std::array<std::atomic<uint64_t>, transcode::kUnfitCount> values_replaced{};
  /// Compressed answers by mapping::Compression; [0] is empty.
  std::array<CompressionCounters, mapping::kCompressionCount> compressed{};
  /// By Route.
  RoutesBytes routes{};
};

class ExchangeHandler final : public ingress::Handler {
 public:
  /// `config` without its codes, which each request sets. `log` may be null.
  ExchangeHandler(const mapping::MappingConfig& config, upstream::UpstreamClient& upstream,
                  ExchangeLog* log)
      : deployed_(With(config, coap::CodeSet::kDeployed)),
        rfc8075_(With(config, coap::CodeSet::kRfc8075)),
        upstream_(upstream),
        log_(log) {}
  /// Drains the upstream client, so that no completion comes after the destructor.
  ~ExchangeHandler() override { upstream_.Drain(Duration::zero()); }

  void Start(ingress::ExchangeKey key, v1::Request request, ingress::Respond respond) override;
  void Cancel(ingress::ExchangeKey key) override;
  ingress::ExchangeAnswer Refuse(const v1::Request& request, ingress::Refused reason) override;

  const HandlerCounters& counters() const { return counters_; }

 private:
  /// An exchange between its start and its completion. No handle yet: Submit has not returned.
  struct UnderWay {
    std::optional<upstream::UpstreamClient::Handle> handle;
    bool cancelled = false;
  };

  /// The part of an exchange that is kept until its answer.
  struct Exchange {
    ingress::ExchangeKey key;
    const mapping::Mapping& mapping;
    mapping::AnswerForm form;
    size_t request_bytes = 0;
    ingress::Respond respond;
    ExchangeRecord record;
    TimePoint started;
  };

  /// First gets the current version, for the condition of `mapped`.
  void StartUnderCondition(mapping::MappedRequest mapped, Exchange exchange);
  void Answered(const Exchange& exchange,
                const Result<mapping::HttpResponse, mapping::UpstreamFault>& response);
  void Conclude(const Exchange& exchange, ingress::ExchangeAnswer answer,
                const Result<mapping::HttpResponse, mapping::UpstreamFault>& response);
  void Log(ExchangeRecord record,
           const Result<mapping::HttpResponse, mapping::UpstreamFault>& response, Duration took);
  void Count(const v1::Answer& head);
  void CountMends(const ExchangeRecord& record, const transcode::Mends& mends);
  void CountCompression(const ingress::ExchangeAnswer& answer);
  void CountBytes(mapping::Route route, size_t request_body, const mapping::HttpResponse& response,
                  size_t answer_body);
  bool Finish(ingress::ExchangeKey key);
  bool GoesOn(ingress::ExchangeKey key);
  void Submitted(ingress::ExchangeKey key, upstream::UpstreamClient::Handle handle);

  static mapping::MappingConfig With(mapping::MappingConfig config, coap::CodeSet codes) {
    config.codes = codes;
    return config;
  }
  const mapping::Mapping& MappingFor(const v1::Request& request) const {
    return request.rfc8075_codes() ? rfc8075_ : deployed_;
  }

  // By the codes that the client supports.
  const mapping::Mapping deployed_;
  const mapping::Mapping rfc8075_;
  upstream::UpstreamClient& upstream_;
  ExchangeLog* const log_;
  HandlerCounters counters_;
  Mutex mutex_;
  std::unordered_map<ingress::ExchangeKey, UnderWay> under_way_ LOWBAND_GUARDED_BY(mutex_);
};

}  // namespace lowband::translator
