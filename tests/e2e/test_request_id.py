"""One request has one id: at the edge, at the translator, and at the homeserver."""

import json
import re

import pytest
import requests

from harness.process import run
from harness.upstream import reply

pytestmark = pytest.mark.lowband

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def lines(gateway, event, service):
    """The fields of the log lines of that event."""
    found = []
    for line in gateway.process.log().splitlines():
        if f'"event":"{event}"' in line:
            fields = json.loads(line[line.index("{"):])  # fmt: skip
            if fields["service"] == f"lowband-{service}":
                found.append(fields)
    return found


def logged(gateway, event, service, request_id):
    """The one line of that event and id; it may come a moment after the client has its answer."""

    def matching():
        return [one for one in lines(gateway, event, service) if one["request_id"] == request_id]

    gateway.process.wait_until(matching, 10, f"{event} {request_id} of {service}")
    (one,) = matching()
    return one


@pytest.fixture
def start(start_fallback, start_upstream):
    def start(answer=None, **environment):
        upstream = start_upstream(answer)
        gateway = start_fallback(
            upstream.url, "--log-format", "json", scheme="http", environment=environment
        )
        return upstream, gateway

    return start


def ask(bin_dir, gateway, *flags):
    url = gateway.url("/_matrix/client/versions")
    return run([bin_dir / "lowband", "request", "-k", *flags, url])


def test_one_id_over_coap(start, bin_dir):
    upstream, gateway = start(LOWBAND_LOG_LEVEL="debug")
    assert ask(bin_dir, gateway).returncode == 0
    (request,) = upstream.requests
    request_id = request.field("x-request-id")
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    assert request.field("traceparent") is None  # nobody asked for traces
    edge = logged(gateway, "exchange", "edge", request_id)
    assert (edge["method"], edge["code"], edge["reason"]) == ("GET", "2.05", "answered")
    assert re.fullmatch(r"[0-9a-f]{8}", edge["client"])
    translator = logged(gateway, "exchange", "translator", request_id)
    assert (translator["route"], translator["status"]) == ("versions", 200)
    assert (translator["from"], translator["fault"]) == ("coap", "none")


def test_one_id_over_http(start):
    upstream, gateway = start(LOWBAND_LOG_LEVEL="debug")
    url = gateway.public + "/_matrix/client/versions"
    fields = {"traceparent": PARENT, "tracestate": "a=b", "X-Request-Id": "the client's own"}
    assert requests.get(url, headers=fields).ok
    (request,) = upstream.requests
    assert request.field("traceparent") == PARENT and request.field("tracestate") == "a=b"
    assert request.field("x-request-id") == TRACE
    edge = logged(gateway, "transfer", "edge", TRACE)
    assert (edge["method"], edge["status"], edge["reason"]) == ("GET", 200, "served")
    assert logged(gateway, "exchange", "translator", TRACE)["from"] == "http"


def test_malformed_trace_goes_no_further(start):
    upstream, gateway = start()
    fields = {"traceparent": PARENT.replace("00-", "ff-", 1), "tracestate": "a=b"}
    assert requests.get(gateway.public + "/_matrix/client/versions", headers=fields).ok
    (request,) = upstream.requests
    assert request.field("traceparent") is None and request.field("tracestate") is None
    assert re.fullmatch(r"[0-9a-f]{32}", request.field("x-request-id"))


def test_traces_are_made_where_asked_for(start, bin_dir):
    upstream, gateway = start(LOWBAND_TRACE_ONE_IN="1")
    assert ask(bin_dir, gateway).returncode == 0
    assert requests.get(gateway.public + "/_matrix/client/versions").ok
    for request in upstream.requests:
        trace = re.fullmatch(r"00-([0-9a-f]{32})-[0-9a-f]{16}-01", request.field("traceparent"))
        assert trace[1] == request.field("x-request-id")
    assert len({request.field("x-request-id") for request in upstream.requests}) == 2


def test_failures_are_logged_on_both_sides(start, bin_dir):
    """At the default level, and without a word of what was asked."""
    upstream, gateway = start(lambda request: reply(b"{}", status="500 Canary"))
    ask(bin_dir, gateway)
    request_id = upstream.requests[-1].field("x-request-id")
    assert logged(gateway, "exchange_failed", "edge", request_id)["code"] == "5.00"
    assert logged(gateway, "exchange_failed", "translator", request_id)["status"] == 500
    requests.get(gateway.public + "/_matrix/client/versions?canary=1")
    request_id = upstream.requests[-1].field("x-request-id")
    assert logged(gateway, "transfer_failed", "edge", request_id)["status"] == 500
    assert logged(gateway, "exchange_failed", "translator", request_id)["from"] == "http"
    assert "anary" not in gateway.process.log()


def test_many_failures_are_a_few_lines(start):
    upstream, gateway = start(lambda request: reply(b"{}", status="502 No"))
    with requests.Session() as session:
        for _ in range(200):
            session.get(gateway.public + "/_matrix/client/versions")
    written = lines(gateway, "exchange_failed", "translator")
    # Ten a second, and what was left out is told by the first line of the next second.
    assert 10 <= len(written) < 200
    assert len(upstream.requests) == 200
