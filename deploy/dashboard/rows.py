"""The other rows, in the order in which a request meets the parts."""

from grafana import GREEN, RED, YELLOW, Panel, replicas
from overview import REPLICA_RATE, quantile, share, total

NO_TCP = "no --advertise"


def by(label, metric, more=""):
    return [(f"sum by ({label}) (rate({metric}{{@{more}}}[$__rate_interval]))", f"{{{{{label}}}}}")]


def each(metric, keep=""):
    return [replicas(f"sum by (pod, instance) ({metric}{{@}}{keep})")]


def lines(title, queries, description, unit="ops", **more):
    return Panel(title, "timeseries", queries, description, unit=unit, **more)


def quantiles(metric):
    return [(quantile(q, metric), f"p{q * 100:.0f}") for q in (0.5, 0.9, 0.99)]


DTLS = [
    lines("Sessions", [*each("lowband_edge_dtls_sessions"),
                       ("sum(lowband_edge_dtls_sessions_unproven{@})", "unproven, all")],
          "By edge. At --max-sessions each new session ends another, first of clients that the "
          "homeserver does not know (unproven).",
          unit="short",
          alerts=["LowbandSessionsNearLimit", "LowbandSessionCliff"]),
    lines("Handshakes", by("result", "lowband_edge_dtls_handshakes_total"),
          "By result. failed: clients that do not trust the certificate, or a scan; timed_out: "
          "loss; prefix_limit: many clients behind one address; made_room: --max-handshakes.",
          stack=True,
          alerts=["LowbandHandshakesFailing"]),
    lines("Sessions ended", by("reason", "lowband_edge_dtls_sessions_closed_total"),
          "evicted: the table is too small; evicted_unproven: the same, or a flood; superseded: "
          "the client dialled anew.", stack=True),
    lines("Records dropped", by("reason", "lowband_edge_dtls_records_dropped_total"),
          "unknown_session: clients of an edge that ended, or clients that a balancer "
          "moved.", stack=True,
          alerts=["LowbandRecordsDropped"]),
    lines("Datagrams", by("direction", "lowband_edge_udp_datagrams_total"),
          "UDP datagrams to and from clients.", unit="pps"),
    lines("Datagrams dropped", by("reason", "lowband_edge_udp_datagrams_dropped_total"),
          "kernel: workers too slow, or net.core.rmem_max too small; queue_full: a worker cannot "
          "keep up.", stack=True, unit="pps", alerts=["LowbandKernelDrops", "LowbandForwardDrops"]),
    lines("Roaming", [(total("lowband_edge_dtls_peer_address_changes_total"), "new address"),
                      (total("lowband_edge_udp_datagrams_forwarded_total"), "to another worker"),
                      (total("lowband_edge_dtls_stale_alerts_total", ',result="sent"'),
                       "alerts to dial again")],
          "Sessions that continued at another address by their Connection ID, and alerts to "
          "clients whose session is unknown."),
    lines("Handshakes under way", [*each("lowband_edge_dtls_handshakes_in_progress"),
                                   (total("lowband_edge_dtls_hello_verify_requests_total"),
                                    "cookies a second")],
          "A storm follows an outage. Cookies far above handshakes: spoofed sources.",
          unit="short"),
]  # fmt: skip

COAP = [
    lines("Answers", by("type", "lowband_edge_coap_answers_total"),
          "separate: the homeserver takes longer than --ack-delay, four datagrams instead of two.",
          unit="reqps", stack=True),
    lines("Time to answer", quantiles("lowband_edge_coap_request_duration_seconds"),
          "Clients' waiting time at the edge, without the radio link and without "
          "long-polls.", unit="s",
          alerts=["LowbandSlow"]),
    lines("Loss", [(total("lowband_edge_coap_retransmissions_total"), "sent again"),
                   (total("lowband_edge_coap_duplicates_total"), "received again")],
          "sent again: loss on the way to clients; received again: on the way back.",
          alerts=["LowbandRetransmissions"]),
    lines("Refused", by("reason", "lowband_edge_coap_requests_refused_total"),
          "Requests that the edge answered itself. session_limit: one client sends too many at "
          "once; overload: add edges.", stack=True),
    lines("In flight", each("lowband_edge_coap_exchanges_in_flight"),
          "Requests that wait for a translator. Their number rises when the homeserver slows down.",
          unit="short"),
    lines("Confirmables", by("result", "lowband_edge_coap_confirmables_total"),
          "The edge's confirmable messages. undelivered: unreachable clients.", stack=True),
    lines("Large bodies", by("result", "lowband_edge_coap_blockwise_transfers_total"),
          "Block-wise transfers (RFC 7959). abandoned: the client stopped before the "
          "end.", stack=True),
    lines("Malformed and pings", [(total("lowband_edge_coap_malformed_total"), "malformed"),
                                  (total("lowband_edge_coap_pings_total"), "pings")],
          "Records that are no CoAP message, and pings."),
]  # fmt: skip



