#include "services/edge/metrics.h"

#include <array>
#include <numeric>
#include <string>
#include <string_view>

namespace lowband::edge {
namespace {

using Stats = WorkerStats;

template <class Read>
uint64_t Sum(const std::vector<Stats>& workers, Read read) {
  uint64_t sum = 0;
  for (const Stats& worker : workers) sum += read(worker);
  return sum;
}

// One series: a label's value, and where its number is.
struct Series {
  const char* label_value;
  uint64_t (*read)(const Stats&);
};

template <size_t N>
void Totals(MetricSet& metrics, const std::vector<Stats>& workers, const char* name,
            const char* help, const char* label, const std::array<Series, N>& series) {
  for (const Series& one : series) {
    const MetricLabels labels =
        label == nullptr ? MetricLabels{} : MetricLabels{{label, one.label_value}};
    metrics.Total(name, help, labels, Sum(workers, one.read));
  }
}

// A whole enum's counters: names[i] labels the i-th.
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
  Totals<2>(m, w, "udp_datagrams_total", "UDP datagrams.", "direction",
            {{{"received", [](const Stats& s) { return s.datagram.datagrams_received; }},
              {"sent", [](const Stats& s) { return s.datagram.datagrams_sent; }}}});
  Totals<2>(m, w, "udp_bytes_total", "Bytes of UDP payload.", "direction",
            {{{"received", [](const Stats& s) { return s.datagram.bytes_received; }},
              {"sent", [](const Stats& s) { return s.datagram.bytes_sent; }}}});
  Totals<4>(m, w, "udp_datagrams_dropped_total", "Datagrams dropped before DTLS, or not sent.",
            "reason",
            {{{"kernel", [](const Stats& s) { return s.datagram.kernel_drops; }},
              {"truncated", [](const Stats& s) { return s.datagram.truncated; }},
              {"send_error", [](const Stats& s) { return s.datagram.send_errors; }},
              {"queue_full", [](const Stats& s) { return s.forward_drops; }}}});
  Totals<1>(m, w, "udp_datagrams_forwarded_total",
            "Datagrams handed to the worker that holds their session.", nullptr,
            {{{"", [](const Stats& s) { return s.forwarded; }}}});
}

void SetDtls(MetricSet& m, const std::vector<Stats>& w) {
  m.Level("dtls_sessions", "Sessions held now.", {},
          static_cast<double>(Sum(w, [](const Stats& s) { return s.sessions; })));
  m.Level("dtls_handshakes_in_progress", "Handshakes under way now.", {},
          static_cast<double>(Sum(w, [](const Stats& s) { return s.handshakes; })));
  EnumTotals(
      m, w, "dtls_handshakes_total", "Handshakes that passed the cookie exchange, by end.",
      "result", dtls::kHandshakeResultNames,
      [](const Stats& s) -> const auto& { return s.dtls.handshakes; });
  EnumTotals(
      m, w, "dtls_records_dropped_total", "Records and datagrams that went no further.", "reason",
      dtls::kDropReasonNames, [](const Stats& s) -> const auto& { return s.dtls.dropped; });
  EnumTotals(
      m, w, "dtls_sessions_closed_total", "Sessions that ended.", "reason", dtls::kCloseReasonNames,
      [](const Stats& s) -> const auto& { return s.dtls.closed; });
  Totals<2>(m, w, "dtls_records_total", "Records of application data.", "direction",
            {{{"received", [](const Stats& s) { return s.dtls.records_accepted; }},
              {"sent", [](const Stats& s) { return s.dtls.records_sent; }}}});
  Totals<1>(m, w, "dtls_hello_verify_requests_total", "Cookies sent to clients.", nullptr,
            {{{"", [](const Stats& s) { return s.dtls.verify_requests_sent; }}}});
  Totals<1>(m, w, "dtls_connection_ids_total", "Sessions opened with a Connection ID.", nullptr,
            {{{"", [](const Stats& s) { return s.dtls.connection_ids_used; }}}});
  Totals<1>(m, w, "dtls_peer_address_changes_total", "Sessions that moved to a new address.",
            nullptr, {{{"", [](const Stats& s) { return s.dtls.peer_moves; }}}});
  Totals<2>(m, w, "dtls_path_checks_total", "New addresses that clients were asked to answer from.",
            "result",
            {{{"proven", [](const Stats& s) { return s.dtls.paths_proven; }},
              {"given_up", [](const Stats& s) { return s.dtls.paths_given_up; }}}});
  Totals<2>(m, w, "dtls_records_held_total", "Records that waited for such an answer.", "result",
            {{{"held", [](const Stats& s) { return s.dtls.sends_held; }},
              {"dropped", [](const Stats& s) { return s.dtls.held_dropped; }}}});
  Totals<2>(m, w, "dtls_stale_alerts_total", "Alerts to clients whose session is unknown.",
            "result",
            {{{"sent", [](const Stats& s) { return s.dtls.stale_alerts_sent; }},
              {"withheld", [](const Stats& s) { return s.dtls.stale_alerts_withheld; }}}});
}

void SetMessages(MetricSet& m, const std::vector<Stats>& w) {
  Totals<3>(m, w, "coap_requests_received_total", "CoAP requests, duplicates not counted.", "type",
            {{{"con", [](const Stats& s) { return s.message.requests_con; }},
              {"non", [](const Stats& s) { return s.message.requests_non; }},
              {"ack", [](const Stats& s) { return s.message.requests_in_ack; }}}});
  Totals<3>(m, w, "coap_answers_total", "How answers were sent.", "type",
            {{{"piggybacked", [](const Stats& s) { return s.message.answers_piggybacked; }},
              {"separate", [](const Stats& s) { return s.message.answers_separate; }},
              {"non", [](const Stats& s) { return s.message.answers_non; }}}});
  Totals<3>(m, w, "coap_confirmables_total", "What became of our confirmable messages.", "result",
            {{{"delivered", [](const Stats& s) { return s.message.delivered; }},
              {"rejected", [](const Stats& s) { return s.message.rejected; }},
              {"undelivered", [](const Stats& s) { return s.message.undelivered; }}}});
  Totals<1>(m, w, "coap_retransmissions_total", "Confirmable messages sent again.", nullptr,
            {{{"", [](const Stats& s) { return s.message.retransmissions; }}}});
  Totals<1>(m, w, "coap_duplicates_total", "Requests that had been received before.", nullptr,
            {{{"", [](const Stats& s) { return s.message.duplicates; }}}});
  Totals<1>(m, w, "coap_duplicates_unanswerable_total",
            "Duplicates of requests whose answer had made room for others: answered by 5.04.",
            nullptr, {{{"", [](const Stats& s) { return s.message.duplicates_unanswerable; }}}});
  Totals<1>(m, w, "coap_answers_evicted_total",
            "Answers that made room for others before the time of duplicates was over.", nullptr,
            {{{"", [](const Stats& s) { return s.message.answers_evicted; }}}});
  Totals<1>(m, w, "coap_malformed_total", "Records whose data is no CoAP message.", nullptr,
            {{{"", [](const Stats& s) { return s.message.malformed; }}}});
  Totals<1>(m, w, "coap_pings_total", "Pings answered.", nullptr,
            {{{"", [](const Stats& s) { return s.message.pings; }}}});
}

void SetRequests(MetricSet& m, const std::vector<Stats>& w) {
  m.Level("coap_exchanges_in_flight", "Requests that wait for a translator's answer.", {},
          static_cast<double>(Sum(w, [](const Stats& s) { return s.exchanges; })));
  m.Level("coap_requests_waiting", "Requests and uploads that wait until others have ended.", {},
          static_cast<double>(Sum(w, [](const Stats& s) { return s.waiting; })));
  Totals<2>(m, w, "coap_requests_queued_total",
            "Requests and uploads that had to wait until others had ended.", "kind",
            {{{"request", [](const Stats& s) { return s.request.requests_queued; }},
              {"upload", [](const Stats& s) { return s.request.uploads_queued; }}}});
  EnumTotals(
      m, w, "coap_requests_refused_total", "Requests that the edge answered itself.", "reason",
      request::kRefusalReasonNames,
      [](const Stats& s) -> const auto& { return s.request.refused; });
  Totals<3>(m, w, "coap_session_tokens_total", "Changes of sessions' access tokens.", "event",
            {{{"set", [](const Stats& s) { return s.request.tokens_set; }},
              {"cleared", [](const Stats& s) { return s.request.tokens_cleared; }},
              {"refused", [](const Stats& s) { return s.request.tokens_refused; }}}});
  Totals<2>(m, w, "coap_token_waits_total",
            "Requests refused for want of a token that waited for it, and those that got it.",
            "event",
            {{{"begun", [](const Stats& s) { return s.request.exchanges_held; }},
              {"retried", [](const Stats& s) { return s.request.exchanges_retried; }}}});
  Totals<4>(m, w, "coap_blockwise_transfers_total", "Block-wise transfers, by end.", "result",
            {{{"upload_completed", [](const Stats& s) { return s.request.uploads_completed; }},
              {"upload_abandoned", [](const Stats& s) { return s.request.uploads_abandoned; }},
              {"download_completed", [](const Stats& s) { return s.request.downloads_finished; }},
              {"download_abandoned", [](const Stats& s) {
                 return s.request.downloads_abandoned + s.request.downloads_evicted;
               }}}});
  Totals<1>(
      m, w, "coap_blocks_total", "Blocks after the first, both ways.", nullptr,
      {{{"", [](const Stats& s) { return s.request.upload_blocks + s.request.download_blocks; }}}});
  Totals<1>(m, w, "coap_paths_narrowed_total",
            "Sessions that get small blocks only, since larger ones got lost.", nullptr,
            {{{"", [](const Stats& s) { return s.request.paths_narrowed; }}}});
}

void SetDurations(MetricSet& m, const std::vector<Stats>& w) {
  BasicDurationHistogram<uint64_t> all;
  for (const Stats& worker : w) {
    const auto& one = worker.request.durations;
    for (size_t i = 0; i < all.buckets.size(); ++i) all.buckets[i] += one.buckets[i];
    all.sum_us += one.sum_us;
  }
  m.Durations("coap_request_duration_seconds",
              "From a request's last block to the first of its answer; long-polls left out.", {},
              all);
}

void SetObservations(MetricSet& m, const std::vector<Stats>& w) {
  m.Level("observations", "Observations now.", {},
          static_cast<double>(Sum(w, [](const Stats& s) { return s.observations; })));
  Totals<6>(m, w, "observations_total", "Registrations, and how observations ended.", "event",
            {{{"registered", [](const Stats& s) { return s.request.observations; }},
              {"refused", [](const Stats& s) { return s.request.observations_refused; }},
              {"replaced", [](const Stats& s) { return s.request.observations_replaced; }},
              {"cancelled", [](const Stats& s) { return s.request.observations_cancelled; }},
              {"ended", [](const Stats& s) { return s.request.observations_ended; }},
              {"session_ended", [](const Stats& s) { return s.request.observations_lost; }}}});
  Totals<3>(m, w, "observe_polls_total", "Polls for observers, and those with nothing to tell.",
            "result",
            {{{"begun", [](const Stats& s) { return s.request.polls; }},
              {"unchanged", [](const Stats& s) { return s.request.polls_unchanged; }},
              {"failed", [](const Stats& s) {
                 return std::accumulate(s.request.polls_failed.begin(),
                                        s.request.polls_failed.end(), uint64_t{0});
               }}}});
  EnumTotals(
      m, w, "observe_polls_failed_total", "Polls for observers that failed, by cause.", "cause",
      request::kPollFailureNames,
      [](const Stats& s) -> const auto& { return s.request.polls_failed; });
  Totals<1>(m, w, "observe_failures_told_total", "Observers told that their polls go on failing.",
            nullptr, {{{"", [](const Stats& s) { return s.request.failures_told; }}}});
  Totals<4>(m, w, "notifications_total", "Notifications, and what became of them.", "event",
            {{{"begun", [](const Stats& s) { return s.request.notifications; }},
              {"acknowledged", [](const Stats& s) { return s.request.notifications_acknowledged; }},
              {"parked", [](const Stats& s) { return s.request.notifications_parked; }},
              {"stalled", [](const Stats& s) { return s.request.notifications_stalled; }}}});
}

void SetUplink(MetricSet& m, const std::vector<Stats>& w) {
  Totals<1>(m, w, "uplink_requests_total", "Exchanges begun with translators.", nullptr,
            {{{"", [](const Stats& s) { return s.uplink.requests; }}}});
  Totals<1>(m, w, "uplink_answers_total", "Answers that translators gave.", nullptr,
            {{{"", [](const Stats& s) { return s.uplink.answers; }}}});
  Totals<1>(m, w, "uplink_resent_total", "Exchanges that went to a second lane.", nullptr,
            {{{"", [](const Stats& s) { return s.uplink.resent; }}}});
  Totals<7>(m, w, "uplink_failures_total", "Exchanges that the edge answered with an error.",
            "reason",
            {{{"deadline", [](const Stats& s) { return s.uplink.failed_deadline; }},
              {"lane_lost", [](const Stats& s) { return s.uplink.failed_lane_lost; }},
              {"no_lane", [](const Stats& s) { return s.uplink.failed_no_lane; }},
              {"overload", [](const Stats& s) { return s.uplink.failed_overload; }},
              {"request_size", [](const Stats& s) { return s.uplink.failed_request_size; }},
              {"answer_size", [](const Stats& s) { return s.uplink.failed_answer_size; }},
              {"bad_answer", [](const Stats& s) { return s.uplink.failed_bad_answer; }}}});
  Totals<4>(m, w, "uplink_lanes_total", "Lanes, by what became of them.", "event",
            {{{"opened", [](const Stats& s) { return s.uplink.lanes_opened; }},
              {"recycled", [](const Stats& s) { return s.uplink.lanes_recycled; }},
              {"drained", [](const Stats& s) { return s.uplink.lanes_drained; }},
              {"lost", [](const Stats& s) { return s.uplink.lanes_lost; }}}});
  Totals<2>(m, w, "uplink_batches_total", "gRPC messages on lanes.", "direction",
            {{{"sent", [](const Stats& s) { return s.uplink.batches_written; }},
              {"received", [](const Stats& s) { return s.uplink.batches_received; }}}});
}

}  // namespace

