"""10,000 messages at 20 % loss, 20 % duplication and 20 % reordering: each is answered, and each is
executed at the homeserver once."""

import json

import pytest

from harness.fleet import scrape
from harness.matrix import Client
from harness.process import free_port, run

SESSIONS = 250
MESSAGES = 40  # each session
# What each part says of repetitions: the edge of the client's, its lanes of their own, the
# translator of connections, on which libcurl repeats what a dead one had taken.
TELLING = (
    "coap_duplicates_total", "coap_requests_received_total", "dtls_handshakes_total",
    "uplink_resent_total", "uplink_lanes_started_total", "uplink_lanes_total",
    "upstream_connections_total",
)  # fmt: skip


@pytest.mark.lowband
def test_every_message_is_sent_exactly_once(bin_dir, start_gateway, demo_homeserver, capsys):
    edge, translator = (f"127.0.0.1:{free_port()}" for _ in range(2))
    gateway = start_gateway(
        demo_homeserver.url, "--edge-admin-addr", edge, "--translator-admin-addr", translator
    )
    sender = Client(demo_homeserver.url).register("sender")
    room = sender.create_room()
    done = run(
        [bin_dir / "lossy_senders", "--server", gateway.port, "--token", sender.token,
         "--room", room, "--sessions", SESSIONS, "--messages", MESSAGES,
         "--loss", 0.2, "--duplicate", 0.2, "--reorder", 0.2, "--seed", 1],
        seconds=540,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)
    with capsys.disabled():
        print(f"\n{result}")
    total = SESSIONS * MESSAGES
    answers = {key: n for key, n in result["outcomes"].items() if not key.startswith("handshake")}
    assert answers == {"2.05": total}
    counts = {**scrape(f"http://{edge}"), **scrape(f"http://{translator}")}
    assert demo_homeserver.stats()["sends"] == {
        "transactions": total, "events": total, "arrivals": total, "most_arrivals_of_one": 1,
    }, f"{result}\n{told(counts)}\n{gateway.process.tail()}"  # fmt: skip
    relay = result["relay"]
    assert relay["overflowed"] == 0
    assert relay["lost"] > 0.15 * relay["received"], "the network was not bad enough"


def told(counts):
    return {name: n for name, n in counts.items() if name in TELLING}
