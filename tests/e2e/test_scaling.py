"""Translators come and go under load, as in a Deployment behind a headless Service: no request
fails, and each of those that are there has its share soon."""

import threading
import time

import pytest

from harness.fleet import Fleet, scrape
from harness.load import CoapLoad, HttpLoad
from harness.matrix import Client

pytestmark = pytest.mark.lowband

BALANCE_MAX = 1.3  # the busiest replica over the mean
BALANCE_SECONDS = 90
WINDOW = 5  # seconds over which the balance is taken
POLL_MS = 3000  # how long the homeserver holds a sync without news
THINK_MS = 120  # how long it takes for anything else


def parallel(*actions):
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Balance:
    """What each replica was given, and how evenly."""

    def __init__(self, fleet):
        self._fleet = fleet
        self.rows = []

    def _read(self):
        out = {}
        for replica in self._fleet.replicas:
            sums = replica.metrics()
            out[replica.address] = (
                sums["requests_total"], sums["relay_started_total"], sums["lanes"],
                sums["exchanges_in_flight"] + sums["relay_active"],
            )  # fmt: skip
        return out

    def window(self):
        """Waits for a window; (address, CoAP, HTTP, lanes, waiting) of each replica."""
        before, began = self._read(), time.monotonic()
        while time.monotonic() < began + WINDOW:
            time.sleep(0.05)
        after = self._read()
        return [
            (address, coap - before[address][0], http - before[address][1], lanes, waiting)
            for address, (coap, http, lanes, waiting) in after.items()
        ]

    def settle(self, title):
        """Waits for two windows in a row in which all had their share of either kind, and says
        when the first of them was over."""
        began, even_since = time.monotonic(), None
        while True:
            rows = self.window()
            took = time.monotonic() - began
            worst = max(_unevenness([row[kind] for row in rows]) for kind in (1, 2))
            if worst > BALANCE_MAX:
                even_since = None
            elif even_since is not None:
                break
            else:
                even_since = took
            assert took < BALANCE_SECONDS, f"{title}: {worst:.2f} after {took:.0f} s\n{rows}"
        self._print(f"{title}: even after {even_since:.0f} s, the first window included", rows)

    def _print(self, title, rows):
        print(f"\n{title}; requests of the last {WINDOW} s:")
        print(f"  {'replica':16}{'CoAP':>8}{'HTTP':>8}{'lanes':>8}{'waiting':>9}{'share':>8}")
        mean = sum(row[1] + row[2] for row in rows) / len(rows)
        for address, coap, http, lanes, waiting in sorted(rows):
            share = (coap + http) / mean
            print(
                f"  {address:16}{coap:8.0f}{http:8.0f}{lanes:8.0f}{waiting:9.0f}{share:7.2f}x"
            )


def _unevenness(counts):
    return max(counts) / (sum(counts) / len(counts)) if sum(counts) else float("inf")


class Load:
    """Ordinary requests and long polls, over CoAP and over HTTP."""

    def __init__(self, bin_dir, homeserver, fleet):
        user = Client(homeserver.url).register()
        since = user.sync()["next_batch"]
        for path in ("whoami", "typing", "keys/query", "read_markers"):
            homeserver.fault(path=path, count=10**9, delay_ms=THINK_MS)
        api, room = "/_matrix/client/r0", "!r:localhost"
        sync = f"{api}/sync?timeout={POLL_MS}&since={since}"
        self._homeserver = homeserver

        def coap(sessions, *operations):
            return CoapLoad(bin_dir, fleet.address, user.token, operations, sessions)

        def http(connections, *requests):
            return HttpLoad(fleet.address, user.token, requests, connections)

        self.parts = {
            "CoAP GET, PUT": coap(
                32, f"2*GET {api}/account/whoami",
                f'PUT {api}/rooms/{room}/typing/{user.user} {{"typing":false}}'),
            "CoAP POST": coap(8, f"POST {api}/keys/query {{}}"),
            "CoAP polls": coap(150, f"GET {sync}"),
            "HTTP": http(
                24, ("GET", f"{api}/account/whoami", ""),
                ("PUT", f"{api}/rooms/{room}/typing/{user.user}", '{"typing":false}'),
                ("POST", f"{api}/rooms/{room}/read_markers", "{}")),
            "HTTP polls": http(60, ("GET", sync, "")),
        }  # fmt: skip

    def stop(self):
        """{part: outcomes}; every request has had its answer."""
        parallel(*(part.stop for part in self.parts.values()))
        print()
        for name, part in self.parts.items():
            slowest = f", slowest {part.slowest_ms:.0f} ms" if name.startswith("CoAP") else ""
            print(f"  {name:16}{dict(part.outcomes)}{slowest}")
        return self.parts

    def assert_nothing_failed(self):
        for name, part in self.stop().items():
            good = part.outcomes["2.05"] + part.outcomes["2.04"] + part.outcomes["200"]
            assert good == part.outcomes.total(), f"{name}: {part.outcomes}"
            assert getattr(part, "handshakes_failed", 0) == 0, name
        executed = self._homeserver.stats()["requests"]
        posts = {
            "POST keys/query": self.parts["CoAP POST"].outcomes.total(),
            "POST rooms/{}/read_markers": self.parts["HTTP"].posts_answered,
        }
        assert {name: executed[name] for name in posts} == posts, "a POST was executed twice"


@pytest.fixture
def start_fleet(tmp_path, bin_dir, certificate):
    started = []

    def start(homeserver, replicas, *edge_flags):
        fleet = Fleet(tmp_path, bin_dir, homeserver.url, certificate, replicas, edge_flags)
        started.append(fleet)
        return fleet

    yield start
    for fleet in started:
        fleet.stop()


def test_scaling_and_a_rolling_restart(bin_dir, start_demo_homeserver, start_fleet):
    homeserver = start_demo_homeserver("--threads", "1000")
    fleet = start_fleet(homeserver, 1, "--workers", 2)
    load, balance = Load(bin_dir, homeserver, fleet), Balance(fleet)
    balance.settle("1 replica")

    fleet.add(3)
    balance.settle("scaled out to 4")

    for old in list(fleet.replicas):
        fleet.add()
        assert fleet.remove(old) == [0]
    balance.settle("4 replaced one by one")

    assert fleet.remove(*fleet.replicas[:2]) == [0, 0]
    balance.settle("scaled in to 2")

    load.assert_nothing_failed()
    edge = scrape(fleet.admin)
    print(
        f"\n  edge: {edge['uplink_lanes_total']:.0f} lane events, "
        f"{edge['uplink_resent_total']:.0f} resent, {edge['http_retries_total']:.0f} retried, "
        f"{fleet.dns.questions} questions to DNS"
    )
    assert edge["uplink_resent_total"] == 0, "a drain is no loss"