void SetEdgeMetrics(MetricSet& metrics, const std::vector<WorkerStats>& workers,
                    const ProcessState& process) {
  SetDatagram(metrics, workers);
  SetDtls(metrics, workers);
  SetMessages(metrics, workers);
  SetRequests(metrics, workers);
  SetDurations(metrics, workers);
  SetObservations(metrics, workers);
  SetUplink(metrics, workers);
  metrics.Level("workers", "Worker threads.", {}, static_cast<double>(process.workers));
  metrics.Level("dtls_sessions_limit", "Sessions held at most.", {},
                static_cast<double>(process.sessions_max));
  metrics.Level("tls_certificate_not_after_timestamp_seconds", "When the certificate ends.", {},
                static_cast<double>(process.certificate_not_after_s));
  metrics.Level("tls_certificate_last_reload_success",
                "0 when the certificate files changed and could not be used.", {},
                process.last_reload_ok ? 1 : 0);
  metrics.Level("keylog_enabled", "1 when SSLKEYLOGFILE writes the sessions' secrets to a file.",
                {}, process.keylog_enabled ? 1 : 0);
  metrics.Level("draining", "1 from SIGTERM on.", {}, process.draining ? 1 : 0);
  metrics.Total("log_lines_dropped_total", "Log lines dropped because nobody read standard error.",
                {}, process.log_lines_dropped);
  metrics.Process();
}

