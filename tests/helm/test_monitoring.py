"""Alerts: of metrics that exist, each with a section in the runbook."""

import re
import runpy
import subprocess

import yaml

from chart import ROOT, SHAPES, of_kind

SHAPE = next(path for path in SHAPES if path.stem == "hpa-values")
METRIC = re.compile(r"\b(?:lowband|process)_[a-z0-9_]+")


def metrics():
    """The metrics of docs/metrics.md, which the end-to-end tests compare with live scrapes."""
    names, prefix = set(), ""
    for line in (ROOT / "docs" / "metrics.md").read_text().splitlines():
        if line.startswith("## "):
            prefix = line.removeprefix("## ") if line.startswith("## lowband_") else ""
        if found := re.match(r"\| `(\w+)` \| (\w+) ", line):
            name = prefix + found[1]
            suffixes = ["_bucket", "_sum", "_count"] if found[2] == "histogram" else [""]
            names |= {name + suffix for suffix in suffixes}
    return names


def groups(shape=SHAPE):
    (rules,) = of_kind(shape, "PrometheusRule")
    return rules["spec"]["groups"]


def alerts(shape=SHAPE):
    return [rule for group in groups(shape) for rule in group["rules"]]


def promtool(tmp_path, *arguments):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups()}))
    return subprocess.run(["promtool", *arguments], cwd=tmp_path, capture_output=True, text=True)


def test_promtool_accepts_the_rules(tmp_path):
    result = promtool(tmp_path, "check", "rules", "rules.yaml")
    assert result.returncode == 0, result.stderr + result.stdout
    assert f"{len(alerts())} rules found" in result.stdout


def test_alerts_use_metrics_that_exist():
    for rule in alerts():
        assert set(METRIC.findall(rule["expr"])) <= metrics(), rule["alert"]
        assert "@" not in rule["expr"]


def test_every_alert_has_its_section_in_the_runbook():
    sections = re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(rule["alert"] for rule in alerts())
    for rule in alerts():
        assert rule["annotations"]["runbook_url"].endswith(
            f"docs/runbook.md#{rule['alert'].lower()}"
        )
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description"} <= rule["annotations"].keys()
    text = (ROOT / "docs" / "runbook.md").read_text()
    for section in text.split("\n## ")[1:]:
        assert all(word in section.lower() for word in ("**means**", "**check**", "**do**")), (
            section
        )


def test_a_disabled_alert_is_gone():
    shape = next(path for path in SHAPES if path.stem == "keda-values")
    assert {r["alert"] for r in alerts()} - {r["alert"] for r in alerts(shape)} == {"LowbandSlow"}


def test_rules_are_those_that_a_real_prometheus_evaluates():
    """tests/e2e/test_prometheus.py has no Helm and fills in the chart's values itself."""
    module = runpy.run_path(str(ROOT / "tests" / "e2e" / "harness" / "alert_rules.py"))
    assert yaml.safe_load(module["rendered"]())["groups"] == groups()


EDGE = 'job="lowband-edge",namespace="matrix",pod="e1"'
TRANSLATOR = 'job="lowband-translator",namespace="matrix"'


def series(name, labels, values):
    return {"series": f"{name}{{{labels}}}", "values": values}


