"""No operation costs more bytes than with the gateway that Lowband replaces, with the same client
and the same homeserver, but for what Lowband has to say and the other does not. Prints both."""

import os
import pathlib

import pytest

from harness.gateway import Gateway
from harness.matrix import Client
from harness.relay import IP_AND_UDP, Relay
from harness.waiting import settle

# (datagrams, bytes with IPv4 and UDP headers) of matrix-org/lb's proxy, measured by this very test
# with LOWBAND_REFERENCE_BIN set; they are the same in every run. They are about the answers of our
# demo homeserver: change those and measure again.
REFERENCE = {
    "versions": (2, 274),
    "send": (2, 296),
    "sync, one message": (2, 370),
    "members, 50": (18, 10_989),
    "typing": (2, 234),
    "account data, 20 KB up": (40, 24_066),
}

# What Lowband says on top, in bytes: the object org.matrix.msc3079.low_bandwidth in /versions.
# Its members are dtls, cbor_enum_version, coap_enum_version and packed_65079.
ADDED = {"versions": 34 + 1 + 5 + 3 + 19 + 19 + 22}


class Wire:
    """A client behind a counting relay before a gateway before the demo homeserver."""

    def __init__(self, gateway, start_client_proxy):
        self.relay = Relay(gateway.port)
        self.client = Client(start_client_proxy(self.relay).url)

    def measure(self, action):
        self.relay.take_counts()
        action()
        settle(0.2, "an acknowledgement may come after the answer")
        up, down = self.relay.take_counts()
        return up.datagrams + down.datagrams, up.wire + down.wire


def operations(wire, homeserver):
    """{operation: (datagrams, bytes)} of what a client does all day."""
    out = {}
    client = wire.client
    client.register("someone")
    out["versions"] = wire.measure(lambda: client.call("GET", "/_matrix/client/versions"))
    room = client.create_room(preset="public_chat")
    others = [Client(homeserver.url).register(f"member{number:02}") for number in range(49)]
    for other in others:
        other.call("POST", f"join/{room}", {})
    out["send"] = wire.measure(lambda: client.send(room, "Hello World", "m1234567890.1"))
    since = client.sync()["next_batch"]
    others[0].send(room, "Hello World", "m1234567890.2")
    out["sync, one message"] = wire.measure(lambda: client.sync(since, timeout=30_000))
    out["members, 50"] = wire.measure(lambda: client.call("GET", f"rooms/{room}/members"))
    typing = f"rooms/{room}/typing/{client.user}"
    out["typing"] = wire.measure(
        lambda: client.call("PUT", typing, {"typing": True, "timeout": 30_000})
    )
    data = f"user/{client.user}/account_data/org.example.settings"
    out["account data, 20 KB up"] = wire.measure(
        lambda: client.call("PUT", data, {"text": "x" * 20_000})
    )
    return out


def table(rows):
    lines = [f"{'operation':28}{'reference':>18}{'Lowband':>18}   ratio"]
    for name, reference, ours in rows:
        left, right = (f"{size} B in {count}" for count, size in (reference, ours))
        lines.append(f"{name:28}{left:>18}{right:>18}{ours[1] / reference[1]:8.2f}")
    return "\n".join(lines) + f"\n(bytes with {IP_AND_UDP} B of headers, in so many datagrams)"


@pytest.mark.lowband
def test_nothing_costs_more(
    tmp_path, start_demo_homeserver, proxy_program, start_client_proxy, certificate, capsys
):
    def run(program):
        homeserver = start_demo_homeserver()
        gateway = Gateway(tmp_path, program, homeserver.url, certificate)
        try:
            return operations(Wire(gateway, start_client_proxy), homeserver)
        finally:
            gateway.stop()

    program = pathlib.Path(os.environ.get("LOWBAND_REFERENCE_BIN", "/nonexistent")) / "proxy"
    reference = run(program) if program.exists() else REFERENCE
    ours = run(proxy_program)
    rows = [(name, reference[name], ours[name]) for name in ours]
    with capsys.disabled():
        print(f"\n{table(rows)}")
    dearer = [row for row in rows if row[2][1] - ADDED.get(row[0], 0) > row[1][1]]
    assert dearer == []
