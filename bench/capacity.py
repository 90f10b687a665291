#!/usr/bin/env python3
"""Measures what one edge and one translator need for each thing that clients do: processor time a
request and a handshake, memory a session and a waiting poll. docs/scaling.md says what to make of
it. Called by scripts/bench --capacity. No pass or fail."""

import argparse
import http.client
import json
import os
import pathlib
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from compare import Program, _free_udp_port, make_certificate

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
API = "/_matrix/client/r0"


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def open_files(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def _free_port():
    """Free for UDP and TCP."""
    while True:
        port = _free_udp_port()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Pair:
    """One edge with one worker and one translator, each a process of its own."""

    def __init__(self, bin_dir, homeserver, certificate, scheme="http"):
        self._bin_dir = bin_dir
        self.port, grpc = _free_port(), _free_port()
        cert, key = certificate
        common = ("--admin-addr", "off")
        self.translator = Program(
            bin_dir / "lowband-translator", "--listen", f"127.0.0.1:{grpc}", "--local", homeserver,
            "--upstream-max-active", "60000",
            "--upstream-max-polls", "60000",  # all clients of the load generator have one token
            *common,
        )  # fmt: skip
        self.edge = Program(
            bin_dir / "lowband-edge", "--dtls-bind-addr", f"127.0.0.1:{self.port}",
            "--workers", "1", "--advertise", f"{scheme}://127.0.0.1:{self.port}",
            "--tls-cert", cert, "--tls-key", key,
            "--translator", f"dns:///127.0.0.1:{grpc}", *common,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.load("--operation", "versions", "--requests", "1")["failed"] == 0:
                    return
            except subprocess.CalledProcessError:
                time.sleep(0.2)
        sys.exit("error: edge and translator did not start")

    def waiting_load(self, token, target, *flags):
        """The load generator in the background; its sessions last as long as it runs."""
        return subprocess.Popen(
            [self._bin_dir / "lowband", "load", "-k", "--connecting", "64", "--token", token,
             "--operation", f"GET {target}", *flags, f"coaps://127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def pids(self):
        return [self.edge.pids()[0], self.translator.pids()[0]]

    def load(self, *flags):
        done = subprocess.run(
            [self._bin_dir / "lowband", "load", "-k", "--json", *flags,
             f"coaps://127.0.0.1:{self.port}"],
            capture_output=True, text=True, timeout=300, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def cpu_each(self, count, action):
        """Microseconds of edge and translator for each of `count` units of work by `action`."""
        before = [cpu_seconds(pid) for pid in self.pids()]
        action()
        return [(cpu_seconds(pid) - old) * 1e6 / count for pid, old in zip(self.pids(), before)]

    def stop(self):
        self.edge.stop()
        self.translator.stop()


def http_requests(port, count, threads=4):
    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(count // threads):
            connection.request("GET", "/_matrix/client/versions")
            connection.getresponse().read()

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def row(title, runs, unit):
    edge, translator = (statistics.median(values) for values in zip(*runs))
    print(f"  {title:44}{edge:10.1f}{translator:12.1f}  {unit}", flush=True)


def measure_cpu(pair, runs, scale):
    handshakes, requests = round(2000 * scale), round(20000 * scale)

    def repeat(title, count, action):
        row(title, [pair.cpu_each(count, action) for _ in range(runs)], "µs of CPU each")

    def shake(*flags):
        return lambda: pair.load(
            "--operation", "handshake", "--sessions", "16", "--requests", str(handshakes), *flags,
        )  # fmt: skip

    def ask(operation, sessions):
        return lambda: pair.load(
            "--operation", operation, "--sessions", str(sessions), "--requests", str(requests),
        )  # fmt: skip

    repeat("full handshake", handshakes, shake())
    repeat("handshake with a ticket", handshakes, shake("--resume"))
    for operation in ("versions", "send", "sync"):
        repeat(f"{operation}, busy: 64 under way", requests, ask(operation, 64))
        repeat(f"{operation}, idle: 1 under way", requests, ask(operation, 1))
    count = round(8000 * scale)
    repeat("versions over HTTP", count, lambda: http_requests(pair.port, count))


class Waiting:
    """Memory and descriptors that `count` clients waiting in /sync add to either process."""

    def __init__(self, pair, count):
        self._pair, self._count = pair, count
        self._before = self._read()

    def _read(self):
        return [(resident_bytes(pid), open_files(pid)) for pid in self._pair.pids()]

    def print(self, title):
        now = self._read()
        both = list(zip(now, self._before))
        row(title, [[(new[0] - old[0]) / self._count / 1024 for new, old in both]], "KiB each")
        row("", [[(new[1] - old[1]) / self._count for new, old in both]], "descriptors each")


def register(homeserver):
    body = json.dumps({"username": "u", "password": "p", "auth": {"type": "m.login.dummy"}})
    url, kind = f"{homeserver}{API}/register", {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body.encode(), kind)
    token = json.load(urllib.request.urlopen(request))["access_token"]
    request = urllib.request.Request(
        f"{homeserver}{API}/sync", headers={"Authorization": f"Bearer {token}"})  # fmt: skip
    return token, json.load(urllib.request.urlopen(request))["next_batch"]


def settle(pid):
    """Waits until a process has begun to work and has become idle."""
    began, used, idle = cpu_seconds(pid), cpu_seconds(pid), 0
    while idle < 20:
        time.sleep(0.1)
        now = cpu_seconds(pid)
        idle = idle + 1 if now > began and now - used <= 1 / TICKS else 0
        used = now


def measure_memory(start, homeserver, sessions, polls):
    token, since = register(homeserver)
    sync = f"{API}/sync?timeout=60000&since={since}"

    def coap(title, asking):
        """`sessions` sessions, of which `asking` have a poll under way."""
        pair = start(homeserver)
        waiting = Waiting(pair, sessions)
        load = pair.waiting_load(
            token, sync, "--sessions", str(sessions), "--requests", str(asking))  # fmt: skip
        settle(pair.pids()[0])
        waiting.print(title)
        load.kill()
        load.wait()
        pair.stop()

    coap(f"CoAP session that waits for nothing ({sessions})", 1)
    coap(f"CoAP session in a long poll ({sessions})", sessions)

    head = f"GET {sync} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    for scheme in ("http", "https"):
        pair = start(homeserver, scheme)
        waiting = Waiting(pair, polls)
        connections = []
        for _ in range(polls):
            connection = socket.create_connection(("127.0.0.1", pair.port))
            if scheme == "https":
                connection = trusting.wrap_socket(connection)
            connection.sendall(head)
            connections.append(connection)
        settle(pair.pids()[0])
        waiting.print(f"{scheme.upper()} connection in a long poll ({polls})")
        pair.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="of the number of requests")
    options = parser.parse_args()
    started = []
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(pathlib.Path(folder))

        def run(name, *flags):
            started.append(Program(options.bin_dir / name, *flags, read_line=True))
            return f"http://{started[-1].line.split()[-1]}"

        def start(homeserver, scheme="http"):
            started.append(Pair(options.bin_dir, homeserver, certificate, scheme))
            return started[-1]

        try:
            print(f"medians of {options.runs} runs, {os.cpu_count()} processors shared by all")
            print(f"  {'':44}{'edge':>10}{'translator':>12}")
            measure_cpu(start(run("canned-homeserver")), options.runs, options.scale)
            polls = round(1000 * options.scale)
            demo = run("demo-homeserver", "--listen", "127.0.0.1:0", "--threads", str(6 * polls))
            measure_memory(start, demo, 2 * polls, polls)
        finally:
            for program in reversed(started):
                program.stop()


if __name__ == "__main__":
    main()