# alert: series of one minute a step. Each is to fire at the hour and, quiet, not to.
FIRING = {
    "LowbandEdgeDown": [series("up", EDGE, "0x60")],
    "LowbandTranslatorDown": [series("up", TRANSLATOR, "0x60")],
    "LowbandHandshakesFailing": [
        series("lowband_edge_dtls_handshakes_total", EDGE + ',result="failed"', "0+600x60"),
        series("lowband_edge_dtls_handshakes_total", EDGE + ',result="completed"', "0+60x60"),
    ],
    "LowbandSessionsNearLimit": [
        series("lowband_edge_dtls_sessions", EDGE, "900x60"),
        series("lowband_edge_dtls_sessions_limit", EDGE, "1000x60"),
    ],
    "LowbandRoomNearLimit": [
        series("lowband_edge_admission_held", EDGE + ',of="polls",standing="proven"', "900x60"),
        series("lowband_edge_admission_held", EDGE + ',of="polls",standing="unproven"', "50x60"),
        series("lowband_edge_admission_limit", EDGE + ',of="polls"', "1000x60"),
        series("lowband_edge_admission_held", EDGE + ',of="waiting",standing="proven"', "0x60"),
        series("lowband_edge_admission_limit", EDGE + ',of="waiting"', "100x60"),
    ],
    "LowbandEdgeFlooded": [
        series("lowband_edge_admission_held", EDGE + ',of="polls",standing="proven"', "50x60"),
        series("lowband_edge_admission_held", EDGE + ',of="polls",standing="unproven"', "600x60"),
        series("lowband_edge_admission_limit", EDGE + ',of="polls"', "1000x60"),
    ],
    "LowbandSessionCliff": [series("lowband_edge_dtls_sessions", EDGE, "1000x54 100x6")],
    "LowbandRecordsDropped": [
        series("lowband_edge_dtls_records_dropped_total", EDGE + ',reason="malformed"', "0+300x60"),
        series("lowband_edge_udp_datagrams_total", EDGE + ',direction="received"', "0+600x60"),
    ],
    "LowbandKernelDrops": [
        series("lowband_edge_udp_datagrams_dropped_total", EDGE + ',reason="kernel"', "0+5x60")
    ],
    "LowbandForwardDrops": [
        series("lowband_edge_udp_datagrams_dropped_total", EDGE + ',reason="queue_full"', "0+5x60")
    ],
    "LowbandRetransmissions": [
        series("lowband_edge_coap_retransmissions_total", EDGE, "0+600x60"),
        series("lowband_edge_coap_confirmables_total", EDGE + ',result="delivered"', "0+600x60"),
    ],
    "LowbandErrorBudgetFast": [
        series("lowband_edge_uplink_failures_total", EDGE + ',reason="deadline"', "0+60x60"),
        series("lowband_edge_coap_requests_refused_total", EDGE + ',reason="overload"', "0+1x60"),
        series("lowband_edge_uplink_requests_total", EDGE, "0+600x60"),
    ],
    "LowbandErrorBudgetSlow": [
        series("lowband_edge_uplink_failures_total", EDGE + ',reason="deadline"', "0+24x60"),
        series("lowband_edge_coap_requests_refused_total", EDGE + ',reason="overload"', "0+1x60"),
        series("lowband_edge_uplink_requests_total", EDGE, "0+600x60"),
    ],
    "LowbandSlow": [
        series("lowband_edge_coap_request_duration_seconds_bucket", EDGE + ',le="5"', "0+1x60"),
        series("lowband_edge_coap_request_duration_seconds_bucket", EDGE + ',le="10"', "0+90x60"),
        series("lowband_edge_coap_request_duration_seconds_bucket", EDGE + ',le="+Inf"', "0+90x60"),
    ],
    "LowbandTranslatorsUnavailable": [
        series("lowband_edge_uplink_failures_total", EDGE + ',reason="no_translator"', "0+60x60"),
        series("lowband_edge_uplink_requests_total", EDGE, "0+600x60"),
    ],
    "LowbandHttpConnectionsRefused": [
        series("lowband_edge_http_connections_total", EDGE + ',event="over_limit"', "0+5x60")
    ],
    "LowbandCertificateExpires": [
        series("lowband_edge_tls_certificate_not_after_timestamp_seconds", EDGE, "1000000x180")
    ],
    "LowbandCertificateExpiresSoon": [
        series("lowband_edge_tls_certificate_not_after_timestamp_seconds", EDGE, "500000x60")
    ],
    "LowbandGrpcCertificateExpires": [
        series(
            "lowband_edge_grpc_certificate_not_after_timestamp_seconds",
            EDGE + ',file="certificate"', " ".join(["+Inf"] * 61),
        ),
        series(
            "lowband_translator_grpc_certificate_not_after_timestamp_seconds",
            TRANSLATOR + ',pod="t1",file="authority"', "500000x60",
        ),
    ],
    "LowbandCertificateReloadFailed": [
        series("lowband_edge_tls_certificate_last_reload_success", EDGE, "0x60")
    ],
    "LowbandKeylogEnabled": [series("lowband_edge_keylog_enabled", EDGE, "1x60")],
    "LowbandTranslatorImbalance": [
        series("lowband_translator_requests_total", TRANSLATOR + ',pod="t1"', "0+3000x60"),
        series("lowband_translator_requests_total", TRANSLATOR + ',pod="t2"', "0+300x60"),
    ],
    "LowbandHomeserverFailing": [
        series(
            "lowband_translator_upstream_faults_total", TRANSLATOR + ',reason="connect"', "0+60x60"
        ),
        series(
            "lowband_translator_upstream_responses_total", TRANSLATOR + ',class="2xx"', "0+60x60"
        ),
    ],
    "LowbandAnswersNotHeld": [
        series("lowband_translator_answers_held_total", TRANSLATOR + ',pod="t1",event="dropped"',
               "0+5x60"),
        series("lowband_translator_answers_held_started_total", TRANSLATOR + ',pod="t1"',
               "0+50x60"),
    ],
    "LowbandUpstreamQueue": [
        series("lowband_translator_upstream_pending", TRANSLATOR + ',pod="t1"', "3x60")
    ],
    "LowbandAutoscalerAtMax": [
        series("kube_horizontalpodautoscaler_status_current_replicas",
               'namespace="matrix",horizontalpodautoscaler="lowband-translator"', "30x60"),
        series("kube_horizontalpodautoscaler_spec_max_replicas",
               'namespace="matrix",horizontalpodautoscaler="lowband-translator"', "30x60"),
    ],
    "LowbandDrainStuck": [series("lowband_edge_draining", EDGE, "1x60")],
}  # fmt: skip