def held(standing=""):
    """The fullest of all edges, by resource."""
    more = f',standing="{standing}"' if standing else ""
    return (f"max by (of) (sum by (job, pod, instance, of) (lowband_edge_admission_held{{@{more}}})"
            " / sum by (job, pod, instance, of) (lowband_edge_admission_limit{@}))")  # fmt: skip


WANT_OF_ROOM = "overload|made_room|session_limit|answer_lost|broken_off"
ADMISSION = [
    lines("Shared resources in use", [(held(), "{{of}}")],
          "On the fullest edge. At 1 the network that has most makes room for each newcomer: "
          "clients with few holdings are still served.", unit="percentunit", up_to=1),
    lines("Held by known clients", [(held("proven"), "{{of}}")],
          "Held by clients whose token the homeserver accepted. High: too few edges, or an "
          "account with very many sessions.", unit="percentunit",
          steps={None: GREEN, 0.85: RED}, up_to=1, alerts=["LowbandRoomNearLimit"]),
    lines("Held by unknown clients", [(held("unproven"), "{{of}}")],
          "Held by clients whose token the homeserver has not accepted. High: a flood, or the "
          "homeserver answers no client.", unit="percentunit",
          steps={None: GREEN, 0.5: RED}, up_to=1, alerts=["LowbandEdgeFlooded"]),
    lines("Networks with holdings", [
        ("max by (of) (lowband_edge_admission_networks{@})", "{{of}}"),
        ("max(lowband_edge_admission_tokens{@})", "access tokens with requests")],
          "IPv4 addresses and IPv6 /48. Few networks with many holdings: a flood, or a balancer "
          "that hides the clients' own addresses.", unit="short"),
    lines("Newcomers at full resources", [
        ("sum by (of, result) (rate(lowband_edge_admission_contended_total{@}[$__rate_interval]))",
         "{{of}} {{result}}")],
          "made_room: an older holding ended for them; refused: none had to, and they waited or "
          "failed. Each try of a waiting request counts.", stack=True),
    lines("Requests without room", [
        *by("reason", "lowband_edge_coap_requests_refused_total", f',reason=~"{WANT_OF_ROOM}"'),
        (total("lowband_edge_observations_total", ',event=~"refused|made_room"'), "observations"),
        (total("lowband_edge_dtls_handshakes_total", ',result="table_full"'), "new sessions")],
          "Refusals that clients notice. overload: no holding could make room; made_room: their "
          "network or token had most; session_limit: one client.", stack=True),
    lines("Waited", [*by("kind", "lowband_edge_coap_requests_queued_total"),
                     (total("lowband_edge_admission_token_waits_total"), "tries, for their token")],
          "Requests and uploads that had to wait until others ended. For their token: one account "
          "with many sessions."),
    lines("Answers by a window", [
        (total("lowband_edge_coap_windows_started_total"), "begun"),
        *by("event", "lowband_edge_coap_windows_total"),
        (total("lowband_translator_answers_held_started_total"), "held: begun"),
        *[(expression, f"held: {legend}")
          for expression, legend in by("event", "lowband_translator_answers_held_total")]],
          "Large answers: edges keep a window, translators the rest. broken_off, asked_again: "
          "translators die, or dropped answers for others.",
          alerts=["LowbandAnswersNotHeld"]),
]  # fmt: skip

OBSERVE = [
    lines("Observations", each("lowband_edge_observations"),
          "Observations of clients, which get news as notifications.", unit="short"),
    lines("Begun and ended", [(total("lowband_edge_observations_started_total"), "begun"),
                              *by("event", "lowband_edge_observations_total")],
          "ended: the token was refused; made_room: ended for others; session_ended: the session "
          "ended.", stack=True),
    lines("Notifications", [(total("lowband_edge_notifications_started_total"), "begun"),
                            *by("event", "lowband_edge_notifications_total")],
          "parked: unreachable clients; stalled: clients that do not fetch the rest."),
    lines("Polls", [(total("lowband_edge_observe_polls_started_total"), "begun"),
                    *by("result", "lowband_edge_observe_polls_total")],
          "Long-polls for observers. failed: homeserver or translators."),
]  # fmt: skip

