"""A network of its own for the clients: a namespace behind a pair of virtual interfaces, in which
the kernel counts all bytes with their IP headers."""

import contextlib
import json
import os
import subprocess
import time

COUNTERS = """
table ip bytes {{
  counter up {{}}
  counter down {{}}
  chain output {{ type filter hook output priority 0; oifname "{inside}" counter name up; }}
  chain input {{ type filter hook input priority 0; iifname "{inside}" counter name down; }}
}}
"""
# An acknowledgement may come this long after the answer: TCP's delayed ones take up to 200 ms.
QUIET_SECONDS = 0.35


def _run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, **options
    )
    if done.returncode != 0:
        raise SystemExit(f"error: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


class Network:
    """Servers listen at `server`; programs run by inside() are the clients. Needs root."""

    def __init__(self):
        if os.geteuid() != 0:
            raise SystemExit("error: network namespaces need root; run scripts/bench as root")
        number = os.getpid() % 16_000
        self.name = f"lowband-bytes-{number}"
        outside, self._inside = f"lbo{number}", f"lbi{number}"
        base = f"10.231.{number // 64}.{number % 64 * 4}".rsplit(".", 1)
        self.server = f"{base[0]}.{int(base[1]) + 1}"
        client = f"{base[0]}.{int(base[1]) + 2}"
        _run("ip", "netns", "add", self.name)
        try:
            _run("ip", "link", "add", outside, "type", "veth",
                 "peer", "name", self._inside, "netns", self.name)  # fmt: skip
            _run("ip", "addr", "add", f"{self.server}/30", "dev", outside)
            _run("ip", "-n", self.name, "addr", "add", f"{client}/30", "dev", self._inside)
            # One packet is one packet: no offload joins segments before they are counted.
            _run("ip", "link", "set", outside, "gso_max_segs", "1", "up")
            _run("ip", "-n", self.name, "link", "set", self._inside, "gso_max_segs", "1", "up")
            rules = COUNTERS.format(inside=self._inside)
            _run(*self.inside("nft", "-f", "-"), input=rules)
        except BaseException:
            self.close()
            raise

    def close(self):
        # The interfaces go with it.
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)

    def inside(self, *command):
        """The command that runs `command` in the namespace."""
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def counters(self):
        """(bytes up, bytes down, packets of both) so far."""
        text = _run(*self.inside("nft", "-j", "list", "counters"))
        found = {
            one["counter"]["name"]: one["counter"]
            for one in json.loads(text)["nftables"]
            if "counter" in one
        }
        up, down = found["up"], found["down"]
        return up["bytes"], down["bytes"], up["packets"] + down["packets"]

    def settle(self):
        """Waits until nothing has been sent for a while; the counters then."""
        before = self.counters()
        while True:
            time.sleep(QUIET_SECONDS)
            now = self.counters()
            if now == before:
                return now
            before = now

    def measure(self, action):
        """(bytes up, bytes down, packets) of `action` and what follows at once."""
        before = self.settle()
        action()
        return tuple(now - then for now, then in zip(self.settle(), before))


@contextlib.contextmanager
def network():
    one = Network()
    try:
        yield one
    finally:
        one.close()
