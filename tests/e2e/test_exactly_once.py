"""10,000 messages at 20 % loss, 20 % duplication and 20 % reordering: each is answered, and each is
executed at the homeserver once."""

import json

import pytest

from harness.matrix import Client
from harness.process import run

SESSIONS = 250
MESSAGES = 40  # each session


@pytest.mark.lowband
def test_every_message_is_sent_exactly_once(bin_dir, start_gateway, demo_homeserver, capsys):
    gateway = start_gateway(demo_homeserver.url)
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
    assert demo_homeserver.stats()["sends"] == {
        "transactions": total, "events": total, "arrivals": total, "most_arrivals_of_one": 1,
    }  # fmt: skip
    relay = result["relay"]
    assert relay["overflowed"] == 0
    assert relay["lost"] > 0.15 * relay["received"], "the network was not bad enough"
