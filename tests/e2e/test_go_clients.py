"""Deployed clients against Synapse through the gateway: client-proxy for whole conversations, jc
and coap for single requests, as their README shows them."""

import json

import pytest

from harness.matrix import Client, MatrixError, messages

pytestmark = pytest.mark.smoke


def test_whole_life_of_a_client(client_proxy, synapse, bob):
    alice = Client(client_proxy.url).register()
    assert alice.call("GET", "account/whoami")["user_id"] == alice.user
    first_token = alice.token
    alice.login(alice.user)
    assert alice.token != first_token

    room = alice.create_room(name="Über den Wolken", invite=[bob.user])
    bob.call("POST", f"rooms/{room}/join", {})
    event_id = alice.send(room, "Grüße 👋")
    event = bob.call("GET", f"rooms/{room}/event/{event_id}")
    assert event["content"]["body"] == "Grüße 👋"

    since = alice.sync()["next_batch"]
    bob.send(room, "Hello Alice")
    assert messages(alice.sync(since), room) == ["Hello Alice"]

    alice.call("POST", "logout", {})
    with pytest.raises(MatrixError) as refused:
        alice.call("GET", "account/whoami")
    assert (refused.value.status, refused.value.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")


def test_join_and_leave_over_coap(alice, bob):
    room = bob.create_room(preset="public_chat")
    assert alice.call("POST", f"join/{room}", {})["room_id"] == room
    assert alice.call("GET", "joined_rooms") == {"joined_rooms": [room]}
    assert alice.user in alice.call("GET", f"rooms/{room}/joined_members")["joined"]
    alice.call("POST", f"rooms/{room}/leave", {})
    assert alice.call("GET", "joined_rooms") == {"joined_rooms": []}


def test_state(alice):
    room = alice.create_room(topic="First")
    assert alice.call("GET", f"rooms/{room}/state/m.room.topic/")["topic"] == "First"
    alice.call("PUT", f"rooms/{room}/state/m.room.topic/", {"topic": "Second"})
    topics = [e for e in alice.call("GET", f"rooms/{room}/state") if e["type"] == "m.room.topic"]
    assert [event["content"]["topic"] for event in topics] == ["Second"]


def test_numbers_arrive_as_integers(alice, bob):
    """Deployed clients send every number as a float, which Synapse refuses in events."""
    room = alice.create_room(preset="public_chat")
    content = {"small": 7, "large": 2**53 - 1, "negative": -40, "msgtype": "m.text", "body": "n"}
    event_id = alice.call("PUT", f"rooms/{room}/send/m.room.message/numbers", content)["event_id"]
    bob.call("POST", f"join/{room}", {})
    assert bob.call("GET", f"rooms/{room}/event/{event_id}")["content"] == content


def nested(depth):
    return {"a": nested(depth - 1)} if depth > 1 else {}


@pytest.mark.parametrize("depth", [30, 130])
def test_message_of_a_stranger_that_is_too_deep_does_not_stop_sync(alice, bob, depth):
    """Neither the clients nor the gateway follow such nesting; Synapse keeps the message until a
    sync that had it is followed by another one."""
    since = alice.sync()["next_batch"]
    for kind, content in (("m.deep", nested(depth)), ("m.flat", {"b": 1})):
        messages_of = {"messages": {alice.user: {"*": content}}}
        bob.call("PUT", f"sendToDevice/{kind}/{kind}", messages_of)
    answer = alice.sync(since)
    deep, flat = answer["to_device"]["events"]
    assert (deep["type"], deep["sender"], deep["content"]) == ("m.deep", bob.user, {})
    assert deep["org.lowband.unrepresentable"] == "too_deep"
    assert flat["content"] == {"b": 1}
    assert alice.sync(answer["next_batch"]).get("to_device", {}).get("events", []) == []


def test_event_that_is_too_deep_does_not_stop_sync(alice, bob):
    room = alice.create_room(preset="public_chat")
    bob.call("POST", f"join/{room}", {})
    since = alice.sync()["next_batch"]
    bob.call("PUT", f"rooms/{room}/send/m.deep/deep", nested(60))
    bob.send(room, "and on")
    timeline = alice.sync(since)["rooms"]["join"][room]["timeline"]["events"]
    deep = next(event for event in timeline if event["type"] == "m.deep")
    assert (deep["content"], deep["org.lowband.unrepresentable"]) == ({}, "too_deep")
    assert messages(alice.sync(since), room) == ["and on"]


def test_sync_waits_for_news(alice, bob):
    room = alice.create_room(preset="public_chat")
    bob.call("POST", f"join/{room}", {})
    since = alice.sync()["next_batch"]
    # Longer than any time within which an answer could ride on the acknowledgement.
    quiet = alice.sync(since, timeout=6000)
    assert messages(quiet, room) == []
    bob.send(room, "at last")
    assert messages(alice.sync(quiet["next_batch"], timeout=6000), room) == ["at last"]


@pytest.mark.lowband
def test_wrong_and_missing_token(client_proxy):
    for token, errcode in [("wrong", "M_UNKNOWN_TOKEN"), (None, "M_MISSING_TOKEN")]:
        with pytest.raises(MatrixError) as refused:
            Client(client_proxy.url, token=token).call("GET", "account/whoami")
        assert (refused.value.status, refused.value.body["errcode"]) == (401, errcode)


@pytest.mark.lowband
def test_two_users_on_one_connection(client_proxy):
    """client-proxy has one DTLS session: the sticky token follows whoever spoke last, and an empty
    one ends it (the gateway that Lowband replaces keeps the last, so that nobody can register)."""
    first, second = Client(client_proxy.url).register(), Client(client_proxy.url).register()
    for user in (first, second, second, first):
        assert user.call("GET", "account/whoami")["user_id"] == user.user


def test_transaction_is_executed_once(alice):
    room = alice.create_room()
    assert alice.send(room, "once", "same") == alice.send(room, "once", "same")


def test_readme_pipeline_registers(peers, gateway, synapse):
    """`jc … | coap -X POST … | jc -c2j`, the first command line of the seed's README."""
    request = {"auth": {"type": "m.login.dummy"}, "username": "readme", "password": "barbarbar"}
    answer = peers.coap(
        gateway, "POST", "/_matrix/client/r0/register", peers.to_cbor(json.dumps(request)),
        ["Content-Type: application/cbor"],
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr.decode()
    registered = json.loads(peers.to_json(answer.stdout))
    assert registered["user_id"] == "@readme:test.localhost"
    whoami = Client(synapse.url, token=registered["access_token"]).call("GET", "account/whoami")
    assert whoami["user_id"] == registered["user_id"]


def test_verified_certificate(peers, gateway):
    """Without -k, against a certificate whose only trust is SSL_CERT_FILE."""
    trusting = {"SSL_CERT_FILE": str(gateway.certificate.cert)}
    good = peers.coap(gateway, "GET", "/_matrix/client/versions", flags=(), environment=trusting)
    assert good.returncode == 0, good.stderr.decode()
    assert "r0.6.1" in json.loads(peers.to_json(good.stdout))["versions"]
    bad = peers.coap(gateway, "GET", "/_matrix/client/versions", flags=())
    assert bad.returncode != 0
    assert b"certificate" in bad.stderr


def test_command_line_sees_errors(peers, gateway):
    answer = peers.coap(
        gateway, "GET", "/_matrix/client/r0/account/whoami",
        headers=["Authorization: Bearer wrong"], flags=("-k", "-i"),
    )  # fmt: skip
    head, _, body = answer.stdout.partition(b"\r\n\r\n")
    assert answer.returncode == 1
    assert head.startswith(b"HTTP/0.0 401"), answer
    assert json.loads(peers.to_json(body))["errcode"] == "M_UNKNOWN_TOKEN"


@pytest.mark.lowband
def test_unmapped_and_forbidden_paths(client_proxy, gateway):
    alice = Client(client_proxy.url).register()
    # Not in the enum table, so it goes literally, and of a version with no enum at all.
    assert alice.call("GET", "/_matrix/client/v3/account/whoami")["user_id"] == alice.user
    with pytest.raises(MatrixError) as refused:
        alice.call("GET", "/_synapse/admin/v1/server_version")
    assert refused.value.status == 404
