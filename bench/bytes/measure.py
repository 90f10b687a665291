#!/usr/bin/env python3
"""Counts the bytes of a Matrix client's operations over HTTP/1.1, HTTP/2 and Lowband, by the
kernel's counters, against one Synapse; and the sizes of recorded bodies. Called by
scripts/bench --bytes; docs/bytes.md says what the figures mean. No pass or fail."""

import argparse
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import documents
import exchange
import plot
import report
from bodies import weigh_all
from catalogue import NAMES
from content import compact
from network import network
from operations import TEXT, Measurement, columns
from stacks import Servers
from world import World

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "bytes.md"
PICTURE = ROOT / "docs" / "pictures" / "bytes.svg"
FORMATS = [60, 11060, 65079]  # application/cbor; the same with deflate; packed


def capture(net, servers, session):
    """The dump of one sent message, in a session that has made a request before."""
    me = session.me
    path = f"/_matrix/client/r0/rooms/{session.plain.id}/send/m.room.message/m1795.7"
    lines = "GET /_matrix/client/r0/account/whoami\n"
    lines += f"PUT {path} {compact(TEXT).decode()}\n"
    command = servers.request(FORMATS[0], me.token)
    command[2:2] = ["-v", "--dump"]
    done = subprocess.run(net.inside(*command), input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"error: {done.args}: {done.stderr}")
    # The last request and its answer.
    return done.stderr[done.stderr.rindex("\n> ", 0, done.stderr.rindex("\n< ")) + 1 :]


def measure_operations(options, net, servers, session):
    measured = {
        client.name: Measurement(session, net, client, options.runs)
        for client in columns(servers, session.me.token, FORMATS)
    }
    for phase in Measurement.PHASES:
        began = time.monotonic()
        for one in measured.values():
            one.run(phase)
        print(f"{phase.strip('_')}: {time.monotonic() - began:.0f} s", flush=True)
    return {name: one.figures for name, one in measured.items()}


def run(options):
    with tempfile.TemporaryDirectory() as name, network() as net:
        folder = pathlib.Path(name)
        recorded = options.documents or folder / "documents"
        shutil.rmtree(recorded, ignore_errors=True)
        recorded.mkdir(parents=True)
        print("filling a Synapse", flush=True)
        world = World(folder, options.seed, **documents.size_arguments(options.quick))
        servers = None
        try:
            servers = Servers(folder, options.bin_dir, world.url, net.server)
            session = documents.Session(world, recorded)
            figures = measure_operations(options, net, servers, session)
            dump = capture(net, servers, session)
            session.record()
        finally:
            if servers:
                servers.stop()
            world.stop()
        bodies = weigh_all(options.bin_dir, recorded, FORMATS)
    return figures, bodies, dump


def sections(figures, bodies, dump):
    return {
        "operations": report.operations_table(figures),
        "above": report.above_text(figures),
        "day": report.day_table(figures),
        "exchange": exchange.explain_all(dump),
        "bodies": report.bodies_table(bodies),
        "bodies above": report.bodies_text(bodies),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--documents", type=pathlib.Path, help="keep the recorded bodies here")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a small world; writes no files")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    texts = {}
    figures, bodies, dump = run(options)
    texts = sections(figures, bodies, dump)
    for name, text in texts.items():
        print(f"\n## {name}\n\n{text}", flush=True)
    if options.quick:
        return
    report.put(PAGE, texts)
    PICTURE.write_text(plot.draw(figures, NAMES))
    print(f"\nwritten: {PAGE}, {PICTURE}")


if __name__ == "__main__":
    main()
