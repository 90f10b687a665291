#include "services/translator/metrics.h"

#include <span>
#include <string>
#include <utility>

#include "services/translator/metric_rows.h"

namespace lowband::translator {
namespace {

uint64_t Read(const std::atomic<uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

template <class Counters, class Rows>
void SetRows(MetricSet& m, const Rows& rows, const Counters& counters) {
  SetTotals<Counters, AtomicCount>(
      m, std::span<const AtomicRow<Counters>>(rows),
      [&](AtomicCount Counters::*counter) { return Read(counters.*counter); });
}

void SetIngress(MetricSet& m, const Figures& f) {
  m.Level("lanes", "Lanes open now.", {}, static_cast<double>(f.lanes));
  m.Level("exchanges_in_flight", "Requests that wait for the homeserver's answer.", {},
          static_cast<double>(f.exchanges));
  m.Level("relay_lanes", "Relay lanes open now.", {}, static_cast<double>(f.relay_lanes));
  m.Level("relay_active", "Transfers of plain HTTP under way.", {}, static_cast<double>(f.relays));
  SetRows(m, kIngressRows, f.ingress);
}

void SetHeld(MetricSet& m, const Figures& f) {
  m.Level("answers_held", "Answers by a window that wait for their clients.", {},
          static_cast<double>(f.answers_held));
  m.Level("answers_held_bytes",
          "Bytes of answers by a window that wait for their clients (--answer-hold).", {},
          static_cast<double>(f.answers_held_bytes));
}

void SetAnswers(MetricSet& m, const Figures& f) {
  const char* help = "Answers by class of code; local: made without the homeserver.";
  m.Total("answers_total", help, {{"class", "local"}}, Read(f.handler.answers[0]));
  for (const size_t cls : {2, 4, 5}) {
    m.Total("answers_total", help, {{"class", std::to_string(cls) + "xx"}},
            Read(f.handler.answers[cls]));
  }
}

void SetMends(MetricSet& m, const Figures& f) {
  SetRows(m, kHandlerRows, f.handler);
  for (size_t i = 0; i < transcode::kUnfitCount; ++i) {
    const std::string reason(transcode::Text(static_cast<transcode::Unfit>(i)));
    m.Total("values_replaced_total", "Events and values that were replaced, by reason.",
            {{"reason", reason}}, Read(f.handler.values_replaced[i]));
  }
}

void SetPolls(MetricSet& m, const Figures& f) {
  using Label = std::pair<const char*, v1::Poll::Outcome>;
  for (const auto& [name, outcome] :
       {Label{"changed", v1::Poll::CHANGED}, Label{"unchanged", v1::Poll::UNCHANGED},
        Label{"failed", v1::Poll::FAILED}, Label{"ended", v1::Poll::ENDED}}) {
    m.Total("polls_total", "Polls of observations by outcome.", {{"outcome", name}},
            Read(f.handler.polls[static_cast<size_t>(outcome)]));
  }
}

void SetCompression(MetricSet& m, const Figures& f) {
  for (const mapping::Compression compression :
       {mapping::Compression::kDeflate, mapping::Compression::kPacked}) {
    const CompressionCounters& c = f.handler.compressed[static_cast<size_t>(compression)];
    const std::string format(Text(compression));
    m.Total("answers_compressed_total", "Answers with a compressed body.", {{"format", format}},
            Read(c.answers));
    const char* bytes = "Size of the compressed bodies of answers, before and after.";
    m.Total("compression_bytes_total", bytes, {{"format", format}, {"side", "before"}},
            Read(c.bytes_before));
    m.Total("compression_bytes_total", bytes, {{"format", format}, {"side", "after"}},
            Read(c.bytes_after));
  }
}

void SetRoutes(MetricSet& m, const Figures& f) {
  const char* exchanges = "Exchanges over CoAP that the homeserver answered.";
  const char* coap = "Bodies over CoAP, as clients sent and received them.";
  const char* upstream =
      "HTTP messages of CoAP exchanges, as the homeserver received and sent them.";
  const char* https = "Estimate of the bytes on the wire of the same exchanges over HTTPS.";
  for (size_t i = 0; i < mapping::kRouteCount; ++i) {
    const RouteBytes& bytes = f.handler.routes[i];
    const std::string route(Text(static_cast<mapping::Route>(i)));
    const MetricLabels sent{{"route", route}, {"direction", "sent"}};
    const MetricLabels received{{"route", route}, {"direction", "received"}};
    m.Total("route_exchanges_total", exchanges, {{"route", route}}, Read(bytes.exchanges));
    m.Total("route_coap_body_bytes_total", coap, sent, Read(bytes.coap_sent));
    m.Total("route_coap_body_bytes_total", coap, received, Read(bytes.coap_received));
    m.Total("route_upstream_bytes_total", upstream, sent, Read(bytes.upstream_sent));
    m.Total("route_upstream_bytes_total", upstream, received, Read(bytes.upstream_received));
    m.Total("route_https_estimate_bytes_total", https, sent, Read(bytes.https_sent));
    m.Total("route_https_estimate_bytes_total", https, received, Read(bytes.https_received));
  }
}

void SetUpstream(MetricSet& m, const Figures& f) {
  const upstream::UpstreamCounters& c = f.upstream;
  for (size_t hundreds = 1; hundreds < c.answers.size(); ++hundreds) {
    m.Total("upstream_responses_total", "Answers of the homeserver.",
            {{"class", std::to_string(hundreds) + "xx"}}, Read(c.answers[hundreds]));
  }
  for (size_t i = 0; i < mapping::kUpstreamFaultCount; ++i) {
    m.Total("upstream_faults_total", "Requests that the homeserver did not answer.",
            {{"reason", std::string(Text(static_cast<mapping::UpstreamFault>(i)))}},
            Read(c.faults[i]));
  }
  SetRows(m, kUpstreamRows, c);
  m.Level("upstream_active", "Requests at the homeserver now.", {},
          static_cast<double>(Read(c.active)));
  m.Level("upstream_polls_active", "Long-polls at the homeserver now.", {},
          static_cast<double>(Read(c.polls_active)));
  m.Level("upstream_pending", "Requests that wait for a connection now.", {},
          static_cast<double>(Read(c.pending)));
  m.Level("upstream_held_body_bytes", "Bytes of answers that are being received now.", {},
          static_cast<double>(Read(c.held_body_bytes)));
  m.Durations("upstream_duration_seconds", "From submission to the homeserver's last byte.", {},
              c.duration);
}

void SetRelayUpstream(MetricSet& m, const Figures& f) {
  const upstream::RelayCounters& c = f.relay_upstream;
  for (size_t hundreds = 1; hundreds < c.answers.size(); ++hundreds) {
    m.Total("relay_responses_total", "Answers of the homeserver to transfers of plain HTTP.",
            {{"class", std::to_string(hundreds) + "xx"}}, Read(c.answers[hundreds]));
  }
  for (size_t i = 0; i < mapping::kUpstreamFaultCount; ++i) {
    m.Total("relay_faults_total", "Transfers of plain HTTP that the homeserver did not finish.",
            {{"reason", std::string(Text(static_cast<mapping::UpstreamFault>(i)))}},
            Read(c.faults[i]));
  }
  SetRows(m, kRelayUpstreamRows, c);
  m.Level("relay_upstream_active", "Transfers of plain HTTP at the homeserver now.", {},
          static_cast<double>(Read(c.active)));
  m.Durations("relay_head_seconds", "From a transfer's start to the head of its answer.", {},
              c.head_duration);
}

}  // namespace

void SetTranslatorMetrics(MetricSet& metrics, const Figures& figures) {
  SetIngress(metrics, figures);
  SetHeld(metrics, figures);
  SetAnswers(metrics, figures);
  SetMends(metrics, figures);
  SetPolls(metrics, figures);
  SetCompression(metrics, figures);
  SetRoutes(metrics, figures);
  SetUpstream(metrics, figures);
  SetRows(metrics, kRelayHandlerRows, figures.relay_handler);
  SetRelayUpstream(metrics, figures);
  metrics.Level("draining", "1 from SIGTERM on.", {}, figures.draining ? 1 : 0);
  metrics.Total("log_lines_dropped_total", "Log lines dropped because standard error was not read.",
                {}, figures.log_lines_dropped);
  metrics.Process();
}

}  // namespace lowband::translator
