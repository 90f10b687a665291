#!/usr/bin/env python3
"""Handshakes on slow links and a body of 500 KB on lossy ones, in real time: lb-proxy of
matrix-org/lb beside Lowband, as tables of Markdown. Called by scripts/bench --links; see
docs/slow-links.md and docs/interop.md for what came of it. No pass or fail."""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import http.client
import http.server
import itertools
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import chains
from compare import Program, _free_udp_port, _udp_port_is_bound
from slow_link import Links, Weather

BODY_BYTES = 500_000
BODY_PATH = "/_matrix/client/r0/publicRooms"
SMALL_PATH = "/_matrix/client/r0/account/whoami"

RATES = (1200, 2400, 4800, 9600)  # bit/s
HANDSHAKE_ROUND_TRIP = 0.6  # seconds, besides the time of the bytes
HANDSHAKE_LIMIT = 180  # seconds; the deployed client gives up after 30
QUIET = 12  # seconds after which no flight is repeated any more: more than a timer of either side
QUIET_AT_MOST = 60  # seconds to wait for that

ROUND_TRIPS = (0.05, 0.3, 0.6)  # seconds
LOSSES = (0, 0.05, 0.1)
TRANSFER_LIMIT = 1800  # seconds for all attempts at one body
# Without a block for so long, no more will come: the deployed client waits for an acknowledgement
# for 36 s at most, and drops a partial body after 120 s.
STUCK = 240


class Homeserver(http.server.BaseHTTPRequestHandler):
    """A large body at BODY_PATH, a small one elsewhere."""

    protocol_version = "HTTP/1.1"
    # One string, so that both gateways make almost the same CBOR of it.
    large = json.dumps({"chunk": "x" * (BODY_BYTES - 7)}).encode()
    small = json.dumps({"user_id": "@a:matrix.example.org"}).encode()

    def do_GET(self):
        body = self.large if self.path.startswith(BODY_PATH) else self.small
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    @classmethod
    def start(cls):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), cls)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"


