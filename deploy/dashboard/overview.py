"""The first row: whether there is a fault, and which one, in ten seconds."""

from grafana import GREEN, RED, YELLOW, Panel

# Requests that Lowband itself failed to serve, counted as by the alerts of the error budget.
FAILED = """(sum(rate(lowband_edge_uplink_failures_total{@}[$__rate_interval]))
  + sum(rate(lowband_edge_coap_requests_refused_total{
        @,reason=~"overload|no_answer"}[$__rate_interval])))"""
EXCHANGES = "sum(rate(lowband_edge_uplink_requests_total{@}[$__rate_interval]))"
# Whole requests: coap_requests_received_total counts each of their blocks.
ASKED = f"""({EXCHANGES}
  + sum(rate(lowband_edge_coap_requests_refused_total{{
        @,reason="overload"}}[$__rate_interval])))"""
FAULTS = 'reason=~"connect|tls|timeout|broken|unavailable"'
UPSTREAM_FAULTS = (
    f"sum(rate(lowband_translator_upstream_faults_total{{@,{FAULTS}}}[$__rate_interval]))"
)
UPSTREAM_ANSWERS = "sum(rate(lowband_translator_upstream_responses_total{@}[$__rate_interval]))"
PAID = """(sum(rate(lowband_edge_udp_bytes_total{@}[$__rate_interval]))
  + 28 * sum(rate(lowband_edge_udp_datagrams_total{@}[$__rate_interval])))"""
HTTPS = "sum(rate(lowband_translator_route_https_estimate_bytes_total{@}[$__rate_interval]))"
REPLICA_RATE = (
    "sum by (pod, instance) (rate(lowband_translator_requests_total{@}[$__rate_interval]))"
)


def quantile(q, metric):
    return (f"histogram_quantile({q}, sum by (le) "
            f"(rate({metric}_bucket{{@}}[$__rate_interval])))")  # fmt: skip


def share(part, whole):
    """0 while `whole` is 0: an idle service has no errors."""
    return f"{part} / clamp_min({whole}, 0.001)"


def total(metric, more=""):
    return f"sum(rate({metric}{{@{more}}}[$__rate_interval]))"


def fullest(standing):
    """The part of a shared resource that clients of `standing` hold, on the fullest edge."""
    at = "sum by (job, pod, instance, of)"
    return (f'max({at} (lowband_edge_admission_held{{@,standing="{standing}"}})'
            f" / {at} (lowband_edge_admission_limit{{@}}))")  # fmt: skip


HOMESERVER_FAILED = share(UPSTREAM_FAULTS, f"({UPSTREAM_FAULTS} + {UPSTREAM_ANSWERS})")
LATENCY = "lowband_edge_coap_request_duration_seconds"

STATS = [
    Panel("Edges up", "stat", "sum(lowband_edge_build_info{@}) or vector(0)",
          "Edges that Prometheus reaches. None: clients cannot reach Lowband.",
          w=3, h=4, steps={None: RED, 1: GREEN}, graph="none", alerts=["LowbandEdgeDown"]),
    Panel("Translators up", "stat", "sum(lowband_translator_build_info{@}) or vector(0)",
          "Translators that Prometheus reaches. None: every request ends in 5.03.",
          w=3, h=4, steps={None: RED, 1: GREEN}, graph="none", alerts=["LowbandTranslatorDown"]),
    Panel("Requests failed", "stat", share(FAILED, ASKED),
          "Share of CoAP requests that Lowband, not the homeserver, failed to answer.",
          unit="percentunit", w=3, h=4, decimals=2, steps={None: GREEN, 0.005: YELLOW, 0.05: RED},
          alerts=["LowbandErrorBudgetFast", "LowbandErrorBudgetSlow"]),
    Panel("Latency p99", "stat", quantile(0.99, LATENCY),
          "One CoAP request in a hundred takes longer, from its last block to the first of its "
          "answer; long-polls are not counted.",
          unit="s", w=3, h=4, steps={None: GREEN, 1: YELLOW, 5: RED}, alerts=["LowbandSlow"]),
    Panel("Upstream failed", "stat", HOMESERVER_FAILED,
          "Share of requests to the homeserver that got no answer.",
          unit="percentunit", w=3, h=4, decimals=2, steps={None: GREEN, 0.01: YELLOW, 0.05: RED},
          alerts=["LowbandHomeserverFailing"]),
    Panel("Requests", "stat", EXCHANGES,
          "CoAP requests a second; a large body counts as one.", unit="reqps", w=3, h=4),
    Panel("Clients", "stat", "sum(lowband_edge_dtls_sessions{@})",
          "DTLS sessions now.", w=3, h=4, decimals=0),
    Panel("Bytes saved", "stat", f"1 - {PAID} / clamp_min({HTTPS}, 1)",
          "Saving of CoAP against an estimate of the same exchanges over HTTPS (docs/metrics.md). "
          "All datagrams are counted, also handshakes and repetitions.",
          unit="percentunit", w=3, h=4, decimals=1),
]  # fmt: skip

