"""The demo homeserver itself: what the other tests and the demo take for granted."""

import concurrent.futures
import time

import pytest
import requests

from harness.matrix import Client, MatrixError, messages
from harness.process import run


@pytest.fixture
def pair(demo_homeserver):
    url = demo_homeserver.url
    return Client(url).register("alice"), Client(url, "v3").register("bob")


def error_of(action):
    with pytest.raises(MatrixError) as caught:
        action()
    return caught.value.status, caught.value.body["errcode"]


def test_registration_tells_its_flows_first(demo_homeserver):
    url = f"{demo_homeserver.url}/_matrix/client/v3/register"
    answer = requests.post(url, json={"username": "a"})
    assert answer.status_code == 401
    assert answer.json()["flows"] == [{"stages": ["m.login.dummy"]}]
    assert "errcode" not in answer.json()


def test_accounts(demo_homeserver, pair):
    alice, bob = pair
    assert alice.user == "@alice:demo.localhost"
    assert error_of(lambda: Client(alice.url).register("alice")) == (400, "M_USER_IN_USE")
    assert error_of(lambda: Client(alice.url).register("Al ice")) == (400, "M_INVALID_USERNAME")
    assert error_of(lambda: Client(alice.url).login("alice", "wrong")) == (403, "M_FORBIDDEN")
    again = Client(alice.url).login("alice")
    assert again.call("GET", "account/whoami")["user_id"] == alice.user
    again.call("POST", "logout", {})
    assert error_of(lambda: again.call("GET", "account/whoami")) == (401, "M_UNKNOWN_TOKEN")
    assert alice.call("GET", f"profile/{bob.user}") == {"displayname": "bob"}


def test_errors(demo_homeserver, pair):
    alice, _ = pair
    anyone = Client(demo_homeserver.url)
    assert error_of(lambda: anyone.call("GET", "sync")) == (401, "M_MISSING_TOKEN")
    assert error_of(lambda: anyone.call("GET", "nonsense")) == (404, "M_UNRECOGNIZED")
    assert error_of(lambda: anyone.call("DELETE", "sync")) == (405, "M_UNRECOGNIZED")
    assert error_of(lambda: alice.send("!none:demo.localhost", "hi")) == (403, "M_FORBIDDEN")
    assert error_of(lambda: alice.call("POST", "createRoom", [])) == (400, "M_BAD_JSON")
    assert error_of(lambda: alice.call("POST", "createRoom", {"name": 5.5})) == (400, "M_BAD_JSON")
    assert error_of(lambda: alice.call("POST", "createRoom", {"invite": 5})) == (400, "M_BAD_JSON")


def test_conversation(pair):
    alice, bob = pair
    room = alice.create_room(name="A room", topic="Talk", invite=[bob.user])
    invited = bob.sync()
    assert room in invited["rooms"]["invite"]
    bob.call("POST", f"rooms/{room}/join", {})
    assert bob.call("GET", "joined_rooms") == {"joined_rooms": [room]}
    assert set(bob.call("GET", f"rooms/{room}/joined_members")["joined"]) == {alice.user, bob.user}

    since = bob.sync(invited["next_batch"])["next_batch"]
    event_id = alice.send(room, "Hello Bob", "t1")
    assert alice.send(room, "Hello Bob", "t1") == event_id, "a transaction is executed once"
    seen = bob.sync(since)
    assert messages(seen, room) == ["Hello Bob"]
    own = alice.sync()["rooms"]["join"][room]["timeline"]["events"][-1]
    assert own["unsigned"]["transaction_id"] == "t1"

    alice.call("PUT", f"rooms/{room}/state/m.room.topic/", {"topic": "Else"})
    assert bob.call("GET", f"rooms/{room}/state/m.room.topic") == {"topic": "Else"}
    bob.call("POST", f"rooms/{room}/leave", {})
    assert error_of(lambda: bob.send(room, "gone")) == (403, "M_FORBIDDEN")