class OwnClient:
    """`lowband request`: each request is a process and a session."""

    def __init__(self, program, port):
        self._program, self._port = program, port
        self._running = None

    def ask(self, path):
        """The size of the answer; None if there is none."""
        self._running = subprocess.Popen(
            [self._program, "request", "-k", "-s", "--max-time", "86400",
             f"coaps://127.0.0.1:{self._port}{path}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        body, _ = self._running.communicate()
        return len(body) if self._running.returncode == 0 else None

    def stop(self):
        if self._running:
            self._running.kill()


class DeployedClient:
    """client-proxy of tests/e2e/gopeers: the phones' stack behind an HTTP port, one session. (That
    of matrix-org/lb is the same on the wire, but drops what takes longer than 5 minutes.)"""

    def __init__(self, program, port):
        self._port = _free_tcp_port()
        self._program = Program(
            program, "--http-bind-addr", f"127.0.0.1:{self._port}",
            "--homeserver", f"127.0.0.1:{port}", environment={"LB_INSECURE_SKIP_VERIFY": "1"},
        )  # fmt: skip
        _wait_until(lambda: _answers_tcp(self._port), "client-proxy did not start")

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}") as answer:
                return len(answer.read())
        except (OSError, urllib.error.HTTPError, http.client.HTTPException):
            return None

    def stop(self):
        self._program.stop()


def _wait_until(condition, otherwise, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def _free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers_tcp(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


@dataclasses.dataclass(frozen=True)
class Pair:
    """A client and a gateway, as a column of the tables."""

    name: str
    gateway: pathlib.Path
    client: type
    client_program: pathlib.Path


@dataclasses.dataclass
class Outcome:
    done: bool = False
    seconds: float = 0
    attempts: int = 0
    up: int = 0
    down: int = 0
    why: str = ""


class Stage:
    """The common parts of all measurements: a homeserver, the links, the certificates."""

    def __init__(self, folder):
        self._links = Links()
        self._homeserver = Homeserver.start()
        self.certificates = chains.make(folder)
        self._starting = threading.Lock()  # a free port stays free until it is taken
        self._running = set()

    def stop(self):
        """A copy of the running processes, safe to use from another thread."""
        for one in list(self._running):
            one.stop()

    def _until_the_end(self, stack, one):
        self._running.add(one)
        stack.callback(self._running.discard, one)
        stack.callback(one.stop)

    @contextlib.contextmanager
    def set(self, pair, certificate, weather, seed=1):
        """Client and link of a gateway of its own: (client, link)."""
        with contextlib.ExitStack() as stack:
            with self._starting:
                port = _free_udp_port()
                cert, key = self.certificates[certificate]
                gateway = Program(
                    pair.gateway, "-local", self._homeserver, "--tls-cert", cert,
                    "--tls-key", key, "--dtls-bind-addr", f"127.0.0.1:{port}",
                )  # fmt: skip
                self._until_the_end(stack, gateway)
                _wait_until(lambda: _udp_port_is_bound(port), f"{pair.gateway} did not start")
                link = self._links.open(port, weather, seed)
                stack.callback(self._links.close, link)
                client = pair.client(pair.client_program, link.port)
                self._until_the_end(stack, client)
            # A bound port is not yet readiness: ours must first find a translator. Neither uses the
            # link.
            time.sleep(2)
            yield client, link


def _in_thread(action, *arguments):
    """The future of a call whose result may be unused."""
    future = concurrent.futures.Future()

    def run():
        try:
            future.set_result(action(*arguments))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def handshake(stage, pair, certificate, rate):
    """From the first ClientHello to the client's first request; the bytes of all flights."""
    round_trip = HANDSHAKE_ROUND_TRIP if rate else 0
    with stage.set(pair, certificate, Weather(rate, round_trip)) as (client, link):
        asked = _in_thread(client.ask, SMALL_PATH)
        deadline = time.monotonic() + HANDSHAKE_LIMIT
        while not asked.done() and time.monotonic() < deadline:
            time.sleep(0.1)
        outcome = Outcome(done=link.first_data is not None, attempts=1)
        if outcome.done:
            outcome.seconds = link.first_data - link.began
            link.wait_until_quiet(QUIET if rate else 2, QUIET_AT_MOST)
        else:
            outcome.seconds = time.monotonic() - link.began
            outcome.why = "gave up" if asked.done() else "still trying"
        outcome.up, outcome.down = link.up.handshake, link.down.handshake
        return outcome


def transfer(stage, pair, weather, seed):
    """From the first datagram of the request to the whole body, failed attempts included."""
    with stage.set(pair, "P-256 leaf", weather, seed) as (client, link):
        outcome = Outcome()
        deadline = time.monotonic() + TRANSFER_LIMIT
        while not outcome.done and not outcome.why:
            outcome.attempts += 1
            asked = _in_thread(client.ask, BODY_PATH)
            began = time.monotonic()
            while not asked.done() and not outcome.why:
                time.sleep(0.05)
                if time.monotonic() > deadline:
                    outcome.why = "not whole"
                elif time.monotonic() > max(began, link.last_block or 0) + STUCK:
                    outcome.why = "stuck"
            if asked.done():
                outcome.done = (asked.result() or 0) >= BODY_BYTES
                if not outcome.done:
                    time.sleep(1)
        outcome.seconds = time.monotonic() - (link.first_data or link.began)
        outcome.up = link.up.handshake + link.up.data
        outcome.down = link.down.handshake + link.down.data
        return outcome


def in_parallel(count, jobs):
    """{key: [result of each run]} of [(key, function)], the first ones first."""
    results = {}
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        futures = {pool.submit(job): key for key, job in jobs}
        for finished, future in enumerate(concurrent.futures.as_completed(futures), 1):
            outcome = future.result()
            results.setdefault(futures[future], []).append(outcome)
            print(f"{finished} of {len(jobs)}: {futures[future]} {outcome}", file=sys.stderr)
    return results


def median(outcomes, value):
    """The median of the finished ones; None if most are not finished."""
    values = [value(one) for one in outcomes if one.done]
    return statistics.median(values) if 2 * len(values) > len(outcomes) else None


def handshake_table(stage, pairs, runs, parallel):
    jobs = []
    for rate, certificate, pair in itertools.product((0, *RATES), stage.certificates, pairs):
        for _ in range(1 if rate == 0 else runs):
            jobs.append(((rate, certificate, pair.name),
                         lambda r=rate, c=certificate, p=pair: handshake(stage, p, c, r)))
    results = in_parallel(parallel, jobs)
    print(f"\n| Link | Certificates | {' | '.join(pair.name for pair in pairs)} |")
    print("|---" * (2 + len(pairs)) + "|")
    for rate, certificate in itertools.product((0, *RATES), stage.certificates):
        cells = []
        for pair in pairs:
            outcomes = results[rate, certificate, pair.name]
            cells.append(_handshake_cell(outcomes, rate))
        link = f"{rate:,} bit/s" if rate else "fast"
        print(f"| {link} | {certificate} | {' | '.join(cells)} |")


def _handshake_cell(outcomes, rate):
    seconds = median(outcomes, lambda one: one.seconds)
    if seconds is None:
        return f"{outcomes[0].why} after {outcomes[0].seconds:.0f} s"
    up = median(outcomes, lambda one: one.up)
    down = median(outcomes, lambda one: one.down)
    return (f"{seconds:.1f} s, " if rate else "") + f"{up:.0f} B, {down:.0f} B"


def transfer_table(stage, pairs, runs, parallel):
    cells = list(itertools.product(ROUND_TRIPS, LOSSES))
    jobs = []
    # The longest first, and different links at once.
    for run, (trip, loss), pair in itertools.product(range(runs), reversed(cells), pairs):
        weather = Weather(0, trip, loss)
        jobs.append(((trip, loss, pair.name),
                     lambda w=weather, p=pair, r=run: transfer(stage, p, w, r + 1)))
    results = in_parallel(parallel, jobs)
    print(f"\n| Round trip | Loss each way | {' | '.join(pair.name for pair in pairs)} |")
    print("|---" * (2 + len(pairs)) + "|")
    for trip, loss in cells:
        row = [_transfer_cell(results[trip, loss, pair.name]) for pair in pairs]
        print(f"| {1000 * trip:.0f} ms | {100 * loss:.0f} % | {' | '.join(row)} |")


def _transfer_cell(outcomes):
    seconds = median(outcomes, lambda one: one.seconds)
    done = [one for one in outcomes if one.done]
    if seconds is None:
        least = min(one.seconds for one in outcomes if not one.done)
        text = f"{outcomes[0].why} ({len(done)} of {len(outcomes)} whole; {least:.0f} s)"
    else:
        sent = median(outcomes, lambda one: one.up + one.down)
        text = f"{seconds:.0f} s, {sent / 1000:.0f} KB"
        if len(done) < len(outcomes):
            text += f" ({len(done)} of {len(outcomes)} whole)"
    most = max(one.attempts for one in outcomes)
    return text + (f", up to {most} attempts" if most > 1 else "")


def pairs_of(options):
    deployed, own = [], []
    if options.reference:
        deployed.append(("lb-proxy", options.reference))
    for name, folder in (("before", options.before), ("Lowband", options.bin_dir)):
        if folder:
            gateway = folder / "lb-proxy"
            deployed.append((name, gateway))
            own.append(Pair(f"Our client, {name}", gateway, OwnClient, folder / "lowband"))
    return [
        *(Pair(f"Deployed client, {name}", gateway, DeployedClient, options.client_proxy)
          for name, gateway in deployed),
        *own,
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--reference", type=pathlib.Path, help="the Go program lb-proxy")
    parser.add_argument("--client-proxy", type=pathlib.Path, required=True,
                        help="the program, of tests/e2e/gopeers")  # fmt: skip
    parser.add_argument("--before", type=pathlib.Path,
                        help="as --bin-dir, of an earlier Lowband")  # fmt: skip
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parallel", type=int, default=90, help="links at a time")
    parser.add_argument("--only", choices=("handshakes", "transfers"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stage, pairs = Stage(pathlib.Path(folder)), pairs_of(options)

        def end(number, _):
            stage.stop()
            os._exit(128 + number)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        if options.only != "transfers":
            handshake_table(stage, pairs, options.runs, options.parallel)
        if options.only != "handshakes":
            transfer_table(stage, pairs, options.runs, options.parallel)


if __name__ == "__main__":
    main()