_REPLAYED = 'reason!="stopping"'
SIGNALS = [
    ("Requests failing", f"{share(FAILED, ASKED)} / 0.072"),
    ("Slow requests", f"({quantile(0.99, LATENCY)} >= 0 or vector(0)) / 5"),
    ("No translator", share(
        total("lowband_edge_uplink_failures_total", ',reason=~"no_translator|lane_lost"'),
        total("lowband_edge_uplink_requests_total")) + " / 0.01"),
    ("Translators uneven",
     f"(max({REPLICA_RATE}) / clamp_min(avg({REPLICA_RATE}), 0.001) - 1) / 0.5"
     f" * (sum({REPLICA_RATE}) > bool 10)"),
    ("Homeserver failing",
     f"{HOMESERVER_FAILED} / 0.05"),
    ("Homeserver's queue", "max(lowband_translator_upstream_pending{@}) > bool 0"),
    ("Handshakes failing", share(
        total("lowband_edge_dtls_handshakes_total", ',result=~"failed|timed_out"'),
        total("lowband_edge_dtls_handshakes_total")) + " / 0.5 * ("
        + total("lowband_edge_dtls_handshakes_total") + " > bool 0.1)"),
    ("Records dropped", share(
        total("lowband_edge_dtls_records_dropped_total", f",{_REPLAYED}"),
        total("lowband_edge_udp_datagrams_total", ',direction="received"')) + " / 0.2 * ("
        + total("lowband_edge_dtls_records_dropped_total") + " > bool 1)"),
    ("Datagrams dropped",
     total("lowband_edge_udp_datagrams_dropped_total", ',reason=~"kernel|queue_full"')
     + " > bool 0"),
    ("Retransmissions", share(total("lowband_edge_coap_retransmissions_total"),
                              total("lowband_edge_coap_confirmables_total"))
     + " / 0.5 * (" + total("lowband_edge_coap_confirmables_total") + " > bool 1)"),
    ("Sessions near limit",
     "max(lowband_edge_dtls_sessions{@} / lowband_edge_dtls_sessions_limit{@}) / 0.85"),
    ("Room near limit", f"{fullest('proven')} / 0.85"),
    ("Edge flooded", f"{fullest('unproven')} / 0.5"),
    ("Answers not held",
     total("lowband_translator_answers_held_total", ',event=~"dropped|refused"') + " > bool 0"),
    ("TCP refused", "("
     + total("lowband_edge_http_connections_total", ',event=~"over_limit|evicted_busy"')
     + " or vector(0)) > bool 0"),
    ("Certificates ending", "7 * 86400 / clamp_min(min("
     "lowband_edge_tls_certificate_not_after_timestamp_seconds{@} - time() "
     "or lowband_edge_grpc_certificate_not_after_timestamp_seconds{@} - time() "
     "or lowband_translator_grpc_certificate_not_after_timestamp_seconds{@} - time()), 1)"),
]  # fmt: skip

OVERVIEW = [
    *STATS,
    Panel("What is wrong", "state-timeline", [(e, name) for name, e in SIGNALS],
          "Each signal relative to the threshold of its alert: yellow from half of it, red above "
          "it. An alert fires when red has lasted for the alert's time.",
          unit="percentunit", w=12, h=11, steps={None: GREEN, 0.5: YELLOW, 1: RED}),
    [
        Panel("Requests", "timeseries",
              [(EXCHANGES, "CoAP"), (total("lowband_edge_http_transfers_total"), "HTTP")],
              "Requests a second over UDP (CoAP) and TCP (HTTP).", unit="reqps", w=6, h=6),
        Panel("Clients", "timeseries",
              [("sum(lowband_edge_dtls_sessions{@})", "DTLS"),
               ("sum(lowband_edge_http_connections{@}) or vector(0)", "TCP")],
              "DTLS sessions and TCP connections. A cliff: an edge ended, or a load balancer lost "
              "its mappings.", w=6, h=5, alerts=["LowbandSessionCliff"]),
    ],
    [
        Panel("Errors", "timeseries",
              [("sum by (reason) (rate(lowband_edge_uplink_failures_total{@}[$__rate_interval]))",
                "{{reason}}"),
               ("sum by (reason) (rate(lowband_edge_coap_requests_refused_total"
                '{@,reason=~"overload|no_answer"}[$__rate_interval]))', "refused: {{reason}}"),
               (UPSTREAM_FAULTS, "homeserver: no answer"),
               (total("lowband_translator_upstream_responses_total", ',class="5xx"'),
                "homeserver: 5xx")],
              "Requests that Lowband or the homeserver failed to answer. no_translator, lane_lost: "
              "translators; deadline: the homeserver is slow; overload: too much load.",
              unit="reqps", w=6, h=6, stack=True,
              alerts=["LowbandErrorBudgetFast", "LowbandHomeserverFailing"]),
        Panel("Latency", "timeseries",
              [(quantile(q, LATENCY), f"p{q * 100:.0f}") for q in (0.5, 0.9, 0.99)],
              "Clients' waiting time at the edge, without the radio link and without long-polls.",
              unit="s", w=6, h=5, alerts=["LowbandSlow"]),
    ],
    Panel("Bytes on the wire", "timeseries",
          [(HTTPS, "over HTTPS, estimated"), (PAID, "over CoAP, paid")],
          "Bytes that all clients send and receive over CoAP, and an estimate of the same "
          "exchanges over HTTPS. The gap is the saving.", unit="Bps", w=8),
    Panel("Saved by route", "timeseries",
          [("sum by (route) (rate(lowband_translator_route_https_estimate_bytes_total{@}"
            "[$__rate_interval])) - sum by (route) (rate("
            "lowband_translator_route_coap_body_bytes_total{@}[$__rate_interval]))", "{{route}}")],
          "Estimate for HTTPS minus the bodies over CoAP; datagram headers are in no route's "
          "bytes. Below 0: large answers that are smaller with gzip over HTTPS than in CBOR.",
          unit="Bps", w=8, below=True),
    Panel("Exchanges by route", "timeseries",
          [("sum by (route) (rate(lowband_translator_route_exchanges_total{@}[$__rate_interval]))",
            "{{route}}")],
          "The APIs that clients use.", unit="reqps", w=8),
]  # fmt: skip
