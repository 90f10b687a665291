"""`lowband sync` as a background process."""

import json
import re
import signal
import subprocess
import time

from harness.waiting import holds_within


class Follower:
    """`lowband sync` of one user; its lines come as they are printed. `address`: a relay's, say."""

    def __init__(self, bin_dir, gateway, user, folder, *flags, keepalive=5, address=None):
        self.out = folder / f"sync-{time.monotonic_ns()}.out"
        self.err = self.out.with_suffix(".err")
        command = [
            bin_dir / "lowband", "sync", "--cacert", gateway.certificate.cert,
            "--token", user.token, "--keepalive", keepalive, *flags,
            f"coaps://{address or gateway.address}",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            list(map(str, command)), stdout=self.out.open("wb"), stderr=self.err.open("wb")
        )

    def texts(self):
        """The bodies of the messages printed so far."""
        return re.findall(r" m\.room\.message (.*)", self.out.read_text())

    def events(self):
        """All events printed so far, with --json."""
        return [json.loads(line) for line in self.out.read_text().splitlines(keepends=True)
                if line.endswith("\n")]  # fmt: skip

    def wait_for(self, count, seconds=60):
        holds_within(seconds, lambda: len(self.texts()) >= count or not self._runs())
        return self.texts()

    def wait_for_first_batch(self):
        holds_within(30, lambda: self.out.read_text() or not self._runs())
        return self

    def _runs(self):
        assert self.process.poll() is None, self.err.read_text()
        return True

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        return self.err.read_text()