HTTP = [
    lines("Connections", each("lowband_edge_http_connections"),
          "TCP connections now; the limit is --http-max-connections.", unit="short", empty=NO_TCP,
          alerts=["LowbandHttpConnectionsRefused"]),
    lines("Connections by event", [(total("lowband_edge_http_connections_started_total"), "opened"),
                                   *by("event", "lowband_edge_http_connections_total")],
          "over_limit, evicted_busy: raise the limit, or add edges. evicted: closed to make room.",
          stack=True, empty=NO_TCP),
    lines("Transfers", by("result", "lowband_edge_http_transfers_total"),
          "Requests by their end. broken: homeserver or translator died during the answer.",
          unit="reqps", stack=True, empty=NO_TCP),
    lines("Answers", by("class", "lowband_edge_http_answers_total"),
          "By the class of their status.", unit="reqps", stack=True, empty=NO_TCP),
    lines("Refused", by("reason", "lowband_edge_http_requests_refused_total"),
          "Requests that are ambiguous, too large or too slow: a scan, or a broken "
          "client.", stack=True, empty=NO_TCP),
    lines("Bytes", by("direction", "lowband_edge_http_bytes_total"),
          "HTTP messages inside TLS: media, browsers, clients without CoAP.", unit="Bps",
          empty=NO_TCP),
    lines("Time to the head", quantiles("lowband_translator_relay_head_seconds"),
          "From a transfer's start to the head of the homeserver's answer, waiting syncs included.",
          unit="s"),
    lines("Under way", [*each("lowband_edge_http_transfers_in_flight"),
                        ("sum(lowband_translator_relay_active{@})", "at the homeserver")],
          "Transfers now, waiting syncs included; the limit at the homeserver is --relay-max.",
          unit="short"),
]  # fmt: skip

TRANSLATORS = [
    lines("Requests by replica", [replicas(REPLICA_RATE)],
          "All replicas should have about the same rate.", unit="reqps", stack=True),
    lines("Imbalance",
          [(f"max({REPLICA_RATE}) / clamp_min(avg({REPLICA_RATE}), 0.001)", "max / mean")],
          "The busiest replica against the mean; 1 is even.", unit="none", decimals=2,
          steps={None: GREEN, 1.5: RED}, up_to=2, alerts=["LowbandTranslatorImbalance"]),
    lines("In flight", each("lowband_translator_exchanges_in_flight"),
          "Requests at the homeserver, polls of observers included. Scale on it.", unit="short",
          alerts=["LowbandAutoscalerAtMax"]),
    lines("Failures of the uplink", by("reason", "lowband_edge_uplink_failures_total"),
          "As counted by edges. deadline: a slow translator.", stack=True,
          alerts=["LowbandTranslatorsUnavailable"]),
    lines("Answers", by("class", "lowband_translator_answers_total"),
          "local: made without the homeserver.", unit="reqps", stack=True),
    lines("Refused", [*by("reason", "lowband_translator_requests_refused_total"),
                      (total("lowband_translator_cancels_total"), "given up by the client")],
          "overload: add translators; given up: clients do not wait for a slow homeserver."),
    lines("Lanes", each("lowband_translator_lanes"), "Streams that edges keep open.", unit="short"),
    lines("Lanes by event", [(total("lowband_edge_uplink_lanes_started_total"), "opened"),
                             *by("event", "lowband_edge_uplink_lanes_total"),
                             (total("lowband_edge_uplink_resent_total"), "requests sent again")],
          "lost: connections break, or a translator ended. Requests that are safe to repeat go to "
          "another lane."),
]  # fmt: skip

