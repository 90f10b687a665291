"""Translators that die or hang among others, and a zone that is gone: what clients see of it."""

import functools
import json
import signal
import time

import pytest

from harness.fleet import scrape
from harness.load import MixedLoad, parallel
from harness.matrix import Client
from harness.process import run
from harness.waiting import settle, wait_until

pytestmark = pytest.mark.lowband

# Keepalive's time and timeout, and the delay of a machine that compiles at the same time.
NOTICED_SECONDS = 15 + 45
SESSIONS = 1000


def requests_of(replica):
    sums = replica.metrics()
    return sums["requests_total"] + sums["relay_started_total"]


def assert_only_posts_and_bodies_failed(load):
    """What may be repeated was. A POST, and any body that went over HTTP, may have been carried
    out: its client is told so, and it is never carried out twice."""
    parts = load.stop()
    assert set(parts["CoAP GET, PUT"].outcomes) == {"2.05"}
    assert set(parts["CoAP polls"].outcomes) == {"2.05"}
    assert set(parts["CoAP POST"].outcomes) <= {"2.05", "5.04"}
    assert set(parts["HTTP polls"].outcomes) == {"200"}
    # One whose answer had begun sees it break off.
    broken = {f"IncompleteReadError {method}" for method in ("PUT", "POST")}
    assert set(parts["HTTP"].outcomes) <= {"200", "502 PUT", "502 POST"} | broken
    load.assert_no_post_twice()
    return parts


def test_a_replica_is_killed(bin_dir, start_demo_homeserver, start_fleet):
    homeserver = start_demo_homeserver("--threads", "1000")
    fleet = start_fleet(homeserver, 3, "--workers", 2)
    load = MixedLoad(bin_dir, homeserver, fleet)
    for replica in fleet.replicas:
        wait_until(lambda one=replica: requests_of(one) > 100, 60, "load on each replica")
    victim = fleet.replicas[0]
    fleet.kill(victim)
    settle(5, "as long as it is in DNS yet")
    fleet.forget(victim)
    began = [requests_of(replica) for replica in fleet.replicas]
    for replica, before in zip(fleet.replicas, began):
        wait_until(lambda: requests_of(replica) > before + 200, 30, "load on those that are left")
    parts = assert_only_posts_and_bodies_failed(load)
    failed = sum(
        count
        for part in parts.values()
        for outcome, count in part.outcomes.items()
        if outcome not in ("2.05", "200")
    )
    print(f"\n  killed: {failed} requests told that they may have been carried out")
    # No more than were under way at it: a third of eight POSTs by CoAP, 24 requests by HTTP.
    assert failed <= 32


def test_a_replica_hangs(bin_dir, start_demo_homeserver, start_fleet):
    homeserver = start_demo_homeserver("--threads", "1000")
    fleet = start_fleet(homeserver, 3, "--workers", 2)
    load = MixedLoad(bin_dir, homeserver, fleet)
    victim, *others = fleet.replicas
    for replica in fleet.replicas:
        wait_until(lambda one=replica: requests_of(one) > 100, 60, "load on each replica")
    victim.process.signal(signal.SIGSTOP)
    # A lane that is lost with polls on it; those that could not be opened are lost sooner.
    took = wait_until(
        lambda: scrape(fleet.admin)["uplink_resent_total"] > 0,
        NOTICED_SECONDS, "the edge gives up its lanes to the replica that hangs",
    )  # fmt: skip
    victim.process.signal(signal.SIGCONT)
    before = requests_of(victim)
    back = wait_until(lambda: requests_of(victim) > before + 100, 60, "load on it again")
    parts = assert_only_posts_and_bodies_failed(load)
    print(f"\n  hung: noticed after {took:.1f} s; in use {back:.1f} s after it went on")
    slowest = max(part.slowest_ms for name, part in parts.items() if name.startswith("CoAP"))
    assert slowest < 1000 * (NOTICED_SECONDS + 5)


