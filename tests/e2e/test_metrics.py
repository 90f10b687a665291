"""docs/metrics.md and what is really served are one list."""

import pathlib
import re
import time

import pytest
import requests

from harness.matrix import Client
from harness.process import free_port, run

pytestmark = pytest.mark.lowband

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "metrics.md"
ANY = {"route", "version"}  # labels whose values are not listed one by one


def documented():
    """{name: (type, {label: values})} of each prefix."""
    families, prefix = {}, None
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            prefix = line.removeprefix("## ") if line.startswith("## lowband_") else ""
        found = re.match(r"\| `(\w+)` \| (\w+) \| (.*?) \|", line)
        if not found:
            continue
        name, kind, labels = found.groups()
        values = {}
        for label, listed in re.findall(r"`(\w+)`(?:: ([\w, ]+?))?(?:$|, (?=`))", labels):
            values[label] = set(re.split(r", ", listed)) if listed else set()
        families[prefix + name] = (kind, values)
    return families


def served(text):
    kinds, families = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            kinds[name], families[name] = kind, {}
        if line.startswith("#"):
            continue
        name, labels = re.match(r"(\w+)(?:\{(.*)\})? ", line).groups()
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        family = families[base if base in families else name]
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels or ""):
            if label != "le":
                family.setdefault(label, set()).add(value)
    return {name: (kinds[name], labels) for name, labels in families.items()}


@pytest.fixture
def scraped(start_fallback, start_client_proxy, demo_homeserver):
    ports = [free_port(), free_port()]
    gateway = start_fallback(
        demo_homeserver.url,
        "--edge-admin-addr", f"127.0.0.1:{ports[0]}",
        "--translator-admin-addr", f"127.0.0.1:{ports[1]}",
    )  # fmt: skip
    client = Client(start_client_proxy(gateway).url).register()
    client.send(client.create_room(), "hello")
    client.sync(timeout=100)
    requests.get(gateway.public + "/_matrix/client/versions", verify=False)

    def scrape():
        return [requests.get(f"http://127.0.0.1:{port}/metrics").text for port in ports]

    # A client has its answer a moment before the edge has counted it.
    gateway.process.wait_until(
        lambda: value(scrape()[0], "lowband_edge_http_transfers_total", result="served") == 1,
        10, "the HTTP request among the metrics",
    )  # fmt: skip
    return scrape()


def test_document_is_complete_and_true(scraped):
    families = {**served(scraped[0]), **served(scraped[1])}
    listed = documented()
    assert sorted(listed) == sorted(families)
    for name, (kind, labels) in families.items():
        assert listed[name][0] == kind, name
        assert set(listed[name][1]) == set(labels), name
        for label, values in labels.items():
            if label not in ANY:
                assert listed[name][1][label] == values, f"{name}{{{label}}}"


def value(text, name, **labels):
    for line in text.splitlines():
        found = re.match(rf"{name}(?:{{(.*)}})? (\S+)$", line)
        if found and dict(re.findall(r'(\w+)="([^"]*)"', found.group(1) or "")) == labels:
            return float(found.group(2))
    raise AssertionError(f"no {name} {labels}")


def test_numbers_are_those_of_the_traffic(scraped):
    edge, translator = scraped
    assert value(translator, "lowband_translator_route_exchanges_total", route="send") == 1
    estimate = sum(
        value(translator, "lowband_translator_route_https_estimate_bytes_total",
              route="send", direction=direction)
        for direction in ("sent", "received")
    )  # fmt: skip
    assert 400 < estimate < 2000
    # The long-poll of /sync is not among the durations.
    answered = value(edge, "lowband_edge_uplink_answers_total")
    durations = value(edge, "lowband_edge_coap_request_duration_seconds_count")
    assert answered - durations == 1
    assert value(edge, "lowband_edge_http_transfers_total", result="served") == 1


def test_processes_tell_when_they_started(scraped):
    for text in scraped:
        # The kernel's clock of ticks and ours may be a second apart.
        assert -2 < time.time() - value(text, "process_start_time_seconds") < 120
        assert value(text, "process_open_fds") < value(text, "process_max_fds")


@pytest.mark.parametrize("which", [0, 1])
def test_promtool_finds_no_fault(scraped, which):
    done = run(["promtool", "check", "metrics"], data=scraped[which].encode())
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
