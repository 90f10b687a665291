"""Load that goes on until it is told to stop, and counts what came of every request."""

import asyncio
import collections
import concurrent.futures
import itertools
import json
import threading

from harness.matrix import Client
from harness.process import run

POLL_MS = 3000  # how long the homeserver holds a sync without news
THINK_MS = 120  # how long it takes for anything else


class CoapLoad(threading.Thread):
    """`lowband load` again and again, each time for `seconds` with new sessions: so many for each
    token."""

    def __init__(self, bin_dir, address, tokens, operations, sessions, seconds=8):
        super().__init__(daemon=True)
        flags = tuple(itertools.chain.from_iterable(("--operation", one) for one in operations))
        self._commands = [
            [bin_dir / "lowband", "load", "-k", "--json", "--token", token, "--sessions", sessions,
             "--seconds", seconds, *flags, f"coaps://{address}"]
            for token in tokens
        ]  # fmt: skip
        self._limit = seconds + 100
        self._stopping = threading.Event()
        self.outcomes = collections.Counter()
        self.handshakes_failed, self.slowest_ms, self.retransmissions = 0, 0, 0
        self.error = None
        self.start()

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(len(self._commands)) as pool:
            while not self._stopping.is_set():
                for done in pool.map(lambda command: run(command, self._limit), self._commands):
                    if done.returncode != 0:
                        self.error = done.stderr.decode()
                        return
                    self._add(json.loads(done.stdout))

    def _add(self, figures):
        self.outcomes.update(figures["outcomes"])
        self.handshakes_failed += figures["handshakes"]["failed"]
        self.slowest_ms = max(self.slowest_ms, figures["latency_ms"]["max"])
        self.retransmissions += figures["traffic"]["retransmissions"]

    def stop(self):
        """Waits for the last answers."""
        self._stopping.set()
        self.join(self._limit)
        assert not self.is_alive() and self.error is None, self.error
        return self


class HttpLoad(threading.Thread):
    """Kept-alive connections of plain HTTP/1.1, each with one request under way. `requests` are
    (method, target, body) in turn; {n} in a target is a number of its own."""

    def __init__(self, address, token, requests, connections, pause=0):
        super().__init__(daemon=True)
        self._host, self._port = address.rsplit(":", 1)
        self._token, self._requests, self._connections = token, requests, connections
        self._pause = pause
        self._number = itertools.count()
        self._stopping = threading.Event()
        self.outcomes = collections.Counter()
        self.posts_asked, self.posts_answered = 0, 0
        self.start()

    def run(self):
        asyncio.run(self._all())

    async def _all(self):
        await asyncio.gather(*(self._one(turn) for turn in range(self._connections)))

    async def _one(self, turn):
        reader = writer = None
        while not self._stopping.is_set():
            method, target, body = self._requests[turn % len(self._requests)]
            turn += 1
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(self._host, self._port)
                writer.write(self._message(method, target, body))
                status, keep = await asyncio.wait_for(_read_answer(reader), 60)
                outcome = str(status)
            except (OSError, EOFError, asyncio.TimeoutError) as error:
                outcome, keep = type(error).__name__, False
            self.outcomes[outcome if outcome == "200" else f"{outcome} {method}"] += 1
            if method == "POST":
                self.posts_asked += 1
                self.posts_answered += outcome == "200"
            if not keep and writer is not None:
                writer.close()
                writer = None
            await asyncio.sleep(self._pause)
        if writer is not None:
            writer.close()

    def _message(self, method, target, body):
        target = target.replace("{n}", str(next(self._number)))
        length = f"Content-Length: {len(body)}\r\n" if method != "GET" else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {self._token}\r\n"
        return f"{head}{length}\r\n{body}".encode()

    def stop(self):
        self._stopping.set()
        self.join(100)
        assert not self.is_alive(), "a request never got an answer"
        return self


async def _read_answer(reader):
    """(status, whether the connection can be used again)."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    lines = head.split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    await reader.readexactly(int(fields["content-length"]))
    return int(lines[0].split()[1]), fields.get("connection") != "close"


class MixedLoad:
    """Ordinary requests and long polls, over CoAP and over HTTP. Of several users: one has no more
    than 64 polls, as which requests count too that hang."""

    def __init__(self, bin_dir, homeserver, fleet):
        user, poster, *pollers = (Client(homeserver.url).register() for _ in range(5))
        since = user.sync()["next_batch"]
        for path in ("whoami", "typing", "keys/query", "read_markers"):
            homeserver.fault(path=path, count=10**9, delay_ms=THINK_MS)
        api, room = "/_matrix/client/r0", "!r:localhost"
        sync = f"{api}/sync?timeout={POLL_MS}&since={since}"
        self._homeserver = homeserver

        def coap(users, sessions, *operations):
            tokens = [one.token for one in users]
            return CoapLoad(bin_dir, fleet.address, tokens, operations, sessions)

        def http(connections, *requests):
            return HttpLoad(fleet.address, user.token, requests, connections)

        self.parts = {
            "CoAP GET, PUT": coap(
                [user], 32, f"2*GET {api}/account/whoami",
                f'PUT {api}/rooms/{room}/typing/{user.user} {{"typing":false}}'),
            "CoAP POST": coap([poster], 8, f"POST {api}/keys/query {{}}"),
            "CoAP polls": coap(pollers, 50, f"GET {sync}"),
            "HTTP": http(
                24, ("GET", f"{api}/account/whoami", ""),
                ("PUT", f"{api}/rooms/{room}/typing/{user.user}", '{"typing":false}'),
                ("POST", f"{api}/rooms/{room}/read_markers", "{}")),
            "HTTP polls": http(60, ("GET", sync, "")),
        }  # fmt: skip

    def stop(self):
        """{part: outcomes}; every request has had its answer."""
        parallel(*(part.stop for part in self.parts.values()))
        print()
        for name, part in self.parts.items():
            slowest = f", slowest {part.slowest_ms:.0f} ms" if name.startswith("CoAP") else ""
            print(f"  {name:16}{dict(part.outcomes)}{slowest}")
        return self.parts

    def assert_nothing_failed(self):
        for name, part in self.stop().items():
            good = part.outcomes["2.05"] + part.outcomes["2.04"] + part.outcomes["200"]
            assert good == part.outcomes.total(), f"{name}: {part.outcomes}"
            assert getattr(part, "handshakes_failed", 0) == 0, name
        self.assert_no_post_twice()

    def assert_no_post_twice(self):
        """Each was executed once if its client was told so, and at most once if not."""
        executed = self._homeserver.stats()["requests"]
        coap, http = self.parts["CoAP POST"].outcomes, self.parts["HTTP"]
        for name, good, asked in (
            ("POST keys/query", coap["2.05"], coap.total()),
            ("POST rooms/{}/read_markers", http.posts_answered, http.posts_asked),
        ):
            assert good <= executed[name] <= asked, f"{name}: {executed[name]}, told {good}"


def parallel(*actions):
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