def test_history_can_be_paged_through(pair):
    alice, _ = pair
    room = alice.create_room()
    for number in range(30):
        alice.send(room, f"message {number}")
    timeline = alice.sync()["rooms"]["join"][room]["timeline"]
    assert timeline["limited"] and len(timeline["events"]) == 10
    seen, token = [], timeline["prev_batch"]
    while token:
        query = {"dir": "b", "from": token, "limit": 7}
        page = alice.call("GET", f"rooms/{room}/messages", query=query)
        seen += [event["content"].get("body") for event in page["chunk"]]
        token = page.get("end")
    assert [text for text in seen if text] == [f"message {number}" for number in range(19, -1, -1)]


def test_alias_with_a_slash_stays_one_segment(pair):
    alice, bob = pair
    room = alice.create_room(room_alias_name="a/b", preset="public_chat")
    alias = "%23a%2Fb%3Ademo.localhost"
    assert bob.call("GET", f"directory/room/{alias}")["room_id"] == room
    assert bob.call("POST", f"join/{alias}", {})["room_id"] == room


def test_sync_waits_until_something_happens(pair):
    alice, bob = pair
    room = alice.create_room(preset="public_chat")
    bob.call("POST", f"rooms/{room}/join", {})
    since = bob.sync()["next_batch"]
    begin = time.monotonic()
    assert bob.sync(since, timeout=300)["next_batch"] == since, "nothing new: the same token"
    assert time.monotonic() - begin >= 0.3
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(bob.sync, since, 30_000)
        alice.send(room, "wake up")
        assert messages(waiting.result(10), room) == ["wake up"]


def test_large_account_data(pair):
    alice, _ = pair
    data = {"text": "x" * 300_000}
    alice.call("PUT", f"user/{alice.user}/account_data/big", data)
    assert alice.call("GET", f"user/{alice.user}/account_data/big") == data
    assert alice.sync()["account_data"]["events"] == [{"type": "big", "content": data}]


def test_rate_limit(start_demo_homeserver):
    server = start_demo_homeserver("--rate-limit", "3")
    alice = Client(server.url).register()
    headers = {"Authorization": f"Bearer {alice.token}"}
    url = f"{server.url}/_matrix/client/v3/account/whoami"
    answers = [requests.get(url, headers=headers) for _ in range(10)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert 6 <= len(limited) <= 7
    assert limited[0].json()["errcode"] == "M_LIMIT_EXCEEDED"
    assert 0 < limited[0].json()["retry_after_ms"] <= 1000
    assert limited[0].headers["Retry-After"] == "1"


def test_faults(demo_homeserver, pair):
    alice, _ = pair
    demo_homeserver.fault(path="/whoami", status=503, body={"errcode": "M_UNKNOWN", "error": "x"})
    assert error_of(lambda: alice.call("GET", "account/whoami")) == (503, "M_UNKNOWN")
    demo_homeserver.fault(path="/whoami", truncate=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        alice.call("GET", "account/whoami")
    demo_homeserver.fault(path="/whoami", delay_ms=300)
    begin = time.monotonic()
    alice.call("GET", "account/whoami")
    assert time.monotonic() - begin >= 0.3


def test_stats_count_what_arrived(demo_homeserver, pair):
    alice, _ = pair
    room = alice.create_room()
    alice.send(room, "once", "a")
    alice.send(room, "twice", "b")
    alice.send(room, "twice", "b")
    assert demo_homeserver.stats()["sends"] == {
        "transactions": 2, "events": 2, "arrivals": 3, "most_arrivals_of_one": 2,
    }  # fmt: skip
    assert demo_homeserver.stats()["requests"]["POST createRoom"] == 1


@pytest.mark.parametrize("flags", [["--listen", "nonsense"], ["--threads", "many"], ["--what"]])
def test_wrong_flags_end_with_one_line(bin_dir, flags):
    done = run([bin_dir / "demo-homeserver", *flags])
    assert done.returncode == 2
    assert len(done.stderr.decode().strip().splitlines()) == 1
