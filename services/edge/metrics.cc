#include "services/edge/metrics.h"

#include <array>
#include <numeric>
#include <span>
#include <string>
#include <string_view>

#include "services/edge/datagram/metric_rows.h"
#include "services/edge/dtls/metric_rows.h"
#include "services/edge/fallback/metric_rows.h"
#include "services/edge/message/metric_rows.h"
#include "services/edge/request/metric_rows.h"
#include "services/edge/uplink/metric_rows.h"

namespace lowband::edge {
namespace {

using Stats = WorkerStats;

template <class Read>
uint64_t Sum(const std::vector<Stats>& workers, Read read) {
  uint64_t sum = 0;
  for (const Stats& worker : workers) sum += read(worker);
  return sum;
}

template <class Counters, class Rows>
void SetRows(MetricSet& metrics, const std::vector<Stats>& workers, const Rows& rows,
             Counters Stats::*stage) {
  using Row = CounterRow<Counters, uint64_t>;
  SetTotals<Counters, uint64_t>(
      metrics, std::span<const Row>(rows), [&](uint64_t Counters::*counter) {
        return Sum(workers, [&](const Stats& worker) { return worker.*stage.*counter; });
      });
}

void SetLevel(MetricSet& metrics, const std::vector<Stats>& workers, const char* name,
              const char* help, uint64_t Stats::*level) {
  const uint64_t sum = Sum(workers, [level](const Stats& worker) { return worker.*level; });
  metrics.Level(name, help, {}, static_cast<double>(sum));
}

// The counters of an enum: names[i] is the label of the i-th.
template <size_t N, class Read>
void EnumTotals(MetricSet& metrics, const std::vector<Stats>& workers, const char* name,
                const char* help, const char* label, const std::array<std::string_view, N>& names,
                Read read) {
  for (size_t i = 0; i < N; ++i) {
    metrics.Total(name, help, {{label, std::string(names[i])}},
                  Sum(workers, [&](const Stats& s) { return read(s)[i]; }));
  }
}

void SetDatagram(MetricSet& m, const std::vector<Stats>& w) {
  SetRows(m, w, datagram::kMetricRows, &Stats::datagram);
  m.Total("udp_datagrams_dropped_total", "Datagrams dropped before DTLS, or not sent.",
          {{"reason", "queue_full"}}, Sum(w, [](const Stats& s) { return s.forward_drops; }));
  m.Total("udp_datagrams_forwarded_total",
          "Datagrams handed to the worker that holds their session.", {},
          Sum(w, [](const Stats& s) { return s.forwarded; }));
}

void SetDtls(MetricSet& m, const std::vector<Stats>& w) {
  SetLevel(m, w, "dtls_sessions", "Sessions held now.", &Stats::sessions);
  SetLevel(m, w, "dtls_handshakes_in_progress", "Handshakes under way now.", &Stats::handshakes);
  EnumTotals(
      m, w, "dtls_handshakes_total", "Handshakes that passed the cookie exchange, by result.",
      "result", dtls::kHandshakeResultNames,
      [](const Stats& s) -> const auto& { return s.dtls.handshakes; });
  EnumTotals(
      m, w, "dtls_records_dropped_total", "Records and datagrams that were dropped.", "reason",
      dtls::kDropReasonNames, [](const Stats& s) -> const auto& { return s.dtls.dropped; });
  EnumTotals(
      m, w, "dtls_sessions_closed_total", "Sessions that ended.", "reason", dtls::kCloseReasonNames,
      [](const Stats& s) -> const auto& { return s.dtls.closed; });
  SetRows(m, w, dtls::kMetricRows, &Stats::dtls);
  m.Total("dtls_reliefs_total", "Requests to another worker to make room for a newcomer.",
          {{"event", "dropped"}}, Sum(w, [](const Stats& s) { return s.relief_drops; }));
}

void SetAdmission(MetricSet& m, const ProcessState& process) {
  const auto level = [&](const char* name, const char* help, size_t value) {
    m.Level(name, help, {}, static_cast<double>(value));
  };
  level("dtls_sessions_limit", "Sessions held at most.", process.admission.sessions);
  level("dtls_handshakes_limit", "Handshakes under way at most.", process.admission.handshakes);
  level("dtls_sessions_unproven", "Sessions of clients that the homeserver does not know yet.",
        process.sessions.held[static_cast<size_t>(admission::Standing::kUnproven)]);
  level("dtls_networks", "Networks (IPv4 /32, IPv6 /48) that hold sessions.",
        process.sessions.networks);
}

void SetRequests(MetricSet& m, const std::vector<Stats>& w) {
  SetLevel(m, w, "coap_exchanges_in_flight", "Requests that wait for a translator's answer.",
           &Stats::exchanges);
  SetLevel(m, w, "coap_requests_waiting", "Requests and uploads that wait until others have ended.",
           &Stats::waiting);
  SetLevel(m, w, "observations", "Observations now.", &Stats::observations);
  EnumTotals(
      m, w, "coap_requests_refused_total", "Requests that the edge answered itself.", "reason",
      request::kRefusalReasonNames,
      [](const Stats& s) -> const auto& { return s.request.refused; });
  SetRows(m, w, request::kMetricRows, &Stats::request);
  EnumTotals(
      m, w, "observe_polls_failed_total", "Polls for observers that failed, by cause.", "cause",
      request::kPollFailureNames,
      [](const Stats& s) -> const auto& { return s.request.polls_failed; });
  m.Total("observe_polls_total", "Polls for observers without news, and failed ones.",
          {{"result", "failed"}}, Sum(w, [](const Stats& s) {
            return std::accumulate(s.request.polls_failed.begin(), s.request.polls_failed.end(),
                                   uint64_t{0});
          }));
}

void SetDownloads(MetricSet& m, const std::vector<Stats>& w) {
  m.Level("coap_download_bytes", "Bytes of answers that clients fetch block by block.", {},
          static_cast<double>(Sum(w, [](const Stats& s) { return s.download_bytes; })));
  m.Level("coap_windows", "Answers by a window that a translator has not sent completely yet.", {},
          static_cast<double>(Sum(w, [](const Stats& s) { return s.windows; })));
}

void SetDurations(MetricSet& m, const std::vector<Stats>& w) {
  BasicDurationHistogram<uint64_t> all;
  for (const Stats& worker : w) {
    const auto& one = worker.request.durations;
    for (size_t i = 0; i < all.buckets.size(); ++i) all.buckets[i] += one.buckets[i];
    all.sum_us += one.sum_us;
  }
  m.Durations("coap_request_duration_seconds",
              "From a request's last block to the first of its answer, without long-polls.", {},
              all);
}

template <class Ledgers>
void SetLedger(MetricSet& m, const Ledgers& ledgers, const admission::NamedLedger<Ledgers>& named) {
  using admission::Standing;
  const admission::Ledger& ledger = ledgers.*named.ledger;
  const admission::Ledger::Usage usage = ledger.usage();
  const std::string of(named.name);
  const auto held = [&](Standing standing) {
    return static_cast<double>(usage.held[static_cast<size_t>(standing)]);
  };
  const char* help = "Held now for all clients, by standing (proven: the homeserver knows them).";
  m.Level("admission_held", help, {{"of", of}, {"standing", "unproven"}},
          held(Standing::kUnproven));
  m.Level("admission_held", help, {{"of", of}, {"standing", "proven"}}, held(Standing::kProven));
  m.Level("admission_limit", "Held at most for all clients.", {{"of", of}},
          static_cast<double>(ledger.max()));
  m.Level("admission_networks", "Networks with holdings.", {{"of", of}},
          static_cast<double>(usage.networks));
  const char* contended = "Newcomers that found no room.";
  m.Total("admission_contended_total", contended, {{"of", of}, {"result", "made_room"}},
          usage.made_room);
  m.Total("admission_contended_total", contended, {{"of", of}, {"result", "refused"}},
          usage.refused);
}

}  // namespace

void SetEdgeMetrics(MetricSet& metrics, const std::vector<WorkerStats>& workers,
                    const ProcessState& process) {
  SetDatagram(metrics, workers);
  SetDtls(metrics, workers);
  SetRows(metrics, workers, message::kMetricRows, &Stats::message);
  SetRequests(metrics, workers);
  SetDownloads(metrics, workers);
  SetDurations(metrics, workers);
  SetRows(metrics, workers, uplink::kMetricRows, &Stats::uplink);
  metrics.Level("workers", "Worker threads.", {}, static_cast<double>(process.workers));
  SetAdmission(metrics, process);
  metrics.Level("tls_certificate_not_after_timestamp_seconds", "End of the certificate's validity.",
                {}, static_cast<double>(process.certificate_not_after_s));
  metrics.Level("tls_certificate_last_reload_success",
                "0 when the certificate files changed and are unusable.", {},
                process.last_reload_ok ? 1 : 0);
  metrics.Level("keylog_enabled", "1 when SSLKEYLOGFILE writes the sessions' secrets to a file.",
                {}, process.keylog_enabled ? 1 : 0);
  metrics.Level("draining", "1 from SIGTERM on.", {}, process.draining ? 1 : 0);
  metrics.Total("log_lines_dropped_total", "Log lines dropped because standard error was not read.",
                {}, process.log_lines_dropped);
  metrics.Process();
}

void SetAdmissionMetrics(MetricSet& m, const admission::RequestLedgers& ledgers) {
  for (const auto& named : admission::kRequestLedgers) SetLedger(m, ledgers, named);
  m.Level("admission_tokens", "Access tokens with requests under way.", {},
          static_cast<double>(ledgers.tokens.size()));
  m.Total("admission_token_waits_total",
          "Requests that had to wait for others of their access token.", {},
          ledgers.tokens.refused());
}

void SetAdmissionMetrics(MetricSet& m, const admission::MessageLedgers& ledgers) {
  for (const auto& named : admission::kMessageLedgers) SetLedger(m, ledgers, named);
  m.Level("coap_kept_answers_bytes", "Bytes of answers kept for duplicates.", {},
          static_cast<double>(ledgers.answers.held()));
  m.Level("coap_kept_answers_limit_bytes", "Limit of the bytes of answers kept for duplicates.", {},
          static_cast<double>(ledgers.answers.max()));
}

void SetFallbackMetrics(MetricSet& m, const fallback::Counters& c,
                        const fallback::RelayLaneCounters& lanes) {
  const auto read = [](const fallback::Counters::Count& count) {
    return count.load(std::memory_order_relaxed);
  };
  for (size_t i = 0; i < c.connections.size(); ++i) {
    m.Total("http_connections_total", "TCP connections refused or closed by the edge, by reason.",
            {{"event", std::string(fallback::kConnectionEventNames[i])}}, read(c.connections[i]));
  }
  for (size_t i = 0; i < c.transfers.size(); ++i) {
    m.Total("http_transfers_total", "Requests over TCP that were passed on, by result.",
            {{"result", std::string(fallback::kTransferEndNames[i])}}, read(c.transfers[i]));
  }
  for (size_t i = 0; i < c.refused.size(); ++i) {
    m.Total("http_requests_refused_total", "Requests over TCP that were not passed on.",
            {{"reason", std::string(http::Text(static_cast<http::Fault>(i)))}}, read(c.refused[i]));
  }
  for (size_t hundreds = 2; hundreds < c.answers.size(); ++hundreds) {
    m.Total("http_answers_total", "Answers over TCP, by class of status.",
            {{"class", std::to_string(hundreds) + "xx"}}, read(c.answers[hundreds]));
  }
  SetTotals<fallback::Counters, fallback::Counters::Count>(
      m, std::span(fallback::kMetricRows),
      [&](fallback::Counters::Count fallback::Counters::*counter) { return read(c.*counter); });
  SetTotals<fallback::RelayLaneCounters, fallback::RelayLaneCounters::Count>(
      m, std::span(fallback::kRelayLaneMetricRows),
      [&](fallback::RelayLaneCounters::Count fallback::RelayLaneCounters::*counter) {
        return read(lanes.*counter);
      });
  m.Level("http_connections", "TCP connections now.", {}, static_cast<double>(read(c.open)));
  m.Level("http_transfers_in_flight", "Requests over TCP under way now.", {},
          static_cast<double>(read(c.active)));
}

}  // namespace lowband::edge
