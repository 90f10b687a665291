"""OBSERVE of /sync: with the deployed clients' stack, libcoap's client and our own, in front of a
real homeserver; nothing lost, nothing twice, whatever dies in between."""

import os
import re
import signal
import subprocess
import time

import pytest

from harness.matrix import Client, messages
from harness.process import run
from harness.services import Services
from harness.waiting import settle

pytestmark = [pytest.mark.lowband, pytest.mark.smoke]

# Else a homeserver gives no more than the last ten messages of a room at once.
FILTER = '{"room":{"timeline":{"limit":1000}}}'
MESSAGES = int(os.environ.get("LOWBAND_OBSERVE_MESSAGES", "100"))


@pytest.fixture
def follow(start_follower, tmp_path):
    def start(gateway, user, *flags, **options):
        cursor = tmp_path / f"cursor-{user.user[1:8]}"
        return start_follower(
            gateway, user, "--cursor", cursor, "--filter", FILTER, *flags, **options
        )

    return start


@pytest.fixture
def services(tmp_path, bin_dir, demo_homeserver, certificate):
    instance = Services(tmp_path, bin_dir, demo_homeserver.url, certificate)
    yield instance
    instance.stop()


def room_of(sender, *others):
    room = sender.create_room(preset="public_chat")
    for other in others:
        other.call("POST", f"join/{room}", {})
    return room


def test_lowband_sync_follows_synapse_and_resumes(gateway, synapse, bob, follow):
    carol = Client(synapse.url, "v3").register()
    room = room_of(bob, carol)
    follower = follow(gateway, carol).wait_for_first_batch()
    sent = [f"message {n}" for n in range(30)]
    for text in sent[:20]:
        bob.send(room, text)
    assert follower.wait_for(20) == sent[:20]
    summary = follower.stop()
    assert "polling" not in summary
    for text in sent[20:]:
        bob.send(room, text)
    again = follow(gateway, carol)
    assert again.wait_for(10) == sent[20:], "from the cursor file on, and no earlier"
    print(again.stop())


def test_idle_observer_is_silent(gateway, synapse, bob, follow):
    """Beside its own ping, an observer without news sends and gets nothing."""
    follower = follow(gateway, bob, keepalive=60)
    settle(10, "time for what an idle observer would send")
    summary = follower.stop()
    print(summary)
    sent = int(re.search(r"B sent in (\d+)", summary).group(1))
    assert sent <= 14, f"more than a handshake, a first sync in blocks and the end: {summary}"


def test_nothing_lost_when_the_translator_dies(services, demo_homeserver, follow):
    alice = Client(demo_homeserver.url, "v3").register()
    bob = Client(demo_homeserver.url, "v3").register()
    room = room_of(alice, bob)
    follower = follow(services, bob).wait_for_first_batch()
    sent = [f"message {n}" for n in range(40)]
    for n, text in enumerate(sent):
        if n % 10 == 5:
            services.translator.signal(signal.SIGKILL)
            services.translator.wait(5)
        alice.send(room, text)
        if n % 10 == 8:
            services.start_translator()
    assert follower.wait_for(len(sent)) == sent
    assert "1 reconnects" not in follower.stop()


def test_nothing_lost_when_the_edge_restarts(services, demo_homeserver, follow):
    alice = Client(demo_homeserver.url, "v3").register()
    bob = Client(demo_homeserver.url, "v3").register()
    room = room_of(alice, bob)
    follower = follow(services, bob, "--reconnect-wait", "1").wait_for_first_batch()
    sent = [f"message {n}" for n in range(20)]
    for text in sent[:10]:
        alice.send(room, text)
    assert follower.wait_for(10) == sent[:10]
    services.edge.signal(signal.SIGKILL)
    services.edge.wait(5)
    services.start_edge()
    for text in sent[10:]:
        alice.send(room, text)
    assert follower.wait_for(20, 150) == sent
    follower.stop()


def test_deployed_client_with_observe(gateway, synapse, bob, start_client_proxy):
    """Every message arrives, once and in order, through the deployed clients' own OBSERVE."""
    proxy = start_client_proxy(gateway, {"LB_OBSERVE_ENABLED": "1"})
    phone = Client(proxy.url).register()
    room = room_of(bob, phone)
    sent = [f"message {n}" for n in range(MESSAGES)]
    since = phone.sync(timeout=30_000, filter=FILTER)["next_batch"]
    got, next_send = [], 0
    deadline = time.monotonic() + 60 + MESSAGES
    while len(got) < MESSAGES and time.monotonic() < deadline:
        while next_send < MESSAGES and next_send <= len(got) + 20:
            bob.send(room, sent[next_send])
            next_send += 1
        answer = phone.sync(since, timeout=30_000, filter=FILTER)
        since = answer["next_batch"]
        got += messages(answer, room)
    assert got == sent


def test_libcoap_observes(gateway, peers, tmp_path, bob, synapse):
    """libcoap's client, which knows nothing of Matrix: gets the first result and the news."""
    room = room_of(bob)
    output = tmp_path / "body"
    token = bob.token.encode().hex()
    process = subprocess.Popen(
        ["coap-client-openssl", "-B", "12", "-s", "10", "-o", str(output), "-m", "get",
         "-O", f"256,0x{token}", "-R", gateway.certificate.cert,
         f"coaps://{gateway.address}/7?timeout=0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    settle(4, "its registration and the first result")
    bob.send(room, "for libcoap")
    text = process.communicate(timeout=30)[0].decode()
    assert process.returncode == 0, text
    assert b"for libcoap" in output.read_bytes(), text


def test_path_that_cannot_be_observed_is_answered_once(bin_dir, gateway):
    done = run(
        ["coap-client-openssl", "-B", "5", "-s", "2", "-m", "get", "-R", gateway.certificate.cert,
         f"coaps://{gateway.address}/0"]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"versions" in done.stdout or done.stdout