def test_every_alert_fires(tmp_path):
    assert FIRING.keys() == {rule["alert"] for rule in alerts()}
    tests = []
    for name, input_series in FIRING.items():
        firing = {
            "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})',
            "eval_time": "61m" if name == "LowbandCertificateExpires" else "59m",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        tests.append({"interval": "1m", "input_series": input_series, "promql_expr_test": [firing]})
    test = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    result = promtool(tmp_path, "test", "rules", "test.yaml")
    assert result.returncode == 0, result.stderr + result.stdout


def test_nothing_fires_when_all_is_well(tmp_path):
    """The same series at rest: pods up, traffic flowing, nothing failing."""
    healthy = [
        series("up", EDGE, "1x60"),
        series("up", TRANSLATOR, "1x60"),
        series("lowband_edge_dtls_sessions", EDGE, "500x60"),
        series("lowband_edge_dtls_sessions_limit", EDGE, "1000x60"),
        series("lowband_edge_dtls_handshakes_total", EDGE + ',result="completed"', "0+60x60"),
        series("lowband_edge_dtls_handshakes_total", EDGE + ',result="failed"', "0+1x60"),
        series("lowband_edge_admission_held", EDGE + ',of="polls",standing="proven"', "500x60"),
        series("lowband_edge_admission_held", EDGE + ',of="polls",standing="unproven"', "400x60"),
        series("lowband_edge_admission_limit", EDGE + ',of="polls"', "1000x60"),
        series("lowband_edge_uplink_requests_total", EDGE, "0+600x60"),
        series("lowband_edge_uplink_failures_total", EDGE + ',reason="deadline"', "0x60"),
        series("lowband_edge_coap_requests_refused_total", EDGE + ',reason="overload"', "0x60"),
        series("lowband_edge_tls_certificate_not_after_timestamp_seconds", EDGE, "9000000x60"),
        series("lowband_edge_tls_certificate_last_reload_success", EDGE, "1x60"),
        series(
            "lowband_edge_grpc_certificate_not_after_timestamp_seconds",
            EDGE + ',file="certificate"', " ".join(["+Inf"] * 61),
        ),
        series("lowband_edge_keylog_enabled", EDGE, "0x60"),
        series("lowband_edge_draining", EDGE, "0x60"),
        series("lowband_translator_requests_total", TRANSLATOR + ',pod="t1"', "0+3000x60"),
        series("lowband_translator_requests_total", TRANSLATOR + ',pod="t2"', "0+3000x60"),
        series("lowband_translator_upstream_pending", TRANSLATOR + ',pod="t1"', "0x60"),
        series("lowband_translator_answers_held_started_total", TRANSLATOR + ',pod="t1"',
               "0+50x60"),
        series("lowband_translator_answers_held_total", TRANSLATOR + ',pod="t1",event="dropped"',
               "0x20 1x40"),
    ]
    quiet = {"expr": "ALERTS", "eval_time": "59m", "exp_samples": []}
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": healthy, "promql_expr_test": [quiet]}],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    result = promtool(tmp_path, "test", "rules", "test.yaml")
    assert result.returncode == 0, result.stderr + result.stdout
