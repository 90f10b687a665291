"""Clients of every kind, in the background until they are stopped, at a rate that leaves a small
machine room: each waits for its answer, and the homeserver takes its time."""

import random
import socket
import threading
import urllib.parse

import requests

from harness.matrix import Client
from harness.process import Process, run
from harness.relay import Relay
from harness.upstream import raw_exchange

_API = "/_matrix/client/r0"
ANY = 1_000_000  # as a fault's count: until it is taken back


class Traffic:
    def __init__(self, world, homeserver_ms=30):
        self._world, self._parts, self._count = world, [], 0
        self.homeserver_ms = homeserver_ms
        self.users = [Client(world.homeserver.url).register() for _ in range(4)]
        self.room = self.users[0].create_room(preset="public_chat")
        for user in self.users[1:]:
            user.call("POST", f"join/{self.room}", {})
        self._since = self.users[0].sync()["next_batch"]
        self._tokens = world.folder / "tokens"
        self._tokens.write_text("\n".join(user.token for user in self.users) + "\n")
        self.homeserver_is()

    def homeserver_is(self, *faults):
        """Faults as of DemoHomeserver.fault, the first that fits; all else is slow as usual."""
        self._world.homeserver.fault(path="/_matrix/", count=0)
        usual = {"path": "/_matrix/", "count": ANY, "delay_ms": self.homeserver_ms}
        for fault in (*faults, usual):
            self._world.homeserver.fault(**fault)

    def _keep(self, part):
        self._parts.append(part)
        return part

    def _program(self, *arguments):
        self._count += 1
        bin_dir, folder = self._world.bin_dir, self._world.folder
        return self._keep(
            Process(f"client-{self._count}", [bin_dir / "lowband", *arguments], folder)
        )

    def sessions(self, count, port=None, seconds=3600):
        """What phones do, mostly: ask for news, send, look around."""
        room = f"{_API}/rooms/{self.room}"
        only_news = urllib.parse.quote('{"room":{"timeline":{"limit":1}}}')
        operations = [
            f"12*GET {_API}/sync?timeout=0&since={self._since}&filter={only_news}",
            f"8*PUT {room}/send/m.room.message/{{run}}{{n}} "
            '{"msgtype":"m.text","body":"It is a quarter past, I am on my way."}',
            f'8*PUT {room}/typing/@a:demo.localhost {{"typing":true,"timeout":30000}}',
            f"4*POST {room}/receipt/m.read/$e{{n}} {{}}",
            f"1*GET {room}/messages?dir=b&limit=10",
            f"1*GET {room}/members",
            "1*GET /_matrix/client/versions",
        ]
        flags = [word for operation in operations for word in ("--operation", operation)]
        return self._program(
            "load", "-k", "--sessions", str(count), "--seconds", str(seconds),
            "--token", f"@{self._tokens}", *flags, f"coaps://127.0.0.1:{port or self._world.port}",
        )  # fmt: skip

    def newcomers(self, count):
        """Handshakes, and nothing else."""
        return self._program(
            "load", "-k", "--operation", "handshake", "--requests", str(count), "--sessions", "4",
            f"coaps://127.0.0.1:{self._world.port}",
        )  # fmt: skip

    def observer(self, user, port=None):
        return self._program(
            "sync", "-k", "--token", user.token, "--keepalive", "5",
            f"coaps://127.0.0.1:{port or self._world.port}",
        )  # fmt: skip

    def relay(self, weather):
        return self._keep(Relay(self._world.port, weather))

    def http(self, pause=0.1, wait_ms=200):
        """A browser that waits for news, in vain, and looks something up in between."""
        user = Client(self._world.homeserver.url).register()
        news = f"{_API}/sync?timeout={wait_ms}&since={user.sync()['next_batch']}"
        session = requests.Session()
        session.trust_env = False  # whose certificates would win over ours
        session.verify = str(self._world.certificate.authority)
        session.headers["Authorization"] = f"Bearer {user.token}"

        def turn():
            for path in (news, "/_matrix/client/versions", f"{_API}/nowhere"):
                session.get(self._world.public + path, timeout=30)

        return self._keep(Repeated(turn, pause))

    def mischief(self, pause=0.3, tricks=range(7)):
        """What clients do wrong, one thing after the other: which, in the order below."""
        world, request = self._world, [self._world.bin_dir / "lowband", "request"]
        url = f"https://{world.address}"

        def ask(*arguments):
            run([*request, *arguments], 30)

        known = [
            lambda: ask("-k", "--cbor", "-X", "POST", "-d", "\x7f no CBOR", f"{url}{_API}/login"),
            lambda: ask("-k", f"{url}{_API}/nowhere"),
            lambda: ask("-k", "--token", "wrong", f"{url}{_API}/sync"),
            lambda: ask("-m", "2", f"{url}/_matrix/client/versions"),  # trusts no such certificate
            lambda: raw_udp(world.port, random.randbytes(90)),
            # A record of a session that nobody has: type 25, DTLS 1.2 with a Connection ID.
            lambda: raw_udp(world.port, b"\x19\xfe\xfd" + bytes(8) + random.randbytes(60)),
            lambda: raw_tcp(world.port),
        ]

        def turn():
            known[random.choice(tricks)]()

        return self._keep(Repeated(turn, pause))

    def stop(self):
        for part in reversed(self._parts):
            part.stop()
        self._parts = []


def raw_udp(port, data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        endpoint.sendto(data, ("127.0.0.1", port))


def raw_tcp(port):
    """Plain HTTP where TLS is spoken."""
    raw_exchange(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 5)


class Repeated:
    """Calls a function again and again, in a thread of its own. What a client meets while we break
    the server on purpose is no failure of the test."""

    def __init__(self, function, pause):
        self._stopping = threading.Event()
        self._function, self._pause = function, pause
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopping.is_set():
            try:
                self._function()
            except (requests.RequestException, OSError):
                pass
            # No two alike, or they would all be at it at once.
            self._stopping.wait(self._pause * random.uniform(0.5, 1.5))

    def stop(self):
        self._stopping.set()
        self._thread.join(30)
