#include "services/translator/metrics.h"

#include <string>
#include <utility>

namespace lowband::translator {
namespace {

uint64_t Read(const std::atomic<uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

void SetIngress(MetricSet& m, const Figures& f) {
  const ingress::Counters& c = f.ingress;
  m.Level("lanes", "Lanes open now.", {}, static_cast<double>(f.lanes));
  m.Level("exchanges_in_flight", "Requests that wait for the homeserver's answer.", {},
          static_cast<double>(f.exchanges));
  m.Total("requests_total", "Whole requests that came from edges.", {}, Read(c.requests));
  m.Total("requests_refused_total", "Requests refused before they were looked into.",
          {{"reason", "overload"}}, Read(c.refused_overload));
  m.Total("requests_refused_total", "Requests refused before they were looked into.",
          {{"reason", "body_size"}}, Read(c.refused_body_size));
  m.Total("cancels_total", "Requests whose answer was no longer wanted.", {}, Read(c.cancels));
  m.Total("lanes_total", "Lanes, by what became of them.", {{"event", "opened"}},
          Read(c.lanes_opened));
  m.Total("lanes_total", "Lanes, by what became of them.", {{"event", "refused"}},
          Read(c.lanes_refused));
  m.Total("lanes_total", "Lanes, by what became of them.", {{"event", "broken"}},
          Read(c.lanes_broken));
  m.Total("batches_total", "gRPC messages on lanes.", {{"direction", "received"}},
          Read(c.batches_received));
  m.Total("batches_total", "gRPC messages on lanes.", {{"direction", "sent"}},
          Read(c.batches_written));
}

void SetAnswers(MetricSet& m, const Figures& f) {
  const char* help = "Answers by the class of their code; local: refused before the homeserver.";
  m.Total("answers_total", help, {{"class", "local"}}, Read(f.handler.answers[0]));
  for (const size_t cls : {2, 4, 5}) {
    m.Total("answers_total", help, {{"class", std::to_string(cls) + "xx"}},
            Read(f.handler.answers[cls]));
  }
}

void SetPolls(MetricSet& m, const Figures& f) {
  using Label = std::pair<const char*, v1::Poll::Outcome>;
  for (const auto& [name, outcome] :
       {Label{"changed", v1::Poll::CHANGED}, Label{"unchanged", v1::Poll::UNCHANGED},
        Label{"failed", v1::Poll::FAILED}, Label{"ended", v1::Poll::ENDED}}) {
    m.Total("polls_total", "Polls of observations by what they found.", {{"outcome", name}},
            Read(f.handler.polls[static_cast<size_t>(outcome)]));
  }
}

void SetRoutes(MetricSet& m, const Figures& f) {
  const char* exchanges = "Exchanges over CoAP that the homeserver answered.";
  const char* coap = "Bodies over CoAP, as clients sent and received them.";
  const char* upstream = "HTTP messages of CoAP exchanges, as the homeserver got and sent them.";
  const char* https =
      "Estimate of what the same exchanges would have cost their clients over HTTPS, on the wire.";
  for (size_t i = 0; i < kRouteCount; ++i) {
    const RouteBytes& bytes = f.handler.routes[i];
    const std::string route(Text(static_cast<Route>(i)));
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
  const UpstreamCounters& c = f.upstream;
  for (size_t hundreds = 1; hundreds < c.answers.size(); ++hundreds) {
    m.Total("upstream_responses_total", "Answers of the homeserver.",
            {{"class", std::to_string(hundreds) + "xx"}}, Read(c.answers[hundreds]));
  }
  for (size_t i = 0; i < kUpstreamFaultCount; ++i) {
    m.Total("upstream_faults_total", "Requests that the homeserver did not answer.",
            {{"reason", std::string(Text(static_cast<UpstreamFault>(i)))}}, Read(c.faults[i]));
  }
  m.Total("upstream_connections_total", "Connections opened to the homeserver.", {},
          Read(c.connections_opened));
  m.Total("upstream_sent_bytes_total", "Bytes of HTTP messages sent, before TLS.", {},
          Read(c.bytes_sent));
  m.Total("upstream_received_bytes_total", "Bytes of HTTP messages received, as they came.", {},
          Read(c.bytes_received));
  m.Total("upstream_breaker_opened_total", "Times the homeserver was taken for unreachable.", {},
          Read(c.breaker_opened));
  m.Level("upstream_active", "Requests at the homeserver now.", {},
          static_cast<double>(Read(c.active)));
  m.Level("upstream_pending", "Requests that wait for a connection now.", {},
          static_cast<double>(Read(c.pending)));
  m.Durations("upstream_duration_seconds", "From submission to the homeserver's last byte.", {},
              c.duration);
}

}  // namespace

void SetTranslatorMetrics(MetricSet& metrics, const Figures& figures) {
  SetIngress(metrics, figures);
  SetAnswers(metrics, figures);
  SetPolls(metrics, figures);
  SetRoutes(metrics, figures);
  SetUpstream(metrics, figures);
  metrics.Level("draining", "1 from SIGTERM on.", {}, figures.draining ? 1 : 0);
  metrics.Process();
}

}  // namespace lowband::translator
