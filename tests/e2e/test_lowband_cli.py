"""The command line tool `lowband`: against the deployed converter, and through the gateway as
people will use it."""

import gzip
import json

import pytest

from harness.matrix import Client
from harness.process import free_port, run

pytestmark = pytest.mark.smoke

DOCUMENTS = [
    {"hello": "world"},
    [42, 38],
    {},
    {"event_id": "$x", "content": {"body": "Grüße 👋", "msgtype": "m.text"}},
    {"numbers": [0, -1, 23, 24, 255, 256, 65_536, 2**53 - 1, -(2**53) + 1, 1.5, 0.1]},
    {"1": "looks like a key of the table", "type": None, "unknown": [True, False]},
    {"state": {"events": [{"type": "m.room.member", "content": {"membership": "join"}}] * 40}},
]


def lowband(bin_dir, *arguments, data=b"", status=0):
    done = run([bin_dir / "lowband", *arguments], data=data)
    assert done.returncode == status, (done.returncode, done.stderr.decode())
    return done


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_conversion_agrees_with_the_deployed_tool(bin_dir, peers, document):
    text = json.dumps(document)
    ours = lowband(bin_dir, "convert", "-", data=text.encode()).stdout
    theirs = peers.to_cbor(text)
    assert len(ours) <= len(theirs), "integers are no longer than their floats"
    assert json.loads(peers.to_json(ours)) == document
    back = lowband(bin_dir, "convert", "--to", "json", "-", data=theirs).stdout
    assert json.loads(back) == document


@pytest.mark.lowband
def test_request(bin_dir, gateway, tmp_path):
    """Registers with curl's flags, reads the answer as JSON, and asks who it is with the token."""
    body = tmp_path / "body.json"
    auth = {"type": "m.login.dummy"}
    body.write_text(json.dumps({"auth": auth, "username": "cli", "password": "barbarbar"}))
    trust = ["--cacert", gateway.certificate.cert]
    answer = lowband(
        bin_dir, "request", *trust, "-X", "POST", "-d", f"@{body}",
        gateway.url("/_matrix/client/r0/register"),
    )  # fmt: skip
    registered = json.loads(answer.stdout)
    figures = tmp_path / "figures.json"
    answer = lowband(
        bin_dir, "request", *trust, "-i", "-v", "--stats-json", figures,
        "-H", f"Authorization: Bearer {registered['access_token']}",
        gateway.url("/_matrix/client/v3/account/whoami"),
    )  # fmt: skip
    head, _, text = answer.stdout.partition(b"\n\n")
    assert head.startswith(b"CoAP 2.05")
    assert json.loads(text)["user_id"] == registered["user_id"]
    assert registered["access_token"].encode() not in answer.stderr
    spent = json.loads(figures.read_text())
    assert spent["exchange"]["datagrams_sent"] == 1
    assert 500 < spent["handshake"]["bytes_sent"] + spent["handshake"]["bytes_received"] < 2000


@pytest.mark.lowband
def test_user_agent_reaches_the_list_of_devices(bin_dir, gateway, bob):
    url = gateway.url("/_matrix/client/v3/account/whoami")
    flags = ["-k", "--token", bob.token]
    lowband(bin_dir, "request", *flags, "--user-agent", "Phone/1.0 (slow link)", url)
    devices = bob.call("GET", f"admin/whois/{bob.user}")["devices"]
    sessions = [s for device in devices.values() for s in device["sessions"]]
    agents = [c["user_agent"] for session in sessions for c in session["connections"]]
    assert "Phone/1.0 (slow link)" in agents, devices


@pytest.mark.lowband
def test_answers_leave_from_the_address_that_was_asked(bin_dir, start_gateway, demo_homeserver):
    """A connected socket, as a NAT, takes nothing from another address of the server."""
    port = free_port()
    start_gateway(demo_homeserver.url, port=port, bind=f":{port}")
    for host in ("127.0.0.1", "127.0.0.2", "127.3.2.1"):
        url = f"https://{host}:{port}/_matrix/client/versions"
        answer = lowband(bin_dir, "request", "-k", "-m", "20", url)
        assert "versions" in json.loads(answer.stdout), host


@pytest.mark.lowband
def test_longest_query(bin_dir, gateway):
    """One message has 6,144 bytes on the whole way; what is longer is told before it is sent."""
    url = gateway.url("/_matrix/client/versions?long=" + "x" * 5900)
    assert "versions" in json.loads(lowband(bin_dir, "request", "-k", url).stdout)
    refused = lowband(bin_dir, "request", "-k", url + "x" * 600, status=1)
    assert b"6,144 bytes" in refused.stderr and b"SSL" not in refused.stderr