void SetFallbackMetrics(MetricSet& m, const fallback::Counters& c) {
  const auto read = [](const fallback::Counters::Count& count) {
    return count.load(std::memory_order_relaxed);
  };
  for (size_t i = 0; i < c.connections.size(); ++i) {
    m.Total("http_connections_total", "TCP connections, by what became of them.",
            {{"event", std::string(fallback::kConnectionEventNames[i])}}, read(c.connections[i]));
  }
  for (size_t i = 0; i < c.transfers.size(); ++i) {
    m.Total("http_transfers_total", "Requests over TCP that were passed on, by their end.",
            {{"result", std::string(fallback::kTransferEndNames[i])}}, read(c.transfers[i]));
  }
  for (size_t i = 0; i < c.refused.size(); ++i) {
    m.Total("http_requests_refused_total", "Requests over TCP that were not passed on.",
            {{"reason", std::string(http::Text(static_cast<http::Fault>(i)))}}, read(c.refused[i]));
  }
  for (size_t hundreds = 2; hundreds < c.answers.size(); ++hundreds) {
    m.Total("http_answers_total", "Answers over TCP by the class of their status.",
            {{"class", std::to_string(hundreds) + "xx"}}, read(c.answers[hundreds]));
  }
  m.Total("http_retries_total", "Requests over TCP given to a second translator.", {},
          read(c.retried));
  const char* bytes = "Bytes of HTTP messages over TCP, inside TLS.";
  m.Total("http_bytes_total", bytes, {{"direction", "received"}}, read(c.bytes_received));
  m.Total("http_bytes_total", bytes, {{"direction", "sent"}}, read(c.bytes_sent));
  m.Level("http_connections", "TCP connections now.", {}, static_cast<double>(read(c.open)));
  m.Level("http_transfers_in_flight", "Requests over TCP under way now.", {},
          static_cast<double>(read(c.active)));
}

}  // namespace lowband::edge
