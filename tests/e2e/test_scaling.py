"""Translators come and go under load, as in a Deployment behind a headless Service: no request
fails, and each of those that are there has its share soon."""

import time

import pytest

from harness.fleet import scrape
from harness.load import MixedLoad
from harness.waiting import settle

pytestmark = pytest.mark.lowband

BALANCE_MAX = 1.3  # the busiest replica over the mean
BALANCE_SECONDS = 90
WINDOW = 5  # seconds over which the balance is taken


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
        settle(began + WINDOW - time.monotonic(), "a window of counts")
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


def test_scaling_and_a_rolling_restart(bin_dir, start_demo_homeserver, start_fleet):
    homeserver = start_demo_homeserver("--threads", "1000")
    fleet = start_fleet(homeserver, 1, "--workers", 2)
    load, balance = MixedLoad(bin_dir, homeserver, fleet), Balance(fleet)
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
