"""Whoever collects the log may stop reading it. That costs lines of the log and nothing else."""

import fcntl
import os
import signal
import subprocess

import requests
from harness.fleet import scrape
from harness.gateway import ENVIRONMENT
from harness.process import free_port, run
from harness.waiting import settle, wait_until

PIPE_BYTES = 4096
REQUESTS = 30  # each leaves a line, as long as there is room for one


def test_a_reader_that_stops_holds_up_nothing(bin_dir, proxy_program, certificate):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    port, edge, translator = free_port(), *(f"127.0.0.1:{free_port()}" for _ in range(2))
    # With the homeserver away each request leaves a line.
    nobody = f"http://127.0.0.1:{free_port()}"
    gateway = subprocess.Popen(
        [proxy_program, "--local", nobody, "--tls-cert", certificate.cert,
         "--tls-key", certificate.key, "--dtls-bind-addr", f"127.0.0.1:{port}",
         "--edge-admin-addr", edge, "--translator-admin-addr", translator],
        stderr=writer, env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip
    try:
        wait_until_ready(f"http://{edge}")
        for _ in range(REQUESTS):
            done = run(
                [bin_dir / "lowband", "request", "-k",
                 f"coaps://127.0.0.1:{port}/_matrix/client/versions"], seconds=20,
            )  # fmt: skip
            assert b"M_" in done.stdout + done.stderr, done
            settle(0.05, "a second has ten such lines at most")
        assert scrape(f"http://{edge}")["log_lines_dropped_total"] == 0  # a mebibyte has room
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(timeout=25) == 0
        assert "stopped" not in unread(reader), "the pipe was never full: this showed nothing"
    finally:
        gateway.kill()
        gateway.wait()
        os.close(writer)
        os.close(reader)


def wait_until_ready(admin):
    def is_ready():
        try:
            return requests.get(f"{admin}/readyz", timeout=2).ok
        except requests.RequestException:
            return False

    wait_until(is_ready, 20, "the gateway is ready")


def unread(reader):
    os.set_blocking(reader, False)
    return os.read(reader, 1 << 20).decode()