UPSTREAM = [
    lines("Time to answer", quantiles("lowband_translator_upstream_duration_seconds"),
          "Of the homeserver, long-polls included.", unit="s", alerts=["LowbandSlow"]),
    lines("Answers", by("class", "lowband_translator_upstream_responses_total"),
          "Of the homeserver to CoAP requests, by class.", unit="reqps", stack=True),
    lines("Faults", by("reason", "lowband_translator_upstream_faults_total"),
          "Requests that the homeserver did not answer. connect, unavailable: it is unreachable; "
          "tls: its certificate.", stack=True, alerts=["LowbandHomeserverFailing"]),
    lines("Active and waiting",
          [("sum(lowband_translator_upstream_active{@})", "at the homeserver"),
           ("sum(lowband_translator_upstream_polls_active{@})", "of those: long-polls"),
           ("sum(lowband_translator_upstream_pending{@})", "waiting for a place")],
          "Waiting: raise --upstream-max-active or add translators.", unit="short",
          alerts=["LowbandUpstreamQueue"]),
    lines("Connections opened", [(total("lowband_translator_upstream_connections_total"), "CoAP"),
                                 (total("lowband_translator_relay_connections_total"), "HTTP")],
          "Near the number of requests: keep-alive does not work."),
    lines("Homeserver unreachable",
          [(total("lowband_translator_upstream_breaker_opened_total"), "CoAP"),
           (total("lowband_translator_relay_breaker_opened_total"), "HTTP")],
          "Times that the breaker opened: it refuses requests at once for a while."),
    lines("Bytes", [(total("lowband_translator_upstream_sent_bytes_total"), "sent"),
                    (total("lowband_translator_upstream_received_bytes_total"), "received")],
          "HTTP messages between translators and homeserver, before TLS.", unit="Bps"),
    lines("HTTP relayed", [*by("class", "lowband_translator_relay_responses_total"),
                           (total("lowband_translator_relay_faults_total"), "no answer")],
          "The homeserver's answers to requests over TCP.", unit="reqps"),
]  # fmt: skip


def seconds_left(metric):
    return f"min({metric} < +Inf) - time()"


ENDING = {None: RED, 7 * 86400: YELLOW, 21 * 86400: GREEN}
RESOURCES = [
    lines("CPU", [replicas("sum by (pod, instance) ("
                           "rate(process_cpu_seconds_total{@}[$__rate_interval]) @LOWBAND)")],
          "Processors in use.", unit="short"),
    lines("Memory", each("process_resident_memory_bytes", " @LOWBAND"),
          "Resident memory.", unit="bytes"),
    lines("Descriptors", [replicas("sum by (pod, instance) ("
                                   "process_open_fds{@} / process_max_fds{@} @LOWBAND)")],
          "Open descriptors as a share of the limit (ulimit -Hn).", unit="percentunit",
          steps={None: GREEN, 0.8: RED}, up_to=1),
    lines("Dropped by the kernel",
          [replicas("sum by (pod, instance) (rate(lowband_edge_udp_datagrams_dropped_total"
                    '{@,reason="kernel"}[$__rate_interval]))')],
          "Datagrams that no worker took in time.", unit="pps", alerts=["LowbandKernelDrops"]),
    Panel("Clients' certificate ends in", "stat",
          seconds_left("lowband_edge_tls_certificate_not_after_timestamp_seconds{@}"),
          "The certificate of DTLS and HTTPS.", unit="s", w=5, h=5, steps=ENDING, graph="none",
          alerts=["LowbandCertificateExpires", "LowbandCertificateExpiresSoon"]),
    Panel("gRPC certificates end in", "stat",
          [(seconds_left("lowband_edge_grpc_certificate_not_after_timestamp_seconds{@}"), "edges"),
           (seconds_left("lowband_translator_grpc_certificate_not_after_timestamp_seconds{@}"),
            "translators")],
          "The earliest expiry of the certificates between edges and translators, authorities "
          "included.",
          unit="s", w=5, h=5, steps=ENDING, graph="none", empty="plaintext",
          alerts=["LowbandGrpcCertificateExpires"]),
    Panel("Running for", "stat",
          "min(time() - (process_start_time_seconds{@} @LOWBAND))",
          "Uptime of the process that started last.", unit="s", w=5, h=5, graph="none"),
    Panel("Certificate and keys", "stat",
          [("min(lowband_edge_tls_certificate_last_reload_success{@})", "files fit"),
           ("1 - max(lowband_edge_keylog_enabled{@})", "keys secret")],
          "files fit: no means that they changed and are unusable. keys secret: no means that "
          "SSLKEYLOGFILE writes the keys of sessions to a file.", unit="short", w=5, h=5,
          steps={None: RED, 1: GREEN}, words={0: "no", 1: "yes"}, graph="none",
          alerts=["LowbandCertificateReloadFailed", "LowbandKeylogEnabled"]),
    Panel("Draining", "stat",
          "sum(lowband_edge_draining{@}) + sum(lowband_translator_draining{@})",
          "Pods that are stopping. If this lasts longer than their grace period, they are stuck.",
          w=4, h=5, steps={None: GREEN, 1: YELLOW}, graph="none", alerts=["LowbandDrainStuck"]),
]  # fmt: skip
