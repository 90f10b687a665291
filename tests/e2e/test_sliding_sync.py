"""Sliding sync observed, against a real Synapse: nothing lost, nothing twice, almost nothing on the
wire while nothing happens."""

import json
import os
import signal
import subprocess

import pytest

from harness.matrix import Client
from harness.relay import Relay, Weather
from harness.services import Services
from harness.waiting import holds_within, settle

pytestmark = [pytest.mark.lowband, pytest.mark.smoke]

MESSAGES = int(os.environ.get("LOWBAND_OBSERVE_MESSAGES", "100"))
PATH = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync"
EXTENSIONS = {name: {"enabled": True}
              for name in ("to_device", "e2ee", "account_data", "receipts", "typing")}  # fmt: skip


def parameters(conn_id, lists=True, extensions=None):
    """As Element X has them, with room for all messages of a test in one answer."""
    body = {"conn_id": conn_id, "extensions": EXTENSIONS if extensions is None else extensions}
    if lists:
        body["lists"] = {
            "all_rooms": {"ranges": [[0, 19]], "timeline_limit": 1000, "required_state": []}
        }
    return json.dumps(body)


@pytest.fixture
def relayed(gateway):
    started = []

    def start(weather):
        started.append(Relay(gateway.port, weather))
        return started[-1]

    yield start
    for relay in started:
        relay.stop()


def room_with(sender, *others):
    room = sender.create_room(preset="public_chat")
    for other in others:
        other.call("POST", f"join/{room}", {})
    return room


def send_to_device(sender, receiver, number):
    device = receiver.call("GET", "account/whoami")["device_id"]
    content = {"messages": {receiver.user: {device: {"number": number}}}}
    sender.call("PUT", f"sendToDevice/org.example.number/{receiver.user}{number}", content)


def numbers(follower):
    """Those of the to-device messages that came."""
    return [e["content"]["number"] for e in follower.events() if e["section"] == "to_device"]


def test_every_message_once_and_in_order_over_a_bad_network(
    gateway, synapse, bob, start_follower, relayed
):
    carol = Client(synapse.url, "v3").register()
    room = room_with(bob, carol)
    relay = relayed(Weather(loss=0.1))
    follower = start_follower(
        gateway, carol, "--sliding", "--body", parameters("x"), address=relay.address, keepalive=20
    ).wait_for_first_batch()
    sent = [f"message {n}" for n in range(MESSAGES)]
    for text in sent:
        bob.send(room, text)
    assert follower.wait_for(len(sent), 120) == sent
    summary = follower.stop()
    print(summary, relay.lost)
    assert "polling" not in summary
    assert relay.lost.datagrams > 0, "the network was not bad enough"


def test_resumes_from_its_positions_and_begins_anew_when_they_are_unknown(
    gateway, synapse, bob, start_follower, tmp_path
):
    carol = Client(synapse.url, "v3").register()
    room = room_with(bob, carol)
    flags = ["--sliding", "--json", "--cursor", tmp_path / "cursor", "--body", parameters("x")]
    first = start_follower(gateway, carol, *flags).wait_for_first_batch()
    send_to_device(bob, carol, 1)
    assert holds_within(30, lambda: numbers(first) == [1]), first.events()
    first.stop()
    send_to_device(bob, carol, 2)
    again = start_follower(gateway, carol, *flags, "--reconnect-wait", "0.1")
    assert holds_within(30, lambda: numbers(again) == [2]), again.events()
    # Another beginning of the same connection ends this one. Synapse notices when it has to keep
    # something of the connection: that a room is known to it.
    carol.call("POST", PATH, json.loads(parameters("x", extensions={})))
    room_with(bob, carol)
    bob.send(room, "after the end")
    send_to_device(bob, carol, 3)

    def bodies():
        return [e["content"].get("body") for e in again.events() if e["section"] == "timeline"]

    assert holds_within(60, lambda: "after the end" in bodies() and 3 in numbers(again))
    assert "beginning anew" in again.stop()
    assert numbers(again) == [2, 3], "no message to the device twice"
    assert bodies().count("after the end") == 1


def test_two_connections_side_by_side(gateway, synapse, bob, start_follower):
    """Element X has one for the rooms and one for what encryption needs."""
    carol = Client(synapse.url, "v3").register()
    room = room_with(bob, carol)
    wanted = {
        "room-list": ("account_data", "receipts", "typing"), "encryption": ("to_device", "e2ee")
    }  # fmt: skip
    rooms, encryption = (
        start_follower(
            gateway, carol, "--sliding", "--json", "--body",
            parameters(name, name == "room-list", {each: {"enabled": True} for each in extensions}),
        )
        for name, extensions in wanted.items()
    )  # fmt: skip
    rooms.wait_for_first_batch()
    for n in range(10):
        bob.send(room, f"message {n}")
        send_to_device(bob, carol, n)

    def timeline():
        return [e["content"].get("body") for e in rooms.events()
                if e["section"] == "timeline" and e["type"] == "m.room.message"]  # fmt: skip

    assert holds_within(30, lambda: len(timeline()) >= 10 and len(numbers(encryption)) >= 10)
    settle(2, "what would come twice")
    assert timeline() == [f"message {n}" for n in range(10)]
    assert numbers(encryption) == list(range(10))
    assert {e["section"] for e in encryption.events()} == {"to_device"}