def test_dns_is_away(bin_dir, start_demo_homeserver, start_fleet):
    """The translators that are known go on being used, well beyond the age at which the edge asks
    for their names again."""
    homeserver = start_demo_homeserver("--threads", "1000")
    fleet = start_fleet(homeserver, 2, "--workers", 2)
    load = MixedLoad(bin_dir, homeserver, fleet)
    for replica in fleet.replicas:
        wait_until(lambda one=replica: requests_of(one) > 100, 60, "load on each replica")
    fleet.dns.silent = True
    asked = fleet.dns.questions
    before = [requests_of(replica) for replica in fleet.replicas]
    for replica, old in zip(fleet.replicas, before):
        wait_until(lambda: requests_of(replica) > old + 5000, 60, "load all the while")
    fleet.dns.silent = False
    wait_until(lambda: fleet.dns.questions > asked, 30, "a question again")
    load.assert_nothing_failed()


def test_a_zone_fails(bin_dir, start_demo_homeserver, start_fleet):
    """An edge and half of the translators are gone at once; their clients dial the other edge."""
    homeserver = start_demo_homeserver("--threads", "1000")
    fleet = start_fleet(homeserver, 4, "--workers", 2)
    other, port, _ = fleet.start_edge()
    user = Client(homeserver.url).register()

    def load(port, sessions, requests):
        done = run(
            [bin_dir / "lowband", "load", "-k", "--json", "--sessions", sessions, "--connecting",
             "64", "--requests", requests, "--token", user.token, "--cpu-of", other.pid,
             "--operation", "GET /_matrix/client/r0/account/whoami",
             f"coaps://127.0.0.1:{port}"], 120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    assert load(fleet.port, 10, 100)["failed"] == 0
    fleet.edge.signal(signal.SIGKILL)
    fleet.kill(*fleet.replicas[:2])
    began = time.monotonic()
    figures = load(port, SESSIONS, SESSIONS)
    took = time.monotonic() - began
    handshakes = figures["handshakes"]
    print(
        f"\n  {SESSIONS} sessions and their first answers in {took:.1f} s; a handshake took "
        f"{handshakes['latency_ms']['p50']:.0f} ms (median), 64 at once"
    )
    other.stop()
    assert (handshakes["count"], handshakes["failed"]) == (SESSIONS, 0)
    assert figures["outcomes"] == {"2.05": SESSIONS}


def test_what_a_replica_slept_through_undoes_nothing(bin_dir, start_demo_homeserver, start_fleet):
    """Changes that lie at a translator which is stopped are made by another. When it goes on, it
    does not make them again, over what their client has written since."""
    homeserver = start_demo_homeserver()
    fleet = start_fleet(homeserver, 2, "--workers", 1)
    user = Client(homeserver.url).register()
    data = f"/_matrix/client/r0/user/{user.user}/account_data"
    kinds = [f"kind{number}" for number in range(16)]

    def write(value):
        codes = []

        def one(kind):
            codes.append(run(
                [bin_dir / "lowband", "request", "-k", "-X", "PUT", "--token", user.token,
                 "-d", json.dumps({"value": value}), f"coaps://{fleet.address}{data}/{kind}"],
                60,
            ).returncode)  # fmt: skip

        parallel(*(functools.partial(one, kind) for kind in kinds))
        return codes

    def both_serve():
        before = [requests_of(one) for one in fleet.replicas]
        assert write("first") == [0] * len(kinds)
        return all(requests_of(one) > old + 4 for one, old in zip(fleet.replicas, before))

    wait_until(both_serve, 60, "each has its part")
    sleeper = fleet.replicas[0]
    begun_before = sleeper.metrics()["requests_total"]
    sleeper.process.signal(signal.SIGSTOP)
    assert write("second") == [0] * len(kinds)
    assert scrape(fleet.admin)["uplink_resent_total"] > 0, "some of them lay at the one that slept"
    assert write("third") == [0] * len(kinds)
    sleeper.process.signal(signal.SIGCONT)
    through_edge = Client(f"http://{fleet.address}", token=user.token)

    def serves_again():
        through_edge.call("GET", "account/whoami")
        return sleeper.metrics()["relay_started_total"] > 0

    wait_until(serves_again, 30, "it serves again, and has read all that it had")
    for kind in kinds:
        assert user.call("GET", f"{data}/{kind}") == {"value": "third"}
    assert sleeper.metrics()["requests_total"] == begun_before
