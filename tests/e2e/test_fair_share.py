"""One token with very many long-polls beside another user, on a translator with few places."""

import json

import pytest
import requests

from harness.fleet import scrape
from harness.matrix import Client
from harness.process import Process, free_port, run

pytestmark = pytest.mark.lowband

PLACES = 256
POLLS = PLACES * 7 // 8  # the rest is kept for others
API = "/_matrix/client/r0"
HELD_MS = 8000


@pytest.fixture
def load(bin_dir):
    """load(address, token, *flags): what `lowband load` has counted."""

    def play(address, token, *flags):
        done = run(
            [bin_dir / "lowband", "load", "-k", "--json", "--token", token, *flags,
             f"coaps://{address}"], 60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return play


# By default a token has 64 polls at most; with as many as it likes, it has all the places of polls.
@pytest.mark.parametrize("polls_max, taken", [(64, 64), (PLACES, POLLS)])
def test_eighteen_sessions_of_one_token(
    tmp_path, bin_dir, start_demo_homeserver, start_fallback, load, polls_max, taken
):
    homeserver = start_demo_homeserver("--threads", "1000")
    admin = f"127.0.0.1:{free_port()}"
    gateway = start_fallback(
        homeserver.url, "--translator-admin-addr", admin, scheme="http",
        environment={
            "LOWBAND_UPSTREAM_MAX_ACTIVE": str(PLACES),
            "LOWBAND_UPSTREAM_MAX_POLLS": str(polls_max),
        },
    )  # fmt: skip

    def counted(name):
        return scrape(f"http://{admin}")[name]

    greedy, other = (Client(homeserver.url).register() for _ in range(2))
    since = greedy.sync()["next_batch"]
    # It asks again at once, whatever it is told; each session for one thing until it has had an
    # answer, and for 32 then.
    attack = Process(
        "greedy",
        [bin_dir / "lowband", "load", "-k", "--token", greedy.token, "--sessions", 18,
         "--in-flight", 32, "--seconds", 60,
         "--operation", f"GET {API}/sync?timeout={HELD_MS}&since={since}",
         f"coaps://{gateway.address}"],
        tmp_path,
    )  # fmt: skip
    try:
        attack.wait_until(
            lambda: counted("upstream_polls_active") == taken, 2 * HELD_MS / 1000 + 10, "its polls"
        )
        whoami = f"GET {API}/account/whoami"
        ordinary = load(
            gateway.address, other.token, "--sessions", 4, "--requests", 200, "--operation", whoami
        )
        assert ordinary["outcomes"] == {"2.05": 200}
        assert ordinary["latency_ms"]["max"] < HELD_MS / 4, "it waited behind polls"
        its_since = other.sync()["next_batch"]
        polls = load(
            gateway.address, other.token, "--sessions", 4, "--requests", 8,
            "--operation", f"GET {API}/sync?timeout=2000&since={its_since}",
        )  # fmt: skip
        assert polls["outcomes"] == {"2.05": 8}
        over_http = requests.get(
            f"{gateway.public}{API}/account/whoami",
            headers={"Authorization": f"Bearer {other.token}"}, timeout=10,
        )  # fmt: skip
        assert over_http.status_code == 200
        slowest = ordinary["latency_ms"]["max"]
        made_room = counted("upstream_polls_made_room_total")
        refused = counted("upstream_refused_total")
        print(f"\n  slowest of the other's: {slowest:.0f} ms; {made_room:.0f} polls made room, "
              f"{refused:.0f} were refused")  # fmt: skip
        assert counted("upstream_polls_active") <= POLLS
        assert counted("upstream_pending") <= 1024
        # Those that ask again at once cost no connection each.
        assert made_room < 60 * PLACES / 5
        assert refused > 0
    finally:
        attack.stop()