def test_two_connections_in_one_session(bin_dir, gateway, synapse, bob, relayed):
    """Two observations of one path, whose large notifications are fetched at the same time, over a
    bad network."""
    carol = Client(synapse.url, "v3").register()
    rooms = [room_with(bob, carol) for _ in range(3)]
    relay = relayed(Weather(loss=0.1))
    path = [[11, segment.encode().hex()] for segment in PATH.strip("/").split("/")]
    options = [*path, [12, "32"], [17, "32"], [256, carol.token.encode().hex()]]
    bodies = [parameters(name).encode().hex() for name in ("room-list", "other")]
    observations = "".join(
        json.dumps({"method": 5, "options": options, "body": body}) + "\n" for body in bodies
    )
    process = subprocess.Popen(
        [bin_dir / "coap_asker", "--server", str(relay.port), "--observe", "45"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdin.write(observations)
    process.stdin.close()
    settle(5, "the registrations")
    sent = [f"message {n} {'x' * 500}" for n in range(30)]
    for n, text in enumerate(sent):
        bob.send(rooms[n % 3], text)
    got = {0: [], 1: []}
    for line in process.stdout:
        told = json.loads(line)
        assert told.get("code") == 69, told
        body = json.loads(bytes.fromhex(told["body"]) or "{}")
        for room, content in body.get("rooms", {}).items():
            assert not content.get("limited") or content.get("initial"), "a gap"
            got[told["of"]] += [(room, e["content"]["body"]) for e in content.get("timeline", [])
                                if e["type"] == "m.room.message"]  # fmt: skip
    assert process.wait(10) == 0
    for of, events in got.items():
        for n, room in enumerate(rooms):
            assert [text for where, text in events if where == room] == sent[n::3], of
    assert relay.lost.datagrams > 0, "the network was not bad enough"


def test_nothing_lost_when_the_edge_restarts(
    tmp_path, bin_dir, synapse, bob, certificate, start_follower
):
    services = Services(tmp_path, bin_dir, synapse.url, certificate)
    try:
        carol = Client(synapse.url, "v3").register()
        room = room_with(bob, carol)
        follower = start_follower(
            services, carol, "--sliding", "--body", parameters("x"), "--reconnect-wait", "1"
        ).wait_for_first_batch()
        sent = [f"message {n}" for n in range(20)]
        for text in sent[:10]:
            bob.send(room, text)
        assert follower.wait_for(10) == sent[:10]
        services.edge.signal(signal.SIGKILL)
        services.edge.wait(5)
        services.start_edge()
        for text in sent[10:]:
            bob.send(room, text)
        assert follower.wait_for(20, 150) == sent
        assert "beginning anew" not in follower.stop()
    finally:
        services.stop()


def test_quiet_hour_costs_less_than_2_kb(gateway, synapse, bob, start_follower, relayed):
    """Beyond the longest poll, so that empty answers came, and nothing of them was sent. A client
    that pings each five minutes has twelve pings an hour."""
    room_with(bob)
    relay = relayed(Weather())
    follower = start_follower(
        gateway, bob, "--sliding", "--body", parameters("x"), address=relay.address, keepalive=10
    ).wait_for_first_batch()
    settle(5, "the end of the first result")
    relay.take_counts()
    settle(75, "more than a poll, which the homeserver answers after 60 s")
    up, down = relay.take_counts()
    print(follower.stop())
    assert up.datagrams == down.datagrams, "pings and their answers only"
    assert 6 <= up.datagrams <= 8
    a_ping = (up.wire + down.wire) / up.datagrams
    print(f"{a_ping:.0f} bytes a ping with its answer, {12 * a_ping:.0f} an hour")
    assert 12 * a_ping <= 2048


def test_path_of_the_specification_where_the_homeserver_has_none(
    gateway, bob, start_follower
):
    """Synapse serves the unstable one only: its refusal comes at once, as an answer."""
    follower = start_follower(gateway, bob, "--sliding", "--path", "/_matrix/client/v4/sync")
    assert follower.process.wait(30) == 1
    assert "M_UNRECOGNIZED" in follower.err.read_text()
