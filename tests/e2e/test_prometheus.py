"""The dashboard and the alerts, asked of a real Prometheus that scrapes a real Lowband at work."""

import math
import re
import time

import pytest

from harness import dashboard
from harness.monitored import Monitored
from harness.relay import Weather
from harness.traffic import ANY, Traffic

pytestmark = pytest.mark.lowband

DASHBOARD = dashboard.load()
VARIABLES = dashboard.Variables(DASHBOARD, step=1, scrape_seconds=2)
# What the load must have led to before anything is asked: else the panels would show zeros, and
# that would prove less. All are sums over what happened since the start.
HAPPENED = [
    "sum(lowband_edge_coap_requests_received_total) > 300",
    'sum(lowband_edge_dtls_handshakes_total{result="failed"}) > 0',
    "sum(lowband_edge_coap_retransmissions_total) > 0",
    "sum(lowband_edge_coap_duplicates_total) > 0",
    'sum(lowband_edge_notifications_total{event="acknowledged"}) > 5',
    'sum(lowband_edge_dtls_records_dropped_total{reason!="stopping"}) > 0',
    'sum(lowband_edge_http_transfers_total{result="served"}) > 10',
    'sum(lowband_edge_http_answers_total{class="4xx"}) > 0',
    'sum(lowband_edge_uplink_lanes_total{event="lost"}) > 0',
    'sum(lowband_translator_answers_total{class="local"}) > 0',
    'sum(lowband_translator_upstream_responses_total{class="5xx"}) > 0',
    'sum(lowband_translator_upstream_faults_total{reason="broken"}) > 0',
    "count(rate(lowband_translator_requests_total[4s]) > 0) == 2",
    "sum(changes(process_start_time_seconds[1m])) > 0",
    # As far back as the queries look.
    "min(count_over_time(up[1m])) > 12",
]  # fmt: skip


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, bin_dir):
    world = Monitored(tmp_path_factory.mktemp("monitored"), bin_dir)
    traffic = None
    try:
        traffic = Traffic(world)
        break_everything(world, traffic)
        yield world.prometheus
    finally:
        if traffic:
            traffic.stop()
        world.stop()


def break_everything(world, traffic):
    """Comes back while the load goes on, with all of HAPPENED among the metrics."""
    bad_link = traffic.relay(Weather(loss=0.1, repeat=0.1))
    traffic.homeserver_is(
        {"path": "/members", "count": ANY, "status": 500},
        {"path": "/messages", "count": 20, "truncate": True},
    )
    for user in traffic.users[:2]:
        traffic.observer(user, bad_link.port)
    traffic.sessions(3, bad_link.port)
    traffic.sessions(3)
    traffic.http()
    traffic.mischief()
    metrics = world.prometheus
    world.edge.wait_until(
        lambda: metrics.value("min(lowband_translator_requests_total > 0)") > 50
        and metrics.value("count(lowband_translator_requests_total > 0)") == 2, 30,
        "requests at both translators, as Prometheus sees them",
    )  # fmt: skip
    world.kill_translator(1)
    world.start_translator(1)
    for condition in HAPPENED:
        world.edge.wait_until(
            lambda condition=condition: metrics.query(condition), 45, f"{condition} in Prometheus"
        )


def answers(prometheus, expression):
    """[(labels, last value)] of the last ten seconds, without what is no number."""
    now = time.time()
    found = prometheus.query_range(VARIABLES.put_into(expression), now - 10, now, 1)
    last = [(labels, [v for _, v in values if not math.isnan(v)]) for labels, values in found]
    return [(labels, values[-1]) for labels, values in last if values]


def test_no_such_metric_is_no_data(prometheus):
    assert not answers(prometheus, "sum(rate(lowband_edge_no_such_metric_total[8s]))")
    assert not answers(prometheus, 'lowband_edge_draining{job="lowband-translator"}')


def test_every_query_of_every_panel_has_data(prometheus):
    empty, lines = [], []
    for panel in dashboard.panels(DASHBOARD):
        for target in panel["targets"]:
            found = answers(prometheus, target["expr"])
            name = f"{panel['title']} {target['refId']}"
            if not found:
                empty.append(f"{name}: {target['expr']}")
            shown = ", ".join(
                f"{dashboard.legend(target, labels)} {value:.4g}" for labels, value in found[:3]
            )
            lines.append(f"{panel['id']:3} {name:32} {len(found):3} series: {shown}")
    print("\n" + "\n".join(lines))
    assert not empty, "\n".join(empty)


def test_every_annotation_has_data(prometheus):
    now = time.time()
    for annotation in DASHBOARD["annotations"]["list"]:
        expression = VARIABLES.put_into(annotation["expr"])
        found = prometheus.query_range(expression, now - 60, now, 1)
        print(f"\n{annotation['name']}: {len(found)} series")
        assert found, annotation["expr"]


def test_variables_offer_choices(prometheus):
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] != "query":
            continue
        selector, label = re.fullmatch(
            r"label_values\((.*), (\w+)\)", variable["definition"]
        ).groups()  # fmt: skip
        matching = VARIABLES.put_into(selector)
        found = prometheus.api(f"label/{label}/values", **{"match[]": matching})
        print(f"\n{variable['name']}: {found}")
        assert len(found) == {"namespace": 1, "job": 2, "instance": 3}[label]


def rules(prometheus):
    groups = prometheus.api("rules")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_alert_is_evaluated(prometheus):
    found = rules(prometheus)
    assert len(found) > 20
    prometheus.process.wait_until(
        lambda: all(rule["health"] != "unknown" for rule in rules(prometheus)), 20,
        "an evaluation of each rule",
    )  # fmt: skip
    for rule in rules(prometheus):
        assert rule["health"] == "ok" and not rule.get("lastError"), rule


def without_thresholds(expression):
    """Every comparison gives 0 or 1 instead of dropping what does not fit it, and what would need
    minutes of history makes do with seconds."""
    parts = re.split(r"(\{[^}]*\})", expression)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"(==|>=|<=|<|>)", r"\1 bool", parts[index])
        parts[index] = re.sub(r"\babsent\(", "(", parts[index])
        parts[index] = re.sub(r"offset \d+m", "offset 3s", parts[index])
    return "".join(parts)


def test_every_alert_asks_for_what_there_is(prometheus):
    """An alert of a metric or label that does not exist never fires, and looks healthy."""
    empty = []
    for rule in rules(prometheus):
        found = [
            (labels, value)
            for labels, value in prometheus.query(without_thresholds(rule["query"]))
            if not math.isnan(value)
        ]
        print(f"\n{rule['name']}: {len(found)} series, {rule['state']}", end="")
        if not found:
            empty.append(f"{rule['name']}: {without_thresholds(rule['query'])}")
    assert not empty, "\n".join(empty)
