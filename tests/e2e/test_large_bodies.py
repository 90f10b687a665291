"""Block-wise transfers both ways, with the deployed clients' code."""

import random
import string

from harness.matrix import Client


def text_of(size, seed):
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=size))


def test_large_initial_sync(alice, bob):
    """An initial sync of more than 200 KB comes down in blocks, byte for byte."""
    room = bob.create_room(preset="public_chat")
    sent = []
    for number in range(80):
        sent.append(text_of(4000, number))
        bob.send(room, sent[-1])
    alice.call("POST", f"join/{room}", {})
    sync = alice.sync(filter='{"room":{"timeline":{"limit":100}}}')
    events = sync["rooms"]["join"][room]["timeline"]["events"]
    got = [event["content"]["body"] for event in events if event["type"] == "m.room.message"]
    assert got == sent
    assert sum(map(len, got)) > 200_000


def test_large_account_data(alice, synapse):
    """An upload of more than 100 KB goes up in blocks; what Synapse has is what was sent."""
    data = {"text": text_of(60_000, 1), "list": [text_of(500, i) for i in range(100)]}
    path = f"user/{alice.user}/account_data/org.example.large"
    alice.call("PUT", path, data)
    assert Client(synapse.url, token=alice.token).call("GET", path) == data
    assert alice.call("GET", path) == data


def test_bodies_around_a_block(alice):
    """Sizes at which a transfer begins to take blocks, and ends with a full one."""
    for size in [1, 900, 980, 1000, 1024, 1100, 2000, 2048, 3000, 4096, 10_240]:
        data = {"text": text_of(size, size)}
        path = f"user/{alice.user}/account_data/org.example.size{size}"
        alice.call("PUT", path, data)
        assert alice.call("GET", path) == data, size
