#!/usr/bin/env python3
"""Runs lb-proxy of matrix-org/lb and Lowband in turn behind the same client and the same canned
homeserver, and prints what each took, side by side. Called by scripts/bench; see docs/benchmarks.md
for what the figures mean. No pass or fail."""

import argparse
import dataclasses
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

RUN_LIMIT = 600  # seconds that one run of the load generator may take


@dataclasses.dataclass
class Work:
    """One kind of work, repeated."""

    name: str
    operation: str  # of `lowband load`
    sessions: int
    requests: int  # in all, of a run


WORKS = [
    Work("GET versions, 32 clients", "versions", 32, 20_000),
    Work("PUT send, 32 clients", "send", 32, 20_000),
    Work("GET sync, one message, 32 clients", "sync", 32, 20_000),
    Work("PUT send, 1 client", "send", 1, 5_000),
    Work("GET members, 50 (16 KB), 1 client", "members", 1, 500),
    Work("GET messages, 63 KB, 1 client", "messages", 1, 200),
    Work("GET messages, 63 KB, 8 clients", "messages", 8, 800),
]
HANDSHAKES = 500
HANDSHAKES_AT_A_TIME = 16


class Program:
    """A child that dies with us; its output is dropped but for the first line, if wanted."""

    def __init__(self, *command, read_line=False, environment=None):
        self._popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if read_line else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # All clients have one address, whose handshakes would otherwise be limited.
            env={**os.environ, "LOWBAND_HANDSHAKE_RATE": "0", **(environment or {})},
            text=True,
            start_new_session=True,
        )
        self.line = self._popen.stdout.readline() if read_line else ""

    def pids(self):
        """The program and its direct children, which do a launcher's work."""
        own = self._popen.pid
        found = [own]
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and _parent(entry.name) == own:
                found.append(int(entry.name))
        return found

    def alive(self):
        return self._popen.poll() is None

    def stop(self):
        if self.alive():
            self._popen.terminate()
        try:
            self._popen.wait(15)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self._popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _parent(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(text[text.rindex(")") + 2 :].split()[1])


def _free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    """One of the two programs; both have the same flags."""

    def __init__(self, name, program, homeserver, certificate, load):
        self.name = name
        self._load = load
        self.port = _free_udp_port()
        cert, key = certificate
        self.program = Program(
            program, "-local", homeserver, "--tls-cert", cert, "--tls-key", key,
            "--dtls-bind-addr", f"127.0.0.1:{self.port}",
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while self._try_versions() is None:
            if time.monotonic() > deadline or not self.program.alive():
                sys.exit(f"error: {name} ({program}) did not start")
            time.sleep(0.2)

    def _try_versions(self):
        if not _udp_port_is_bound(self.port):
            return None
        return self.run("versions", 1, 1, check=False)

    def run(self, operation, sessions, requests, check=True):
        """The figures of one run of the load generator; None if it failed."""
        warm_up = [] if operation == "handshake" else ["--warm-up", str(requests // 10)]
        with tempfile.NamedTemporaryFile("r") as figures:
            pids = ",".join(map(str, self.program.pids()))
            done = subprocess.run(
                [self._load, "load", "-k", "--operation", operation, "--sessions", str(sessions),
                 "--requests", str(requests), *warm_up,
                 "--cpu-of", pids, "--stats-json", figures.name, f"coaps://127.0.0.1:{self.port}"],
                capture_output=True, text=True, timeout=RUN_LIMIT,
            )  # fmt: skip
            if done.returncode != 0:
                if check:
                    sys.exit(f"error: load against {self.name}: {done.stderr.strip()}")
                return None
            return json.load(figures)


def _udp_port_is_bound(port):
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            if int(line.split()[1].rsplit(":", 1)[1], 16) == port:
                return True
    return False


def measure(gateway, work, scale):
    """One run: {figure: value}."""
    requests = max(work.sessions * 4, round(work.requests * scale))
    result = gateway.run(work.operation, work.sessions, requests)
    return {
        "requests/s": result["requests_per_second"],
        "CPU, µs a request": result["server"]["cpu_us_each"],
        "p50, ms": result["latency_ms"]["p50"],
        "p99, ms": result["latency_ms"]["p99"],
        "bytes on the wire": result["wire_bytes_each"],
        "datagrams": result["datagrams_each"],
        "failed": result["failed"],
    }


def measure_handshakes(gateway, scale):
    count = max(32, round(HANDSHAKES * scale))
    result = gateway.run("handshake", HANDSHAKES_AT_A_TIME, count)
    return {
        "handshakes/s": result["handshakes"]["per_second"],
        "CPU, µs a handshake": result["server"]["cpu_us_each"],
        "bytes on the wire": result["wire_bytes_each"],
        "failed": result["handshakes"]["failed"],
    }


# Figures for which more is better.
RATES = {"requests/s", "handshakes/s"}


def print_work(title, names, runs):
    """`runs`: {gateway: [figures of each run]}."""
    print(f"\n{title}")
    for figure in runs[names[0]][0]:
        medians = [statistics.median(run[figure] for run in runs[name]) for name in names]
        if figure == "failed":
            if not any(medians):
                continue
        cells = "".join(f"{_short(value):>14}" for value in medians)
        ratio = ""
        if len(medians) == 2 and all(medians):
            better = medians[1] / medians[0] if figure in RATES else medians[0] / medians[1]
            ratio = f"{better:10.2f} x"
        print(f"  {figure:26}{cells}{ratio}", flush=True)


def _short(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def make_certificate(folder):
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--reference", type=pathlib.Path, help="the Go program lb-proxy")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="of the number of requests")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            compare(options, pathlib.Path(folder), started)
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            for program in started:
                program.stop()


def compare(options, folder, started):
    certificate = make_certificate(folder)
    canned = Program(options.bin_dir / "canned-homeserver", read_line=True)
    started.append(canned)
    homeserver = f"http://{canned.line.split()[-1]}"
    programs = {"Lowband": options.bin_dir / "lb-proxy"}
    if options.reference:
        programs = {"lb-proxy (Go)": options.reference, **programs}
    gateways = []
    for name, program in programs.items():
        load = options.bin_dir / "lowband"
        gateways.append(Gateway(name, program, homeserver, certificate, load))
        started.append(gateways[-1].program)
    names = list(programs)
    print(f"medians of {options.runs} runs in turn, {os.cpu_count()} processors shared by all")
    heading = "".join(f"{name:>14}" for name in names)
    print(" " * 28 + heading + ("   better by" if len(names) > 1 else ""))

    def in_turn(action):
        runs = {name: [] for name in names}
        for _ in range(options.runs):
            for gateway in gateways:
                runs[gateway.name].append(action(gateway))
        return runs

    title = f"full handshake, {HANDSHAKES_AT_A_TIME} at a time"
    print_work(title, names, in_turn(lambda g: measure_handshakes(g, options.scale)))
    for work in WORKS:
        print_work(work.name, names, in_turn(lambda g, w=work: measure(g, w, options.scale)))


if __name__ == "__main__":
    main()