@pytest.mark.lowband
def test_typing_and_receipts_cost_less_without_answer(bin_dir, gateway, bob, tmp_path, capsys):
    room = bob.create_room()
    event = bob.send(room, "hello", "m1")
    figures = tmp_path / "figures.json"

    def exchange(*flags):
        common = ["-k", "--token", bob.token, "--stats-json", figures]
        done = lowband(bin_dir, "request", *common, *flags)
        spent = json.loads(figures.read_text())["exchange"]
        return done.stdout, spent["bytes_sent"] + spent["bytes_received"]

    rooms = gateway.url(f"/_matrix/client/r0/rooms/{room}")
    typing = ["-X", "PUT", "-d", '{"typing":true,"timeout":30000}', f"{rooms}/typing/{bob.user}"]
    receipt = ["-X", "POST", "-d", "{}", f"{rooms}/receipt/m.read/{event}"]
    for name, request in (("typing", typing), ("receipt", receipt)):
        with_answer, before = exchange("--response", *request)
        without, after = exchange(*request)
        assert (json.loads(with_answer), without) == ({}, b"")
        with capsys.disabled():
            print(f"\n{name}: {before} bytes with its answer, {after} without")
        assert after < before


@pytest.mark.lowband
def test_state_keys_of_dots(bin_dir, gateway, bob):
    room = bob.create_room()
    for key in ("%2E", "%2E%2E"):
        url = gateway.url(f"/_matrix/client/v3/rooms/{room}/state/m.dots/{key}")
        flags = ["-k", "--token", bob.token, "-X", "PUT", "-d", json.dumps({"key": key})]
        lowband(bin_dir, "request", *flags, url)
    state = bob.call("GET", f"rooms/{room}/state")
    dots = {e["state_key"]: e["content"]["key"] for e in state if e["type"] == "m.dots"}
    assert dots == {".": "%2E", "..": "%2E%2E"}


@pytest.mark.lowband
def test_integers_of_64_bits_stay_exact_both_ways(bin_dir, gateway, bob):
    content = {"integers": [2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**64 - 1]}
    url = gateway.url(f"/_matrix/client/v3/user/{bob.user}/account_data/m.integers")
    flags = ["-k", "--token", bob.token]
    lowband(bin_dir, "request", *flags, "-X", "PUT", "-d", json.dumps(content), url)
    assert bob.call("GET", f"user/{bob.user}/account_data/m.integers") == content
    assert json.loads(lowband(bin_dir, "request", *flags, url).stdout) == content


@pytest.mark.lowband
def test_request_that_is_refused(bin_dir, gateway):
    url = gateway.url("/_matrix/client/v3/account/whoami")
    answer = lowband(bin_dir, "request", "-k", "--token", "wrong", url, status=1)
    assert json.loads(answer.stdout)["errcode"] == "M_UNKNOWN_TOKEN"
    refused = lowband(bin_dir, "request", url, status=1)
    assert b"certificate" in refused.stderr.lower()


@pytest.mark.lowband
def test_compressed_answers_are_the_same_and_shorter_than_gzip(bin_dir, gateway, synapse, tmp_path):
    """An initial sync of some rooms: plain, under deflate, packed, and what HTTPS with gzip would
    carry. Then one message, whose request and answer are packed."""
    client = Client(synapse.url).register()
    for number in range(8):
        room = client.create_room(name=f"Room {number}", preset="public_chat")
        for message in range(10):
            client.send(room, f"Message {message} of room {number}: all is well here")

    def sync(*flags):
        figures = tmp_path / "figures.json"
        done = lowband(
            bin_dir, "request", "--cacert", gateway.certificate.cert, "--token", client.token,
            "--stats-json", figures, *flags, gateway.url("/_matrix/client/r0/sync?timeout=0"),
        )  # fmt: skip
        figures = json.loads(figures.read_text())
        return json.loads(done.stdout), figures["exchange"]["bytes_received"]

    def events(answer):
        """{room: its events}, without their age."""
        return {
            room: [{**event, "unsigned": None} for event in told["timeline"]["events"]]
            for room, told in answer["rooms"]["join"].items()
        }

    plain, plain_bytes = sync()
    compressed, compressed_bytes = sync("--compressed")
    packed, packed_bytes = sync("--packed")
    assert len(events(plain)) == 8
    assert events(packed) == events(plain)
    assert events(compressed) == events(plain)
    gzipped = len(gzip.compress(json.dumps(plain, separators=(",", ":")).encode()))
    print(
        f"initial sync: {plain_bytes} plain, {compressed_bytes} deflate, {packed_bytes} packed, "
        f"{gzipped} gzip's body"
    )
    assert packed_bytes < compressed_bytes

    message = json.dumps({"msgtype": "m.text", "body": "packed, both ways"})
    url = gateway.url(f"/_matrix/client/r0/rooms/{room}/send/m.room.message/1")
    lowband(
        bin_dir, "request", "--cacert", gateway.certificate.cert, "--token", client.token,
        "--packed", "-X", "PUT", "-d", message, url,
    )  # fmt: skip
    last = client.call("GET", f"rooms/{room}/messages?dir=b&limit=1")["chunk"][0]
    assert last["content"]["body"] == "packed, both ways"
    assert compressed_bytes < plain_bytes / 2
